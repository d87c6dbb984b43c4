/** What unshare(1) does, as the start of a process. Pure. */
import { constants } from 'node:os';
import {
  AT_FDCWD,
  CLONE_NEWPID,
  type IdRange,
  MS_NODEV,
  MS_NOEXEC,
  MS_NOSUID,
  MS_PRIVATE,
  MS_REC,
  MS_SHARED,
  MS_SLAVE,
  type NamespaceKind,
  O_CLOEXEC,
  O_WRONLY,
  type Recorder,
  type SpawnOptions,
  writeIdMaps,
} from '@ns-tool/syscalls';
import { UsageError } from '../errors.ts';
import { parseId, parseRange, withSingle } from './id-ranges.ts';

/** The options of unshare(1), as they were typed. */
export interface UnshareArguments {
  readonly mount?: boolean | undefined;
  readonly uts?: boolean | undefined;
  readonly ipc?: boolean | undefined;
  readonly net?: boolean | undefined;
  readonly pid?: boolean | undefined;
  readonly user?: boolean | undefined;
  readonly cgroup?: boolean | undefined;
  readonly fork?: boolean | undefined;
  readonly 'map-root-user'?: boolean | undefined;
  readonly 'map-current-user'?: boolean | undefined;
  readonly 'map-user'?: string | undefined;
  readonly 'map-group'?: string | undefined;
  readonly 'map-users'?: string | undefined;
  readonly 'map-groups'?: string | undefined;
  /** Empty for the default, as with `kill-child`. */
  readonly 'mount-proc'?: string | undefined;
  readonly propagation?: string | undefined;
  readonly setgroups?: string | undefined;
  readonly root?: string | undefined;
  readonly wd?: string | undefined;
  readonly setuid?: string | undefined;
  readonly setgid?: string | undefined;
  readonly 'kill-child'?: string | undefined;
}

/** Who asks: the IDs that an ordinary user may map. */
export interface Ids {
  readonly uid: number;
  readonly gid: number;
}

const KINDS = ['mount', 'uts', 'ipc', 'net', 'pid', 'user', 'cgroup'] as const satisfies readonly NamespaceKind[];

/** Flags of mount(2) by the values of `--propagation`; null leaves all as it is. */
const PROPAGATIONS: Readonly<Record<string, number | null>> = {
  private: MS_PRIVATE,
  shared: MS_SHARED,
  slave: MS_SLAVE,
  unchanged: null,
};

/**
 * How to start the command that unshare(1) would become with these options.
 *
 * unshare(1) calls unshare(2), and becomes the command itself; the command here is a child. The difference shows in the pid
 * namespace alone, which only children enter: without `--fork` the child calls unshare(2) for it, as unshare(1) does.
 *
 * @throws UsageError for a value that makes no sense, and for options that exclude each other.
 */
