/**
 * What a picture of mount tables shows, in no format yet: boxes in a cluster for each namespace, and lines between them.
 *
 * A mount is in a tree, in a namespace, and often in a peer group. The first two nest, so they are drawn by place; groups reach
 * across both, so they are drawn by colour, in words, and by lines.
 */
import {
  type Member,
  type Mount,
  mountTree,
  type NamespaceTable,
  type PeerGroup,
  type Propagation,
  propagationGraph,
  propagationOf,
  type TreeNode,
} from '@ns-tool/mount-table';
import { shownTrees } from '../mount-listing/filters.ts';
import { collapse, typesOf } from './collapse.ts';
import { printable, shortened } from './names.ts';
import { isBefore } from './rows.ts';

/** How many characters of a mount point, of a source, and of the name of a namespace are shown. */
const BOX_WIDTH = 36;
const TITLE_WIDTH = 48;

export interface Box {
  /** Unique in the picture, of letters, digits and `_`: no part of a name. */
  readonly id: string;
  /** A mount; several that are left out; or a peer group of which no table shows a member. */
  readonly kind: 'mount' | 'more' | 'group';
  /** Of a mount. */
  readonly state: Propagation;
  /** The peer group that it belongs to, or is. */
  readonly group: number | null;
  /** The peer group that it is a slave of. */
  readonly master: number | null;
  /** Where it comes among the others: the components of its mount point; an empty one for what is left out below that. */
  readonly place: readonly string[];
  /** Lines of printable characters. */
  readonly text: readonly string[];
  /** What `text` has no room for, in lines of printable characters. */
  readonly details: readonly string[];
}

/** The boxes of a namespace. */
export interface Cluster {
  readonly title: string;
  /** Parents before children, and these in the order of their mount points. */
  readonly boxes: readonly Box[];
  readonly tree: readonly Line[];
}

export interface Line {
  /** From a mount to one on it, from peer to peer, from master to slave. */
  readonly kind: 'tree' | 'peers' | 'slave';
  readonly from: Box;
  readonly to: Box;
  /** The peer group, or that of the master. */
  readonly group: number | null;
}

export interface Picture {
  readonly clusters: readonly Cluster[];
  /** Peer groups of which no table shows a member. */
  readonly groups: readonly Box[];
  /** Those of propagation; a cluster has those of its tree. */
  readonly lines: readonly Line[];
}

/** A mount table, of which some mounts are drawn. */
export interface DrawnTable extends NamespaceTable {
  /** The mounts that are drawn, each on the nearest of them that it lies on. Null or nothing for all. */
  readonly selected?: ReadonlySet<Mount> | null;
}

/** @param tables of one machine, read at one time. Those of one name count as one namespace. */
export function pictureOf(tables: readonly DrawnTable[]): Picture {
  const merged = mergedByName(tables);
  const boxes = new Map<string, Placed>();
  const clusters = merged.map((table, at) => clusterOf(table, at, boxes));
  const graph = [...propagationGraph(merged.map(withoutOthers)).values()].sort((a, b) => a.id - b.id);
  const groups = new Map(graph.filter(isDrawn).map((group) => [group.id, boxOfGroup(group)]));
  return { clusters, groups: [...groups.values()], lines: linesBetween(graph, boxes, groups) };
}

/** How many there are: of lines those of trees too. */
export function sizeOf({ clusters, groups, lines }: Picture): { readonly boxes: number; readonly lines: number } {
  const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
  return {
    boxes: groups.length + sum(clusters.map(({ boxes }) => boxes.length)),
    lines: lines.length + sum(clusters.map(({ tree }) => tree.length)),
  };
}

/** A box, and where it comes in the picture. */
interface Placed {
  readonly box: Box;
  readonly cluster: number;
  readonly order: number;
}

function mergedByName(tables: readonly DrawnTable[]): DrawnTable[] {
  const merged = new Map<string, DrawnTable>();
  for (const table of tables) {
    const { namespace, mounts, selected = null } = table;
    const known = merged.get(namespace) ?? { mounts: [], selected: new Set() };
    const ids = new Set(known.mounts.map(({ id }) => id));
    merged.set(namespace, {
      namespace,
      mounts: [...known.mounts, ...mounts.filter(({ id }) => !ids.has(id))],
      selected: selected === null || !known.selected ? null : new Set([...known.selected, ...selected]),
    });
  }
  return [...merged.values()];
}

