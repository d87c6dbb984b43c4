/** What nsenter(1) does, as the start of a process. Pure. */
import {
  AT_FDCWD,
  type Joined,
  NAMESPACE_KINDS,
  type NamespaceKind,
  namespaceFlags,
  O_CLOEXEC,
  O_DIRECTORY,
  O_RDONLY,
  type Recorder,
  type SpawnOptions,
} from '@ns-tool/syscalls';
import { UsageError } from '../errors.ts';
import { parseId } from '../unshare/id-ranges.ts';

/**
 * The options of nsenter(1), as they were typed. That of a namespace may have a file in place of the target's own; without
 * one it is the empty string. So with `root` and `wd`.
 */
export interface EnterArguments extends Partial<Readonly<Record<NamespaceKind, string | undefined>>> {
  readonly all?: boolean | undefined;
  readonly root?: string | undefined;
  readonly wd?: string | undefined;
  readonly wdns?: string | undefined;
  readonly setuid?: string | undefined;
  readonly setgid?: string | undefined;
  readonly 'preserve-credentials'?: boolean | undefined;
  readonly 'no-fork'?: boolean | undefined;
}

/** The process whose namespaces are entered. */
export interface Target {
  readonly pid: number;
  /** The kinds of namespace in which it and this process differ. */
  readonly differs: readonly NamespaceKind[];
  /** Whether its root directory is another than this process's. */
  readonly hasOtherRoot: boolean;
  /** Whether its user namespace denies setgroups(2). */
  readonly deniesSetgroups: boolean;
}

/** What this process may do in its own user namespace. */
export interface Privileges {
  /** CAP_SYS_ADMIN: to join namespaces. */
  readonly join: boolean;
  /** CAP_SETGID: to drop supplementary groups. */
  readonly setGroups: boolean;
}

/**
 * What `ns-tool enter PID` asks for: where the process is, as far as that is elsewhere. To become root there takes
 * setgroups(2); an ordinary user, to whom it is denied, stays who he is, which is root in a user namespace that he has made so.
 */
export function whereItIs({ differs, hasOtherRoot, deniesSetgroups }: Target, may: Privileges): EnterArguments {
  const namespaces = Object.fromEntries(differs.map((kind) => [kind, '']));
  return {
    ...namespaces,
    ...(hasOtherRoot && { root: '', wdns: '/' }),
    ...(deniesSetgroups && !may.setGroups && { 'preserve-credentials': true }),
  };
}

/**
 * How to start the command that nsenter(1) would become with these options.
 *
 * @param target null if none was given.
 * @throws UsageError for a value that makes no sense, and for what takes a target without one.
 */
export function enterOptions(args: EnterArguments, target: Target | null, may: Privileges): SpawnOptions {
  if (args.wd !== undefined && args.wdns !== undefined) {
    throw new UsageError('--wd and --wdns exclude each other', '--wd is a directory outside, --wdns one inside');
  }
  const { files, kinds } = namespacesOf(args, target);
  const all = [...files.map(({ kind }) => kind), ...kinds];
  const stays = args['no-fork'] === true && all.includes('pid');
  const joined = inOrder(files, kinds, target, may);
  const changesIds = all.includes('user') && args['preserve-credentials'] !== true;
  const uid = idOf('setuid', args.setuid, changesIds);
  const gid = idOf('setgid', args.setgid, changesIds);
  const opened: { root?: number; wd?: number; pid?: number } = {};

  return {
    join: stays ? joined.map(withoutPid).filter(({ kinds }) => kinds.length > 0) : joined,
    beforeJoining(sys) {
      // All of it may be out of sight afterwards.
      if (args.root !== undefined) opened.root = openDirectory(sys, args.root || ofTarget(target, 'root', 'root'));
      if (args.wd !== undefined) opened.wd = openDirectory(sys, args.wd || ofTarget(target, 'wd', 'cwd'));
      if (stays) opened.pid = openPidNamespace(sys, joined);
      if (opened.pid !== undefined && may.join) sys.setns(opened.pid, namespaceFlags(['pid']));
      // In the user namespace it may be denied.
      if (changesIds && may.setGroups) sys.setgroups([]);
    },
    setup(sys) {
      if (opened.pid !== undefined && !may.join) sys.setns(opened.pid, namespaceFlags(['pid']));
      if (opened.root !== undefined) {
        if (opened.wd === undefined && args.wdns === undefined) opened.wd = openDirectory(sys, '.');
        sys.fchdir(opened.root);
        sys.chroot('.');
      }
      if (args.wdns !== undefined) sys.chdir(args.wdns);
      else if (opened.wd !== undefined) sys.fchdir(opened.wd);
      if (gid !== undefined) (changesIds && !may.setGroups ? sys : sys.allowing('EPERM')).setgroups([]);
    },
    ...(gid !== undefined && { gid }),
    ...(uid !== undefined && { uid }),
    // nsenter(1) is the command itself, or waits for it: so that who kills the one kills the other.
    parentDeathSignal: 'SIGKILL',
  };
}

