/**
 * Propagation of mounts: states, peer groups, masters and slaves. See mount_namespaces(7), "Shared subtrees", and
 * Documentation/filesystems/sharedsubtree.rst of the kernel.
 */
import type { Mount } from './mountinfo.ts';

/** The state of a mount, by the names of the kernel's document. */
export type Propagation = 'private' | 'shared' | 'slave' | 'shared,slave' | 'unbindable';

export function propagationOf({ peerGroup, master, unbindable }: Mount): Propagation {
  if (peerGroup !== null) return master === null ? 'shared' : 'shared,slave';
  if (master !== null) return 'slave';
  return unbindable ? 'unbindable' : 'private';
}

/** The same as findmnt(8) has it in its column PROPAGATION: `private,slave`. */
export function findmntPropagation({ peerGroup, master, unbindable }: Mount): string {
  return `${peerGroup === null ? 'private' : 'shared'}${master === null ? '' : ',slave'}${unbindable ? ',unbindable' : ''}`;
}

/** The mount table of a namespace, or of a process in it. */
export interface NamespaceTable {
  /** Any name. Of several tables with one name each mount counts once; a process with another root directory has another. */
  readonly namespace: string;
  readonly mounts: readonly Mount[];
}

export interface Member {
  readonly namespace: string;
  readonly mount: Mount;
}

/** Mounts that propagate to each other. */
export interface PeerGroup {
  readonly id: number;
  /** The peers: `shared:ID`. None, if no table given shows one. */
  readonly members: readonly Member[];
  /** The mounts that receive from it without sending back: `master:ID`. */
  readonly slaves: readonly Member[];
  /** The group that its members are slaves of, if they are. */
  readonly master: number | null;
  /** The groups of which it is that master. */
  readonly slaveGroups: readonly number[];
}

/**
 * The peer groups of several namespaces, by ID. IDs are those of one kernel, so groups reach across its namespaces: give
 * tables of one machine, read at one time.
 *
 * A group of which no table shows a member is there for its slaves. Its master is then known from their `propagate_from`:
 * the nearest group above that has a member in the same table, which need not be the next one.
 */
export function propagationGraph(tables: readonly NamespaceTable[]): ReadonlyMap<number, PeerGroup> {
  const groups = new Map<number, Group>();
  const group = (id: number) => {
    const known = groups.get(id) ?? new Group(id);
    groups.set(id, known);
    return known;
  };
  const members = new Map<string, Member>();
  for (const { namespace, mounts } of tables) {
    for (const mount of mounts) members.set(`${mount.id} ${namespace}`, { namespace, mount });
  }

  for (const member of members.values()) {
    const { peerGroup, master } = member.mount;
    if (peerGroup !== null) group(peerGroup).members.push(member);
    if (master !== null) group(master).slaves.push(member);
    if (peerGroup !== null && master !== null) group(peerGroup).master = master;
  }
  for (const { mount } of members.values()) {
    const { master, propagateFrom } = mount;
    if (master !== null && propagateFrom !== null) group(master).master ??= group(propagateFrom).id;
  }
  for (const { id, master } of groups.values()) if (master !== null) group(master).slaveGroups.push(id);
  return groups;
}

class Group implements PeerGroup {
  readonly id: number;
  readonly members: Member[] = [];
  readonly slaves: Member[] = [];
  readonly slaveGroups: number[] = [];
  master: number | null = null;

  constructor(id: number) {
    this.id = id;
  }
}