/** Only the mounts that are drawn, so that a group of which none is has a box of its own. */
function withoutOthers({ namespace, mounts, selected = null }: DrawnTable): NamespaceTable {
  return { namespace, mounts: selected === null ? mounts : mounts.filter((mount) => selected.has(mount)) };
}

/** Adds its mounts to `placed`, by the key of {@link keyOf}. */
function clusterOf(
  { namespace, mounts, selected = null }: DrawnTable,
  cluster: number,
  placed: Map<string, Placed>,
): Cluster {
  const boxes: Box[] = [];
  const tree: Line[] = [];
  const add = (box: Box, parent: Box | null) => {
    boxes.push(box);
    if (parent !== null) tree.push({ kind: 'tree', from: parent, to: box, group: null });
    return box;
  };
  const nextId = () => `m${cluster}_${boxes.length}`;

  const open: { node: TreeNode; parent: Box | null }[] = [];
  const openAll = (nodes: readonly TreeNode[], parent: Box | null) => {
    for (const node of sorted(nodes).reverse()) open.push({ node, parent });
  };
  // Of the whole table, since what is not drawn can cover what is.
  const whole = mountTree(mounts);
  openAll(selected === null ? whole.roots : shownTrees(whole, ({ mount }) => selected.has(mount)), null);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node, parent } = next;
    const box = add(boxOfMount(node, nextId()), parent);
    placed.set(keyOf({ namespace, mount: node.mount }), { box, cluster, order: placed.size });
    const { shown, runs } = collapse(node.children);
    for (const run of runs) add(boxOfMore(run, nextId(), box), box);
    openAll(shown, box);
  }
  return { title: shortened(printable(namespace), TITLE_WIDTH), boxes, tree };
}

function sorted(nodes: readonly TreeNode[]): TreeNode[] {
  const placed = nodes.map((node) => ({ node, place: componentsOf(node.mount) }));
  placed.sort((a, b) => (isBefore(a.place, b.place) ? -1 : isBefore(b.place, a.place) ? 1 : 0));
  return placed.map(({ node }) => node);
}

function componentsOf({ mountPoint }: Mount): string[] {
  return mountPoint.split('/').filter((name) => name !== '');
}

/** As `propagationGraph` tells mounts apart. */
function keyOf({ namespace, mount }: Member): string {
  return `${mount.id} ${namespace}`;
}

function boxOfMount({ mount, visible }: TreeNode, id: string): Box {
  const state = propagationOf(mount);
  const text = [mount.mountPoint, inFindmnt(mount)].map((name) => shortened(printable(name), BOX_WIDTH));
  const said = inWords(mount);
  if (said !== null) text.push(said);
  if (!visible) text.push('covered by another mount');
  return {
    id,
    kind: 'mount',
    state,
    group: mount.peerGroup,
    master: mount.master,
    place: componentsOf(mount),
    text,
    details: [
      printable(mount.mountPoint),
      printable(inFindmnt(mount)),
      shortened(printable(mount.options.join(',')), 200),
      `mount ${mount.id} on ${mount.parentId}`,
    ],
  };
}

/** Type and source as findmnt(8) has them: `ext4 /dev/vda[/srv]` for a bind mount of a directory. */
function inFindmnt({ type, source, root }: Mount): string {
  const from = `${source === type ? '' : source}${root === '/' ? '' : `[${root}]`}`;
  return from === '' ? type : `${type} ${from}`;
}

/** What the state of a mount is, with the numbers. Nothing for one that is private, as most are. */
function inWords({ peerGroup, master, unbindable }: Mount): string | null {
  if (peerGroup !== null) return `peer group ${peerGroup}${master === null ? '' : `, slave of ${master}`}`;
  if (master !== null) return `slave of peer group ${master}`;
  return unbindable ? 'unbindable' : null;
}

