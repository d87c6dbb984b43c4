/** What unshare(1) does, as the start of a process. Pure. */
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
  NAMESPACE_KINDS,
  type NamespaceFiles,
  type NamespaceKind,
  O_CLOEXEC,
  O_WRONLY,
  type Recorder,
  type SpawnOptions,
  type SubordinateIds,
  type TimeOffsets,
  writeIdMaps,
} from '@ns-tool/syscalls';
import { NotStarted, UsageError } from '../errors.ts';
import { parseSignal } from '../signal.ts';
import { parseId, parseRange, withSingle } from './id-ranges.ts';

/**
 * The options of unshare(1), as they were typed. That of a namespace may have a file on which to keep it; without one it is
 * the empty string.
 */
export interface UnshareArguments extends Partial<Readonly<Record<NamespaceKind, string | undefined>>> {
  readonly fork?: boolean | undefined;
  readonly 'map-root-user'?: boolean | undefined;
  readonly 'map-current-user'?: boolean | undefined;
  readonly 'map-user'?: string | undefined;
  readonly 'map-group'?: string | undefined;
  readonly 'map-users'?: string | undefined;
  readonly 'map-groups'?: string | undefined;
  readonly 'map-auto'?: boolean | undefined;
  /** Empty for the default, as with `kill-child`. */
  readonly 'mount-proc'?: string | undefined;
  readonly propagation?: string | undefined;
  readonly setgroups?: string | undefined;
  readonly root?: string | undefined;
  readonly wd?: string | undefined;
  readonly setuid?: string | undefined;
  readonly setgid?: string | undefined;
  readonly 'kill-child'?: string | undefined;
  readonly 'forward-signals'?: boolean | undefined;
  readonly monotonic?: string | undefined;
  readonly boottime?: string | undefined;
}

/** Who asks: the IDs that an ordinary user may map. */
export interface Ids {
  readonly uid: number;
  readonly gid: number;
  /** The ID of a user, or a group, of that name: null if there is none. */
  named(kind: 'uid' | 'gid', name: string): number | null;
  /** The range of subordinate users, or groups, of the user: null without one. */
  subordinate(kind: 'uid' | 'gid'): SubordinateIds | null;
}

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
  const forks = args.fork === true || args['kill-child'] !== undefined || args['forward-signals'] === true;
  const single = singleMaps(args, own);
  const ranges = {
    uid: rangeOf('map-users', args, () => own.subordinate('uid')),
    gid: rangeOf('map-groups', args, () => own.subordinate('gid')),
  };
  const uid = mapsOf(ranges.uid, single.uid);
  const gid = mapsOf(ranges.gid, single.gid);
  const fromOutside = { uid: ranges.uid === null ? [] : uid, gid: ranges.gid === null ? [] : gid };
  const byItself = { uid: ranges.uid === null ? uid : [], gid: ranges.gid === null ? gid : [] };
  if ((args.monotonic ?? args.boottime) !== undefined && !namespaces.includes('time')) {
    throw new UsageError('--monotonic and --boottime are clocks of a time namespace', 'Make one too: add --time (-T)');
  }
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

  const keep = filesOf(args);
  if (keep.pid !== undefined && !forks) {
    throw new UsageError(
      '--pid=FILE goes with --fork only',
      'Without a process in it there is no pid namespace to keep yet: add --fork',
    );
  }

  return {
    namespaces: forks ? namespaces : namespaces.filter((kind) => kind !== 'pid'),
    ...(fromOutside.uid.length + fromOutside.gid.length > 0 && { idMaps: fromOutside }),
    ...(Object.keys(keep).length > 0 && { keep }),
    ...(namespaces.includes('time') && { timeOffsets: timeOffsetsOf(args) }),
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
    parentDeathSignal: parseSignal('kill-child', args['kill-child'] || 'KILL'),
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
  const maps = ['map-root-user', 'map-current-user', 'map-user', 'map-group', 'map-users', 'map-groups', 'map-auto'];
  const implying: Partial<Readonly<Record<NamespaceKind, readonly string[]>>> = { mount: ['mount-proc'], user: maps };
  const isGiven = (name: string) => ![undefined, false].includes(args[name as keyof UnshareArguments] as undefined);
  return NAMESPACE_KINDS.filter((kind) => [kind, ...(implying[kind] ?? [])].some(isGiven));
}