export function unshareOptions(args: UnshareArguments, own: Ids): SpawnOptions {
  const namespaces = impliedNamespaces(args);
  const forks = args.fork === true || args['kill-child'] !== undefined;
  const single = singleMaps(args, own);
  const uid = mapsOf('map-users', args['map-users'], single.uid);
  const gid = mapsOf('map-groups', args['map-groups'], single.gid);
  const fromOutside = {
    uid: args['map-users'] === undefined ? [] : uid,
    gid: args['map-groups'] === undefined ? [] : gid,
  };
  const byItself = {
    uid: args['map-users'] === undefined ? uid : [],
    gid: args['map-groups'] === undefined ? gid : [],
  };
  const setgroups = oneOf('setgroups', args.setgroups, ['allow', 'deny']);
  if (setgroups === 'allow' && byItself.gid.length > 0) {
    throw new UsageError(
      '--setgroups allow does not go with a map of the own group',
      'A process may map its own group only once setgroups(2) is denied: leave one of the two out.',
    );
  }
  const propagation = PROPAGATIONS[oneOf('propagation', args.propagation, Object.keys(PROPAGATIONS)) ?? 'private'];
  const groupId = args.setgid === undefined ? undefined : parseId('setgid', args.setgid);
  const userId = args.setuid === undefined ? undefined : parseId('setuid', args.setuid);

  return {
    namespaces: forks ? namespaces : namespaces.filter((kind) => kind !== 'pid'),
    ...(fromOutside.uid.length + fromOutside.gid.length > 0 && { idMaps: fromOutside }),
    setup(sys) {
      if (!forks && namespaces.includes('pid')) sys.unshare(CLONE_NEWPID);
      writeIdMaps(sys, 'self', byItself, byItself.gid.length > 0);
      if (setgroups !== undefined) writeSetgroups(sys, setgroups);
      if (namespaces.includes('mount') && propagation != null) sys.mount(null, '/', null, MS_REC | propagation, null);
      if (args.root !== undefined) sys.chroot(args.root);
      const directory = args.wd ?? (args.root === undefined ? undefined : '/');
      if (directory !== undefined) sys.chdir(directory);
      // A relative mount point is one of the new working directory's.
      if (args['mount-proc'] !== undefined) mountProc(sys, args['mount-proc'] || '/proc');
    },
    ...(groupId !== undefined && { groups: [], gid: groupId }),
    ...(userId !== undefined && { uid: userId }),
    // unshare(1) is the command itself, so that who kills the one kills the other: also here, with or without --kill-child.
    parentDeathSignal: parseSignal(args['kill-child'] || 'KILL'),
  };

  function mountProc(sys: Recorder, mountPoint: string): void {
    // A new proc on a shared mount would appear in its peers too. EINVAL: it is no mount, so there is nothing to change.
    if (args.root === undefined && propagation !== MS_PRIVATE) {
      sys.allowing('EINVAL').mount(null, mountPoint, null, MS_REC | MS_PRIVATE, null);
    }
    sys.mount('proc', mountPoint, 'proc', MS_NOSUID | MS_NODEV | MS_NOEXEC, null);
  }
}

/** The namespaces that are asked for, by themselves or with another option. */
export function impliedNamespaces(args: UnshareArguments): readonly NamespaceKind[] {
  const maps = ['map-user', 'map-group', 'map-users', 'map-groups'] as const;
  const mapsIds = args['map-root-user'] || args['map-current-user'] || maps.some((name) => args[name] !== undefined);
  return KINDS.filter(
    (kind) =>
      args[kind] || (kind === 'mount' && args['mount-proc'] !== undefined) || (kind === 'user' && mapsIds === true),
  );
}

/** The maps of the own user and group. An option for one of them counts more than one for both. */
function singleMaps(args: UnshareArguments, own: Ids): { readonly uid?: IdRange; readonly gid?: IdRange } {
  const both = args['map-root-user'] ? { uid: 0, gid: 0 } : args['map-current-user'] ? own : undefined;
  const uid = args['map-user'] === undefined ? both?.uid : parseId('map-user', args['map-user']);
  const gid = args['map-group'] === undefined ? both?.gid : parseId('map-group', args['map-group']);
  return {
    ...(uid !== undefined && { uid: { inside: uid, outside: own.uid, count: 1 } }),
    ...(gid !== undefined && { gid: { inside: gid, outside: own.gid, count: 1 } }),
  };
}

function mapsOf(option: string, range: string | undefined, single: IdRange | undefined): readonly IdRange[] {
  if (range === undefined) return single === undefined ? [] : [single];
  const parsed = parseRange(option, range);
  return single === undefined ? [parsed] : withSingle(parsed, single);
}

function writeSetgroups(sys: Recorder, word: string): void {
  const fd = sys.openat(AT_FDCWD, '/proc/self/setgroups', O_WRONLY | O_CLOEXEC);
  sys.write(fd, word);
  sys.close(fd);
}

/** A signal by its name, with or without SIG, in capitals or not; or by its number. */
function parseSignal(text: string): NodeJS.Signals {
  const name = `SIG${text.toUpperCase().replace(/^SIG/, '')}`;
  const found = Object.entries(constants.signals).find(([known, number]) => known === name || String(number) === text);
  if (found !== undefined) return found[0] as NodeJS.Signals;
  throw new UsageError(`--kill-child: not a signal: ${JSON.stringify(text)}`, 'Give its name: --kill-child=TERM');
}

function oneOf(option: string, value: string | undefined, known: readonly string[]): string | undefined {
  if (value === undefined || known.includes(value)) return value;
  throw new UsageError(`--${option}: unknown: ${JSON.stringify(value)}`, `Give one of: ${known.join(', ')}`);
}