interface NamespaceFile {
  readonly kind: NamespaceKind;
  readonly file: string;
}

/** What is entered: of files, and of the target. */
function namespacesOf(args: EnterArguments, target: Target | null) {
  const files = NAMESPACE_KINDS.flatMap((kind) => (args[kind] ? [{ kind, file: args[kind] }] : []));
  const asked = NAMESPACE_KINDS.filter((kind) => args[kind] === '');
  if (target === null && (asked.length > 0 || args.all)) {
    throw new UsageError(
      `--${asked[0] ?? 'all'} takes a process`,
      `Name one: ns-tool enter PID${asked[0] === undefined ? '' : `, or a file: --${asked[0]}=FILE`}`,
    );
  }
  const isIn = (kind: NamespaceKind) =>
    // The own user namespace cannot be entered again. setns(2)
    asked.includes(kind) || (args.all && !args[kind] && (kind !== 'user' || target?.differs.includes('user')));
  return { files, kinds: NAMESPACE_KINDS.filter(isIn) };
}

/**
 * The user namespace last, if this process has the privilege for the others as it is; otherwise first, since it brings the
 * privilege. Those of the target are joined all at once, and the kernel asks for the user namespace first.
 */
function inOrder(
  files: readonly NamespaceFile[],
  kinds: readonly NamespaceKind[],
  target: Target | null,
  may: Privileges,
): readonly Joined[] {
  const fromFile = ({ kind, file }: NamespaceFile): Joined => ({ file, kinds: [kind] });
  const others = files.filter(({ kind }) => kind !== 'user').map(fromFile);
  const user = files.filter(({ kind }) => kind === 'user').map(fromFile);
  const ofTarget: readonly Joined[] = target === null || kinds.length === 0 ? [] : [{ pid: target.pid, kinds }];
  return may.join ? [...others, ...ofTarget, ...user] : [...user, ...ofTarget, ...others];
}

function withoutPid(joined: Joined): Joined {
  return { ...joined, kinds: joined.kinds.filter((kind) => kind !== 'pid') } as Joined;
}

/** Opens what holds the pid namespace that only the children of the command are to be in. */
function openPidNamespace(sys: Recorder, joined: readonly Joined[]): number {
  const of = joined.find(({ kinds }) => (kinds as readonly NamespaceKind[]).includes('pid'));
  if (of !== undefined && 'pid' in of) return sys.pidfd_open(of.pid, 0);
  return sys.openat(AT_FDCWD, of !== undefined && 'file' in of ? String(of.file) : '', O_RDONLY | O_CLOEXEC);
}

function ofTarget(target: Target | null, option: string, link: string): string {
  if (target !== null) return `/proc/${target.pid}/${link}`;
  throw new UsageError(`--${option} takes a process`, `Name one: ns-tool enter PID, or a directory: --${option}=DIR`);
}

function openDirectory(sys: Recorder, path: string): number {
  return sys.openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/** Root, where the IDs of outside mean nothing. */
function idOf(option: string, text: string | undefined, changesIds: boolean): number | undefined {
  if (text !== undefined) return parseId(option, text);
  return changesIds ? 0 : undefined;
}
