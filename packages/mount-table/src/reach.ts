/** Who would see a mount: the rules by which the kernel propagates one (propagate_mnt in fs/pnode.c). */
import { componentsOf } from './directory.ts';
import { mountHolding, mountReceiving, namesIn } from './lookup.ts';
import { isDeleted, type Mount } from './mountinfo.ts';
import { joinPath, pathBelow } from './paths.ts';
import { type Member, type NamespaceTable, type PeerGroup, propagationGraph } from './propagation.ts';
import { type MountTree, mountTree } from './tree.ts';

/** Why a mount appears somewhere: there is … */
export type Reason =
  /** … the very mount that it is made on, in the table of another process. */
  | { readonly kind: 'same mount' }
  /** … a peer of it, in this group. */
  | { readonly kind: 'peer'; readonly group: number }
  /** … a slave of this group, which is the mount's own; or, with `via`, a group that is itself a slave of group `via`. */
  | { readonly kind: 'slave'; readonly group: number; readonly via: number | null };

/** A place at which a mount would appear. */
export interface Place {
  readonly namespace: string;
  /** Its mount point there. */
  readonly path: string;
  /** The mount that it would lie on. */
  readonly mount: Mount;
  /** Whether that path would lead to it: not if something is mounted there already, or over a directory above. */
  readonly visible: boolean;
  readonly reason: Reason;
}

/**
 * Where else a mount appears that is made at a path: everywhere the kernel propagates it to.
 *
 * A mount on a shared mount goes to all peers of that, to their slaves, and on to those slaves' peers and slaves; but only to
 * those that show the directory, which a bind mount of another directory does not. A mount on any other goes nowhere.
 *
 * @param tables of one machine, read at one time. Only in these can it appear.
 * @param namespace the one in which it is made.
 * @param path its mount point there; see `mountHolding`.
 * @returns nowhere else: an empty list. Null if unknown, since the table does not show the mount that holds the path.
 * @throws RangeError if there is no table of that namespace; TypeError for a path that `mountHolding` refuses.
 */
export function reach(tables: readonly NamespaceTable[], namespace: string, path: string): Place[] | null {
  const treeOf = trees(tables);
  const mount = mountReceiving(treeOf(namespace), path)?.mount;
  if (mount === undefined) return null;
  // Nothing can be mounted on what is deleted (d_set_mounted in fs/dcache.c).
  if (isDeleted(mount)) return [];
  const names = namesIn(path).slice(componentsOf(mount.mountPoint).length);
  const inFilesystem = joinPath(mount.root, names.map((name) => `/${name}`).join(''));

  const places: Place[] = [];
  const seen = new Set([`${mount.id} ${namespace}`]);
  for (const [receiver, reason] of receivers(tables, mount)) {
    const { namespace, mount } = receiver;
    const relative = pathBelow(inFilesystem, mount.root);
    const key = `${mount.id} ${namespace}`;
    if (relative === null || seen.has(key)) continue;
    seen.add(key);
    const path = joinPath(mount.mountPoint, relative);
    // What is mounted over the root is not seen: lookup starts beneath.
    const visible = path !== '/' && mountHolding(treeOf(namespace), path)?.mount.id === mount.id;
    places.push({ namespace, path, mount, visible, reason });
  }
  return places;
}

/** The mounts to which one is propagated that is made on this mount. */
function* receivers(tables: readonly NamespaceTable[], mount: Mount): Generator<[Member, Reason]> {
  for (const { namespace, mounts } of tables) {
    for (const same of mounts) if (same.id === mount.id) yield [{ namespace, mount: same }, { kind: 'same mount' }];
  }
  const graph = propagationGraph(tables);
  const groups: { group: PeerGroup | undefined; via: number | null }[] = [];
  const seen = new Set<number>();
  const go = (id: number, via: number | null) => {
    if (!seen.has(id)) groups.push({ group: graph.get(id), via });
    seen.add(id);
  };
  if (mount.peerGroup !== null) go(mount.peerGroup, null);
  // Grows while it is walked.
  for (const { group, via } of groups) {
    if (group === undefined) continue;
    for (const member of group.members) yield [member, { kind: 'peer', group: group.id }];
    for (const slave of group.slaves) yield [slave, { kind: 'slave', group: group.id, via }];
    for (const id of group.slaveGroups) go(id, group.id);
  }
}

/** The tree of each namespace, made when it is asked for. */
function trees(tables: readonly NamespaceTable[]): (namespace: string) => MountTree {
  const known = new Map<string, MountTree>();
  // Of several with one name the first counts.
  const byName = new Map(tables.toReversed().map((table) => [table.namespace, table]));
  return (namespace) => {
    const made = known.get(namespace);
    if (made !== undefined) return made;
    const table = byName.get(namespace);
    if (table === undefined) throw new RangeError(`no table of the namespace ${namespace}`);
    const tree = mountTree(table.mounts);
    known.set(namespace, tree);
    return tree;
  };
}
