/** What a picture leaves out: leaves of the tree that are many of a kind and take no part in propagation. */
import { propagationOf, type TreeNode } from '@ns-tool/mount-table';

/** Filesystems without files of anybody, which show the kernel or talk to it: filesystems(5), mount(8). */
const PSEUDO: ReadonlySet<string> = new Set([
  ...['autofs', 'binfmt_misc', 'bpf', 'cgroup', 'cgroup2', 'configfs', 'debugfs', 'devpts', 'devtmpfs', 'efivarfs'],
  ...['fusectl', 'hugetlbfs', 'mqueue', 'nsfs', 'proc', 'pstore', 'rpc_pipefs', 'securityfs', 'selinuxfs', 'smackfs'],
  ...['sysfs', 'tracefs', 'fuse.lxcfs'],
]);

/** From how many on they become one. */
const MANY_PSEUDO = 4;
const MANY_OF_A_TYPE = 8;

export interface Collapsed {
  /** What is shown, in the order in which it was given. */
  readonly shown: readonly TreeNode[];
  /** What is shown as one box each. */
  readonly runs: readonly (readonly TreeNode[])[];
}

/**
 * What to show of the mounts that lie on one mount.
 *
 * Left out can be only what is private, has nothing mounted on it, and is not covered: so nothing that is shared, a slave,
 * unbindable, or an ancestor of such a mount.
 */
export function collapse(children: readonly TreeNode[]): Collapsed {
  const kinds = new Map<string, TreeNode[]>();
  for (const child of children) {
    if (!isDull(child)) continue;
    const { type } = child.mount;
    const kind = PSEUDO.has(type) ? 'pseudo' : `type ${type}`;
    const known = kinds.get(kind);
    if (known === undefined) kinds.set(kind, [child]);
    else known.push(child);
  }
  const runs = [...kinds]
    .filter(([kind, nodes]) => nodes.length >= (kind === 'pseudo' ? MANY_PSEUDO : MANY_OF_A_TYPE))
    .map(([, nodes]) => nodes);
  const left = new Set(runs.flat());
  return { shown: children.filter((child) => !left.has(child)), runs };
}

function isDull({ mount, children, visible }: TreeNode): boolean {
  return children.length === 0 && visible && propagationOf(mount) === 'private';
}

/** The types of several mounts, the most frequent first. */
export function typesOf(nodes: readonly TreeNode[]): string[] {
  const counts = new Map<string, number>();
  for (const { mount } of nodes) counts.set(mount.type, (counts.get(mount.type) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || compare(a, b)).map(([type]) => type);
}

/** The order of two strings, which is that of no language. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
