/** The namespaces of a child: those that are made for it, and those of others that it joins. */
import {
  AT_FDCWD,
  CLONE_NEWCGROUP,
  CLONE_NEWIPC,
  CLONE_NEWNET,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWTIME,
  CLONE_NEWUSER,
  CLONE_NEWUTS,
  CLONE_PARENT,
  CLONE_PARENT_SETTID,
  CLONE_VFORK,
  CLONE_VM,
  O_CLOEXEC,
  O_RDONLY,
} from '../constants.ts';
import type { Recorder } from '../record.ts';

/** A kind of namespace, as namespaces(7) calls it. */
export type NamespaceKind = keyof typeof FLAGS;

/** The flag of clone(2), unshare(2) and setns(2) for each. */
const FLAGS = {
  mount: CLONE_NEWNS,
  uts: CLONE_NEWUTS,
  ipc: CLONE_NEWIPC,
  net: CLONE_NEWNET,
  pid: CLONE_NEWPID,
  user: CLONE_NEWUSER,
  cgroup: CLONE_NEWCGROUP,
  time: CLONE_NEWTIME,
} as const;

/** All kinds. */
export const NAMESPACE_KINDS = Object.keys(FLAGS) as readonly NamespaceKind[];

/** The flags of several kinds together. @throws TypeError for what is no kind. */
export function namespaceFlags(kinds: readonly NamespaceKind[]): number {
  return kinds.reduce((flags, kind) => flags | flagOf(kind), 0);
}

/** Without the look, a wrong word would make no namespace, and what is meant for it would be done to this process's. */
function flagOf(kind: NamespaceKind): number {
  if (Object.hasOwn(FLAGS, kind)) return FLAGS[kind];
  throw new TypeError(`not a kind of namespace: ${kind}; there are ${NAMESPACE_KINDS.join(', ')}`);
}

/** The file of a namespace in /proc/PID/ns. */
export function namespaceFile(kind: NamespaceKind): string {
  return kind === 'mount' ? 'mnt' : kind;
}

/**
 * Namespaces of others: several of one process, by its pid or a pidfd; or one, by a file of /proc/PID/ns, by a file on which
 * one is mounted, or by a descriptor of either.
 */
export type Joined =
  | { readonly pid: number; readonly kinds: readonly NamespaceKind[] }
  | { readonly pidfd: number; readonly kinds: readonly NamespaceKind[] }
  | { readonly file: string | number; readonly kinds: readonly [NamespaceKind] };

/**
 * The system call that makes the namespaces:
 *
 * - `clone`: the one that makes the child. The fastest.
 * - `unshare`: unshare(2), which the child calls for itself. For a pid namespace it then makes a child, which is in it.
 * - `clone3`: clone3(2), by which the child makes one that is in all of them at once.
 */
export type NamespaceCall = (typeof CALLS)[number];

const CALLS = ['clone', 'unshare', 'clone3'] as const;

/** How a child comes into its namespaces. */
export interface Entrance {
  /** What the clone(2) that makes the child makes along with it. */
  readonly byClone: readonly NamespaceKind[];
  /** What the child makes by unshare(2). */
  readonly byUnshare: readonly NamespaceKind[];
  /** What a child of the child is made in by clone3(2). */
  readonly byClone3: readonly NamespaceKind[];
  readonly joined: readonly Joined[];
  /** Whether a child of the child becomes the command: it is in a pid namespace that its parent has joined or made. */
  readonly forks: boolean;
  /** Whether the processes of others can see the child before it is the command, and stop it: those of a pid namespace. */
  readonly isAmongOthers: boolean;
  /** Whether the child may share this process's memory. */
  readonly sharesMemory: boolean;
}

/**
 * @param call of the namespaces that a clone(2) can make.
 * @param joinsCgroups whether the child joins cgroups, and so has other ones than at its clone(2).
 */
export function entranceOf(
  kinds: readonly NamespaceKind[],
  joined: readonly Joined[],
  call: NamespaceCall = 'clone',
  joinsCgroups = false,
): Entrance {
  if (!CALLS.includes(call)) throw new TypeError(`not a call that makes namespaces: ${call}`);
  // A namespace that is made belongs to the user namespace that is joined, so it is made afterwards.
  const by = joined.length > 0 ? 'unshare' : call;
  // The exit signal of clone(2) lies on the flag for time. And by unshare(2), its offsets can still be set. The roots of a
  // cgroup namespace are the cgroups of who makes it: cgroup_namespaces(7).
  const callOf = (kind: NamespaceKind) =>
    kind === 'time' || (kind === 'cgroup' && by === 'clone' && joinsCgroups) ? 'unshare' : by;
  const isBy = (asked: NamespaceCall) => kinds.filter((kind) => callOf(kind) === asked);
  const byUnshare = isBy('unshare');
  const joins = (kind: NamespaceKind) => joined.some(({ kinds }) => kinds.includes(kind));
  return {
    byClone: isBy('clone'),
    byUnshare,
    byClone3: isBy('clone3'),
    joined,
    forks: by === 'clone3' || byUnshare.includes('pid') || joins('pid'),
    isAmongOthers: joins('pid'),
    // setns(2) refuses a time namespace (EUSERS) to a process whose memory another one shares: the clock is read from it.
    // And the OOM killer ends all processes with the memory of the one that it chooses. Nor may those of others have a hold on
    // this process's memory for as long as they like.
    sharesMemory: !joins('time') && !joins('pid') && !joinsCgroups,
  };
}

/** Joins namespaces, in the order given. All are opened first: the files may be out of sight afterwards. */
export function join(sys: Recorder, joined: readonly Joined[]): void {
  const opened = joined.map((of) => {
    if ('pidfd' in of) return of.pidfd;
    if ('pid' in of) return sys.pidfd_open(of.pid, 0);
    return typeof of.file === 'number' ? of.file : sys.openat(AT_FDCWD, of.file, O_RDONLY | O_CLOEXEC);
  });
  for (const [i, { kinds }] of joined.entries()) sys.setns(opened[i] ?? -1, namespaceFlags(kinds));
}

/**
 * Makes a child that goes on in place of this one, in the same memory. It is a child of this one's parent.
 *
 * @param pid 4 bytes for its pid as this one's parent sees it.
 */
export function fork(sys: Recorder, { byClone3 }: Entrance, pid: Uint8Array): void {
  const flags = CLONE_VM | CLONE_VFORK | CLONE_PARENT | CLONE_PARENT_SETTID | namespaceFlags(byClone3);
  if (byClone3.length > 0) sys.clone3({ flags, parentTid: pid });
  else sys.clone(flags, null, pid);
}