function boxOfMore(nodes: readonly TreeNode[], id: string, parent: Box): Box {
  const types = typesOf(nodes).map(printable);
  const named = `${types.slice(0, 3).join(', ')}${types.length > 3 ? ' …' : ''}`;
  const points = nodes.map(({ mount }) => shortened(printable(mount.mountPoint), 80));
  return {
    id,
    kind: 'more',
    state: 'private',
    group: null,
    master: null,
    place: [...parent.place, ''],
    text: [shortened(`${nodes.length} more: ${named}`, BOX_WIDTH)],
    details: [...points.slice(0, 40), ...(points.length > 40 ? ['…'] : [])],
  };
}

function boxOfGroup({ id, master }: PeerGroup): Box {
  const text = [`peer group ${id}`, 'no member shown'];
  return { id: `g${id}`, kind: 'group', state: 'private', group: id, master, place: [], text, details: text };
}

/** Whether a group that has no member is drawn all the same: if it joins something. Else the words of its slave say all. */
function isDrawn({ members, slaves, slaveGroups, master }: PeerGroup): boolean {
  const receivers = slaves.filter(({ mount }) => mount.peerGroup === null).length + slaveGroups.length;
  return members.length === 0 && receivers + (master === null ? 0 : 1) >= 2;
}

function linesBetween(
  graph: readonly PeerGroup[],
  boxes: ReadonlyMap<string, Placed>,
  groups: ReadonlyMap<number, Box>,
): Line[] {
  const placedOf = (members: readonly Member[]) =>
    members
      .map((member) => boxes.get(keyOf(member)))
      .filter((placed) => placed !== undefined)
      .sort((a, b) => a.order - b.order);
  const membersOf = new Map(graph.map(({ id, members }) => [id, placedOf(members)]));
  /** What stands for a group, if anything does: its members, or a box of its own. */
  const endsOf = (id: number): Placed[] => {
    const members = membersOf.get(id) ?? [];
    const box = groups.get(id);
    return members.length > 0 || box === undefined ? members : [{ box, cluster: 0, order: -1 }];
  };

  return graph.flatMap(({ id, slaves, slaveGroups }) => {
    const members = membersOf.get(id) ?? [];
    const peers = members.slice(1).flatMap((member, i): Line[] => {
      const pair = nearest(members.slice(0, i + 1), [member]);
      return pair === null ? [] : [{ kind: 'peers', from: pair[0].box, to: pair[1].box, group: id }];
    });
    // All members of a shared group receive at once: one arrow is enough.
    const receivers = [
      ...placedOf(slaves.filter(({ mount }) => mount.peerGroup === null)).map((slave) => [slave]),
      ...slaveGroups.map(endsOf),
    ];
    const arrows = receivers.map((ends) => nearest(endsOf(id), ends)).filter((pair) => pair !== null);
    arrows.sort(([, a], [, b]) => a.order - b.order);
    return [...peers, ...arrows.map(([from, to]): Line => ({ kind: 'slave', from: from.box, to: to.box, group: id }))];
  });
}

/** Of two lists the pair that a line joins best: in namespaces close together, then in one place, then in places close together. */
function nearest(from: readonly Placed[], to: readonly Placed[]): [Placed, Placed] | null {
  let best: [Placed, Placed] | null = null;
  let least: Distance = [Number.POSITIVE_INFINITY, 0, 0];
  for (const a of from) {
    for (const b of to) {
      if (a.box === b.box) continue;
      const distance = distanceOf(a, b);
      if (!isLess(distance, least)) continue;
      best = [a, b];
      least = distance;
    }
  }
  return best;
}

type Distance = readonly [number, number, number];

function distanceOf(a: Placed, b: Placed): Distance {
  const isSamePlace =
    a.box.place.length === b.box.place.length && a.box.place.every((name, i) => name === b.box.place[i]);
  return [Math.abs(a.cluster - b.cluster), isSamePlace ? 0 : 1, Math.abs(a.order - b.order)];
}

function isLess(a: Distance, b: Distance): boolean {
  const i = a.findIndex((number, i) => number !== b[i]);
  return i >= 0 && (a[i] as number) < (b[i] as number);
}
