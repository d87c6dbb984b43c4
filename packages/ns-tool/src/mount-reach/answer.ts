/** Who would see a mount, from what was read of all processes. Pure. */
import {
  isDeleted,
  type Mount,
  mountHolding,
  mountReceiving,
  mountTree,
  type Propagation,
  propagationOf,
  type Reason,
  reach,
} from '@ns-tool/mount-table';
import { namespaceIdIn } from '../namespace-id.ts';
import type { View } from './view.ts';

/** A place at which the mount would appear too. */
export interface AnswerPlace {
  /** The mount namespace, by its inode number. */
  readonly namespace: number;
  /** The lowest pid of the processes that see it there. */
  readonly pid: number;
  readonly command: string;
  readonly path: string;
  readonly reason: Reason;
  readonly visible: boolean;
}

export interface Answer {
  readonly path: string;
  /** The mount that it would lie on. */
  readonly mount: Mount;
  readonly state: Propagation;
  /** Whether a path leads to that mount, so that mount(8) can change its propagation. */
  readonly isAddressable: boolean;
  readonly isDeleted: boolean;
  readonly places: readonly AnswerPlace[];
}

/**
 * Who would see a mount that is made at a path.
 *
 * @param path as from `resolveIn`.
 * @param asked one of the views: that of the process for which the path is meant.
 * @returns null if unknown: no table shows the mount that holds the path.
 */
export function answer(views: readonly View[], asked: View, path: string): Answer | null {
  const byName = new Map(views.map((view, i) => [String(i), view]));
  const tables = Array.from(byName, ([namespace, { mounts }]) => ({ namespace, mounts }));
  const places = reach(tables, String(views.indexOf(asked)), path);
  const tree = mountTree(asked.mounts);
  const mount = mountReceiving(tree, path)?.mount;
  if (places === null || mount === undefined) return null;
  return {
    path,
    mount,
    state: propagationOf(mount),
    isAddressable: !isBorrowed(asked, mount) && mountHolding(tree, mount.mountPoint)?.mount.id === mount.id,
    isDeleted: isDeleted(mount),
    places: places.map(({ namespace: name, path, reason, visible }) => {
      const { namespace, pid, command } = byName.get(name) as View;
      return { namespace: namespaceIdIn(namespace), pid, command, path, reason, visible };
    }),
  };
}

function isBorrowed({ isRootBorrowed, root }: View, { id, mountPoint }: Mount): boolean {
  return isRootBorrowed && mountPoint === '/' && id === root.mountId;
}
