/** Which mounts are shown, and in which order. */
import { type Mount, type MountTree, mountHolding, mountTree, type TreeNode } from '@ns-tool/mount-table';

/** By its state: a mount can be in two of them, shared and slave. See mount_namespaces(7), "Shared subtrees". */
export const STATES = ['shared', 'slave', 'private', 'unbindable'] as const;
export type State = (typeof STATES)[number];

export interface Filters {
  /** The types of filesystem, as `--types` takes them, see {@link isOfTypes}. */
  readonly types?: string | undefined;
  /** Any of these states. */
  readonly states?: readonly State[] | undefined;
  readonly place?: Place | undefined;
}

/** What one word of the command line says of a mount, see {@link mountsAt}. */
export interface Place {
  /** The word as it is. */
  readonly word: string;
  /** The path that it is, without `..` and symbolic links. */
  readonly path: string;
}

/** A mount in a listing. */
export interface Row {
  readonly node: TreeNode;
  /** How many mounts it is drawn below. */
  readonly depth: number;
}

/**
 * The mounts that a filter lets pass, as findmnt(8) orders them: a list in the order of the table; a tree from the root,
 * and below a mount by ID. Where a mount in between is left out, those on it are drawn below the next one that is not.
 *
 * @param submounts also all mounts on those found, whatever the filters say of them.
 * @param form a place without `submounts` is always a list.
 */
export function select(
  tree: MountTree,
  mounts: readonly Mount[],
  filters: Filters,
  { submounts, form }: { readonly submounts: boolean; readonly form: 'tree' | 'list' },
): Row[] {
  if (submounts && hasAny(filters)) return withSubmounts(matching(tree, mounts, filters));
  if (form === 'list' || filters.place !== undefined) {
    return matching(tree, mounts, filters).map((node) => ({ node, depth: 0 }));
  }
  return trees(rootsInOrder(tree), ({ mount }) => passes(mount, filters));
}

/** The mounts that a listing with these filters has, in whatever form; null for all. */
export function selectedMounts(
  mounts: readonly Mount[],
  filters: Filters,
  submounts: boolean,
): ReadonlySet<Mount> | null {
  if (!hasAny(filters)) return null;
  const rows = select(mountTree(mounts), mounts, filters, { submounts, form: 'list' });
  return new Set(rows.map(({ node }) => node.mount));
}

function hasAny(filters: Filters): boolean {
  return Object.values(filters).some((filter) => filter !== undefined);
}

/** The mounts that are shown, as trees: each on its nearest ancestor that is shown, as the listing draws them. */
export function shownTrees(tree: MountTree, isShown: (node: TreeNode) => boolean): TreeNode[] {
  const roots: Shown[] = [];
  /** The last one at each depth. */
  const open: Shown[] = [];
  for (const { node, depth } of trees(rootsInOrder(tree), isShown)) {
    const parent = open[depth - 1] ?? null;
    const shown: Shown = { mount: node.mount, visible: node.visible, parent, children: [] };
    (parent?.children ?? roots).push(shown);
    open[depth] = shown;
  }
  return roots;
}

/** A node among those that are shown. */
interface Shown extends TreeNode {
  readonly children: Shown[];
}

/** The mounts that pass the filters, in the order of the table. */
function matching(tree: MountTree, mounts: readonly Mount[], filters: Filters): TreeNode[] {
  const nodeOf = new Map(tree.nodes.map((node) => [node.mount, node]));
  const nodes = mounts.flatMap((mount) => nodeOf.get(mount) ?? []);
  const there = filters.place === undefined ? nodes : mountsAt(tree, nodes, filters.place);
  return there.filter(({ mount }) => passes(mount, filters));
}

function passes(mount: Mount, { types, states }: Filters): boolean {
  if (types !== undefined && !isOfTypes(mount.type, types)) return false;
  return states === undefined || states.some((state) => isInState(mount, state));
}

/** The mounts on a mount point, covered ones too; else those of a source; else the one that holds the path. */
function mountsAt(tree: MountTree, nodes: readonly TreeNode[], { word, path }: Place): TreeNode[] {
  const onIt = nodes.filter(({ mount }) => mount.mountPoint === path);
  if (onIt.length > 0) return onIt;
  const ofIt = nodes.filter(({ mount }) => mount.source === word);
  if (ofIt.length > 0) return ofIt;
  const holding = mountHolding(tree, path);
  return holding === null ? [] : [holding];
}

/**
 * Whether a type is in a list such as `ext4,tmpfs`, in any case of letters. With `no` in front the list says what is left
 * out; `no` before a single type leaves that one out. See match_fstype in lib/match.c of util-linux.
 */
export function isOfTypes(type: string, list: string): boolean {
  const isNegated = list.startsWith('no');
  const name = type.toLowerCase();
  for (const word of (isNegated ? list.slice(2) : list).toLowerCase().split(',')) {
    if (word === `no${name}`) return false;
    if (word === name) return !isNegated;
  }
  return isNegated;
}

function isInState({ peerGroup, master, unbindable }: Mount, state: State): boolean {
  switch (state) {
    case 'shared':
      return peerGroup !== null;
    case 'slave':
      return master !== null;
    case 'unbindable':
      return unbindable;
    case 'private':
      return peerGroup === null && master === null && !unbindable;
  }
}

/** The trees that hang on these mounts, each mount once. */
function withSubmounts(nodes: readonly TreeNode[]): Row[] {
  const drawn = new Set<TreeNode>();
  const rows: Row[] = [];
  for (const root of nodes) {
    for (const row of trees([root], () => true, drawn)) {
      rows.push(row);
      drawn.add(row.node);
    }
  }
  return rows;
}

/**
 * Trees from the top, each mount before those on it, which come by ID. No recursion: mounts can be stacked as deep as there
 * are mounts.
 *
 * @param without is left out, with all that lies on it.
 */
function trees(
  roots: readonly TreeNode[],
  isShown: (node: TreeNode) => boolean,
  without: ReadonlySet<TreeNode> = new Set(),
): Row[] {
  const rows: Row[] = [];
  const waiting = roots.toReversed();
  const depths = waiting.map(() => 0);
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    const depth = depths.pop() ?? 0;
    if (without.has(node)) continue;
    const shown = isShown(node);
    if (shown) rows.push({ node, depth });
    for (const child of backwards(node.children)) {
      waiting.push(child);
      depths.push(shown ? depth + 1 : depth);
    }
  }
  return rows;
}

/** By ID, the highest first. */
function backwards(children: readonly TreeNode[]): readonly TreeNode[] {
  return children.length < 2 ? children : children.toSorted((a, b) => b.mount.id - a.mount.id);
}

/** The one with the lowest parent first, as mnt_table_get_root_fs has it in libmount/src/tab.c, then the others. */
function rootsInOrder({ roots }: MountTree): readonly TreeNode[] {
  const first = roots.reduce<TreeNode | null>(
    (lowest, root) => (lowest === null || root.mount.parentId < lowest.mount.parentId ? root : lowest),
    null,
  );
  return first === null ? [] : [first, ...roots.filter((root) => root !== first)];
}
