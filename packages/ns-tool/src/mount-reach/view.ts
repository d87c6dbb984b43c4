/** What the processes of a mount namespace see of it from their root directory. Pure. */
import { joinPath, type Mount, pathBelow } from '@ns-tool/mount-table';

/** A root directory of processes. */
export interface RootDirectory {
  /** Where it is, as the kernel tells this process: from this process's root, or from that of the other namespace. */
  readonly path: string;
  /** The mount that it is in; null before Linux 5.8, which has STATX_MNT_ID. */
  readonly mountId: number | null;
  /** Which directory it is, in words that no other has. */
  readonly identity: string;
}

/** The view of all processes that share a mount namespace and a root directory. */
export interface View {
  /** `mnt:[4026531841]`. */
  readonly namespace: string;
  readonly root: RootDirectory;
  /** The lowest pid of them. */
  readonly pid: number;
  /** The name of that process. */
  readonly command: string;
  /** The mounts below the root directory, as /proc/PID/mountinfo has them. */
  readonly mounts: readonly Mount[];
  /** Whether the mount at `/` is only borrowed from another view: the root directory is no mount point. */
  readonly isRootBorrowed: boolean;
}

/** Whether the table shows the mount that holds the root directory. */
export function showsRoot({ root, mounts }: View): boolean {
  return mounts.some(({ id, mountPoint }) => mountPoint === '/' && id === root.mountId);
}

/** A mount as it is seen in a view. */
export interface Holder {
  readonly view: View;
  readonly mount: Mount;
}

/** Finds a mount of a namespace by its ID, in the first of the views that show it. Linear to make. */
export function holders(views: readonly View[]): (namespace: string, id: number | null) => Holder | undefined {
  const known = new Map<string, Holder>();
  for (const view of views) {
    for (const mount of view.mounts) {
      const key = `${view.namespace} ${mount.id}`;
      if (!known.has(key)) known.set(key, { view, mount });
    }
  }
  return (namespace, id) => known.get(`${namespace} ${id}`);
}

/** Where in the view of the holder a root directory must be, if the kernel has told both paths from the same place. */
export function pathInView({ path }: RootDirectory, { view, mount }: Holder): string | null {
  const relative = pathBelow(path, joinPath(view.root.path, mount.mountPoint));
  return relative === null ? null : joinPath(mount.mountPoint, relative);
}

/**
 * The view with a line for the mount that holds the root directory, as there would be if that were a mount point: after
 * chroot(2) to a directory that is none, the kernel shows no mount at `/`.
 *
 * @param path that of the root directory in the view of the holder.
 */
export function withRoot(view: View, { mount }: Holder, path: string): View {
  const root = joinPath(mount.root, pathBelow(path, mount.mountPoint) ?? '');
  return { ...view, mounts: [{ ...mount, root, mountPoint: '/' }, ...view.mounts], isRootBorrowed: true };
}
