/** The mounts of one table as a tree: which mount lies on which, and what of it path lookup can reach. */
import { Directory } from './directory.ts';
import type { Mount } from './mountinfo.ts';

/** A mount in its tree. */
export interface TreeNode {
  readonly mount: Mount;
  /** The mount that it lies on. Null if that is not in the table: at the process's root, or below a root that is none. */
  readonly parent: TreeNode | null;
  /** The mounts that lie on it, in table order. One with the same mount point covers it. */
  readonly children: readonly TreeNode[];
  /**
   * Whether its mount point leads to it. Not, if another mount covers it (it is stacked upon), or covers a directory above
   * it (it is shadowed); nor if it lies over the process's root, since lookup starts beneath.
   */
  readonly visible: boolean;
}

export interface MountTree {
  /** All mounts, parents before children, so a stack from bottom to top; table order otherwise. */
  readonly nodes: readonly TreeNode[];
  /** Those whose parent is not in the table. */
  readonly roots: readonly TreeNode[];
  /** The mount that holds `/`. Null if the table does not show it: chroot(2) to a directory that is no mount point. */
  readonly root: TreeNode | null;
  /** Where path lookup starts. */
  readonly start: Ground;
  /** The directory `/`, and below it every other one on the way to a mount point. */
  readonly top: Directory;
}

/** What path lookup walks on: a mount, or what holds the process's root and is not in the table. */
export class Ground {
  readonly directory: Directory;
  /** What lies on it, by the directory that it covers. Kept only where there is something. */
  private covers: Map<Directory, Node> | undefined;

  constructor(directory: Directory) {
    this.directory = directory;
  }

  /** The mount that covers a directory of this one. */
  on(directory: Directory): Node | undefined {
    return this.covers?.get(directory);
  }

  put(node: Node): void {
    this.covers ??= new Map();
    this.covers.set(node.directory, node);
  }
}

export class Node extends Ground implements TreeNode {
  readonly mount: Mount;
  parent: Node | null = null;
  readonly children: Node[] = [];
  visible = false;
  /** The walk that came by last, when circles are looked for. */
  walk = -1;

  constructor(mount: Mount, directory: Directory) {
    super(directory);
    this.mount = mount;
  }
}

/**
 * The tree of a table. Takes time in proportion to the size of the table, whatever it says.
 *
 * A table that no kernel writes has a tree as well: of mounts that are their own ancestors one becomes a root, and of mounts
 * with one ID the last counts as parent.
 *
 * See "Mount namespaces" in mount_namespaces(7), the parent ID in proc_pid_mountinfo(5), and path_resolution(7).
 */
export function mountTree(mounts: readonly Mount[]): MountTree {
  const top = new Directory(null);
  const nodes = mounts.map((mount) => new Node(mount, top.descend(mount.mountPoint)));
  setParents(nodes);

  const roots = nodes.filter(({ parent }) => parent === null);
  for (const node of nodes) node.parent?.children.push(node);
  for (const node of nodes) node.parent?.put(node);
  const root = rootOf(roots, top);
  const start = root ?? new Ground(top);
  if (root === null) for (const node of roots) start.put(node);

  const ordered = parentsFirst(roots);
  setVisible(ordered, start);
  return { nodes: ordered, roots, root, start, top };
}

function setParents(nodes: readonly Node[]): void {
  const byId = new Map(nodes.map((node) => [node.mount.id, node]));
  for (const node of nodes) node.parent = byId.get(node.mount.parentId) ?? null;
  for (const [walk, start] of nodes.entries()) {
    let node: Node | null = start;
    while (node !== null && node.walk < 0) {
      node.walk = walk;
      node = node.parent;
    }
    // Back where this walk has been. The root of all namespaces is its own parent.
    if (node?.walk === walk) node.parent = null;
  }
}

/**
 * The root over which nothing else lies: what is mounted over it has it as parent. But if a mount elsewhere has the same
 * parent, which is not in the table, then that parent holds `/` and path lookup starts there.
 */
function rootOf(roots: readonly Node[], top: Directory): Node | null {
  const root = roots.find(({ directory }) => directory === top) ?? null;
  const hasSibling = roots.some(({ directory, mount }) => directory !== top && mount.parentId === root?.mount.parentId);
  return hasSibling ? null : root;
}

function parentsFirst(roots: readonly Node[]): Node[] {
  const ordered = [...roots];
  // Grows while it is walked.
  for (const { children } of ordered) for (const child of children) ordered.push(child);
  return ordered;
}

/** @param nodes parents before children. */
function setVisible(nodes: readonly Node[], start: Ground): void {
  const reached = new Set<Ground>([start]);
  for (const node of nodes) {
    const ground = node.parent ?? start;
    if (node !== start && !leadsTo(ground, node, reached, start)) continue;
    reached.add(node);
    node.visible = node === start || node.on(node.directory) === undefined;
  }
}

/** Whether lookup that walks on `ground` comes to a mount that lies on it. */
function leadsTo(ground: Ground, node: Node, reached: ReadonlySet<Ground>, start: Ground): boolean {
  if (!reached.has(ground) || ground.on(node.directory) !== node) return false;
  if (node.directory === ground.directory) return ground !== start;
  // Nothing else may take the way before.
  let directory = node.directory.parent;
  while (directory !== null && directory !== ground.directory) {
    if (ground.on(directory) !== undefined) return false;
    directory = directory.parent;
  }
  if (directory === null) return false;
  return ground === start || ground.on(directory) === undefined;
}