/** The files on which to keep namespaces. */
function filesOf(args: UnshareArguments): NamespaceFiles {
  return Object.fromEntries(NAMESPACE_KINDS.flatMap((kind) => (args[kind] ? [[kind, args[kind]]] : [])));
}

/** @throws UsageError for clocks without a time namespace. */
function timeOffsetsOf(args: UnshareArguments): TimeOffsets {
  const { monotonic, boottime } = args;
  return {
    ...(monotonic !== undefined && { monotonic: parseOffset('monotonic', monotonic) }),
    ...(boottime !== undefined && { boottime: parseOffset('boottime', boottime) }),
  };
}

function parseOffset(option: string, text: string): number {
  if (/^[-+]?\d{1,15}$/.test(text)) return Number(text);
  throw new UsageError(`--${option}: not a number of seconds: ${JSON.stringify(text)}`, `For a day: --${option} 86400`);
}

/** The maps of the own user and group. An option for one of them counts more than one for both. */
function singleMaps(args: UnshareArguments, own: Ids): { readonly uid?: IdRange; readonly gid?: IdRange } {
  const both = args['map-root-user'] ? { uid: 0, gid: 0 } : args['map-current-user'] ? own : undefined;
  const uid = args['map-user'] === undefined ? both?.uid : idOf('uid', 'map-user', args['map-user'], own);
  const gid = args['map-group'] === undefined ? both?.gid : idOf('gid', 'map-group', args['map-group'], own);
  return {
    ...(uid !== undefined && { uid: { inside: uid, outside: own.uid, count: 1 } }),
    ...(gid !== undefined && { gid: { inside: gid, outside: own.gid, count: 1 } }),
  };
}

/** unshare(1) takes names here, and numbers only for `--setuid` and `--setgid`. */
function idOf(kind: 'uid' | 'gid', option: string, text: string, own: Ids): number {
  return own.named(kind, text) ?? parseId(option, text);
}

/** The range that is to be mapped, or null. `auto` stands for the subordinate IDs of the user, from 0 on. */
function rangeOf(
  option: 'map-users' | 'map-groups',
  args: UnshareArguments,
  subordinate: () => SubordinateIds | null,
): IdRange | null {
  const text = args[option] ?? (args['map-auto'] ? 'auto' : undefined);
  if (text === undefined) return null;
  if (text !== 'auto') return parseRange(option, text);
  const found = subordinate();
  if (found !== null) return { inside: 0, ...found };
  const file = option === 'map-users' ? '/etc/subuid' : '/etc/subgid';
  throw new NotStarted(
    `no range of IDs is yours in ${file}`,
    `Root gives one: sudo usermod --add-${file.slice(5)}s 100000-165535 $USER`,
  );
}

function mapsOf(range: IdRange | null, single: IdRange | undefined): readonly IdRange[] {
  if (range === null) return single === undefined ? [] : [single];
  return single === undefined ? [range] : withSingle(range, single);
}

function writeSetgroups(sys: Recorder, word: string): void {
  const fd = sys.openat(AT_FDCWD, '/proc/self/setgroups', O_WRONLY | O_CLOEXEC);
  sys.write(fd, word);
  sys.close(fd);
}

function oneOf(option: string, value: string | undefined, known: readonly string[]): string | undefined {
  if (value === undefined || known.includes(value)) return value;
  throw new UsageError(`--${option}: unknown: ${JSON.stringify(value)}`, `Give one of: ${known.join(', ')}`);
}
