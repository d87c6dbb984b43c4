/** What differs between two mount tables, of one machine at two times or of two machines. */
import type { Mount } from './mountinfo.ts';
import { propagationOf } from './propagation.ts';
import { mountTree, type TreeNode } from './tree.ts';

/**
 * What of a mount can change: `propagation` is any of the optional fields; `order` the place in a stack of mounts on one
 * mount point, among those in both tables; `parent` the mount point of the mount that it lies on.
 */
export type Field = 'options' | 'superOptions' | 'source' | 'propagation' | 'order' | 'parent';

export interface ChangedMount {
  readonly before: Mount;
  readonly after: Mount;
  readonly fields: readonly Field[];
}

export interface MountDifference {
  readonly added: readonly Mount[];
  readonly removed: readonly Mount[];
  readonly changed: readonly ChangedMount[];
}

/**
 * The difference of two tables. Takes time in proportion to their size.
 *
 * Mount IDs, peer groups and the devices of filesystems without a disk get new numbers at every turn, so numbers count for
 * nothing. The same mount is one with the same mount point, type and root. Of several in a stack those go together that have
 * the same source, options and state of propagation, else those with the same source, else any, from bottom to top. Peer groups are the same if
 * they join the same mounts; where they do not, those that come first count as unchanged.
 */
export function diffMounts(before: readonly Mount[], after: readonly Mount[]): MountDifference {
  const { pairs, removed, added } = paired(mountTree(before).nodes, mountTree(after).nodes);
  const isSameGroup = bijection();
  const changed: ChangedMount[] = [];
  for (const { before, after, isReordered } of pairs) {
    const [old, now] = [before.mount, after.mount];
    // All three are asked, since each answer counts for the next mounts.
    const groups = [
      isSameGroup(old.peerGroup, now.peerGroup),
      isSameGroup(old.master, now.master),
      isSameGroup(old.propagateFrom, now.propagateFrom),
    ];
    const same: { readonly [field in Field]: boolean } = {
      options: isSameSet(old.options, now.options),
      superOptions: isSameList(old.superOptions, now.superOptions),
      source: old.source === now.source,
      propagation:
        !groups.includes(false) &&
        old.unbindable === now.unbindable &&
        isSameList(old.unknownFields, now.unknownFields),
      order: !isReordered,
      parent: before.parent?.mount.mountPoint === after.parent?.mount.mountPoint,
    };
    const fields = (Object.keys(same) as Field[]).filter((field) => !same[field]);
    if (fields.length > 0) changed.push({ before: old, after: now, fields });
  }
  return { added, removed, changed };
}

/** By what mounts are taken for the same, the surest first. */
const KEYS: readonly ((mount: Mount) => string)[] = [
  (m) => [m.mountPoint, m.type, m.root, m.source, propagationOf(m), ...m.options, '', ...m.superOptions].join('\0'),
  (m) => [m.mountPoint, m.type, m.root, m.source].join('\0'),
  (m) => [m.mountPoint, m.type, m.root].join('\0'),
];

/** The mounts that are in both tables, and the others. `before` and `after` list each stack from bottom to top. */
function paired(before: readonly TreeNode[], after: readonly TreeNode[]) {
  const partners = new Map<TreeNode, TreeNode>();
  const taken = new Set<TreeNode>();
  for (const key of KEYS) {
    if (partners.size === before.length || taken.size === after.length) break;
    const waiting = new Map<string, TreeNode[]>();
    for (const node of after.toReversed()) {
      if (taken.has(node)) continue;
      const name = key(node.mount);
      const same = waiting.get(name);
      if (same === undefined) waiting.set(name, [node]);
      else same.push(node);
    }
    for (const node of before) {
      if (partners.has(node)) continue;
      // The lowest of a stack, since they were put in from the top.
      const partner = waiting.get(key(node.mount))?.pop();
      if (partner === undefined) continue;
      partners.set(node, partner);
      taken.add(partner);
    }
  }
  const ranksBefore = ranks(before.filter((node) => partners.has(node)));
  const ranksAfter = ranks(after.filter((node) => taken.has(node)));
  return {
    pairs: Array.from(ranksBefore, ([node, rank]) => {
      const partner = partners.get(node) as TreeNode;
      return { before: node, after: partner, isReordered: ranksAfter.get(partner) !== rank };
    }),
    removed: before.filter((node) => !partners.has(node)).map(({ mount }) => mount),
    added: after.filter((node) => !taken.has(node)).map(({ mount }) => mount),
  };
}

/** The place of each mount among those on its mount point. */
function ranks(nodes: readonly TreeNode[]): Map<TreeNode, number> {
  const heights = new Map<string, number>();
  return new Map(
    nodes.map((node) => {
      const { mountPoint } = node.mount;
      const rank = heights.get(mountPoint) ?? 0;
      heights.set(mountPoint, rank + 1);
      return [node, rank];
    }),
  );
}

/** Whether two numbers stand for the same thing, which two do that nothing has spoken against so far. */
function bijection(): (before: number | null, after: number | null) => boolean {
  const forth = new Map<number, number>();
  const back = new Map<number, number>();
  return (before, after) => {
    if (before === null || after === null) return before === after;
    if (!forth.has(before) && !back.has(after)) {
      forth.set(before, after);
      back.set(after, before);
    }
    return forth.get(before) === after;
  };
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}

function isSameSet(a: readonly string[], b: readonly string[]): boolean {
  // Nearly always, and quicker.
  if (isSameList(a, b)) return true;
  const all = new Set(a);
  return new Set(b).size === all.size && b.every((item) => all.has(item));
}
