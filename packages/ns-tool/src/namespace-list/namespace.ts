/** A namespace, and what keeps it. Pure. See namespaces(7). */

/** The types of namespace, as the files of /proc/PID/ns name them. */
export const NAMESPACE_TYPES = ['mnt', 'net', 'ipc', 'user', 'pid', 'uts', 'cgroup', 'time'] as const;

export type NamespaceType = (typeof NAMESPACE_TYPES)[number];

/** What keeps a namespace that no process is in. */
export type Keeper =
  /** A mount of it. `path` leads there from the root directory of this process. */
  | { readonly by: 'mount'; readonly path: string }
  /** An open file descriptor. */
  | { readonly by: 'descriptor'; readonly pid: number; readonly fd: number }
  /** A thread that is not where its process is: unshare(2) and setns(2) move the calling thread alone. */
  | { readonly by: 'thread'; readonly pid: number; readonly tid: number }
  /** A process whose children will be in it: /proc/PID/ns/time_for_children. */
  | { readonly by: 'children'; readonly pid: number }
  /** A namespace that it is the owner or the parent of. */
  | { readonly by: 'namespace'; readonly type: NamespaceType; readonly id: number };

export interface Namespace {
  readonly type: NamespaceType;
  /** Its inode number. */
  readonly id: number;
  /** How many processes are in it. */
  readonly nprocs: number;
  /** The lowest pid in it, or null without a process. */
  readonly pid: number | null;
  /** Where it is mounted, as paths from the root directory of this process, which keep every byte: see `fromBytes`. */
  readonly mountPoints: readonly string[];
  /** What keeps it, or null where a process does. */
  readonly keeper: Keeper | null;
  /** The parent of a user or pid namespace. Null for other types, and where there is none in sight of this process. */
  readonly parent: number | null;
  /** The user namespace that it belongs to; of a user namespace, its parent. Null where that is out of sight. */
  readonly owner: number | null;
  /** The user who made it. Known of a user namespace without a process only. */
  readonly ownerUid: number | null;
}

const LINK = new RegExp(`^(${NAMESPACE_TYPES.join('|')}):\\[(\\d+)\\]$`);

/** What a link to a namespace says, or null for any other link: `net:[4026531833]`, as in /proc/PID/ns and /proc/PID/fd. */
export function parseLink(link: string): { readonly type: NamespaceType; readonly id: number } | null {
  const [, type, id] = LINK.exec(link) ?? [];
  return type === undefined ? null : { type: type as NamespaceType, id: Number(id) };
}

/** The text of a link to a namespace: what {@link parseLink} reads. */
export function linkTo(type: NamespaceType, id: number): string {
  return `${type}:[${id}]`;
}

/** What keeps it, in words that may follow “kept by”; null where a process does. */
export function keptBy({ keeper }: Namespace): string | null {
  switch (keeper?.by) {
    case 'mount':
      return keeper.path;
    case 'descriptor':
      return `fd ${keeper.fd} of PID ${keeper.pid}`;
    case 'thread':
      return `thread ${keeper.tid} of PID ${keeper.pid}`;
    case 'children':
      return `PID ${keeper.pid} for its children`;
    case 'namespace':
      return `${keeper.type} namespace ${keeper.id}`;
    default:
      return null;
  }
}

/** A file by which it can be opened, or null if there is none: where only another namespace keeps it. */
export function pathTo({ type, pid, keeper }: Pick<Namespace, 'type' | 'pid' | 'keeper'>): string | null {
  if (pid !== null) return `/proc/${pid}/ns/${type}`;
  switch (keeper?.by) {
    case 'mount':
      return keeper.path;
    case 'descriptor':
      return `/proc/${keeper.pid}/fd/${keeper.fd}`;
    case 'thread':
      return `/proc/${keeper.pid}/task/${keeper.tid}/ns/${type}`;
    case 'children':
      return `/proc/${keeper.pid}/ns/${type}_for_children`;
    default:
      return null;
  }
}
