/** A tmpfs that only this process and its children can see. The main job of ns-tool. */
import { lastMountedAt, type MountEntry, parseMounts } from '@ns-tool/mount-table';
import {
  AT_FDCWD,
  MS_NODEV,
  MS_NOSUID,
  O_CLOEXEC,
  O_RDONLY,
  readAll,
  readFile,
  type Sys,
  status,
} from '@ns-tool/syscalls';
import { UserError } from '../errors.ts';
import { mountNamespaceId } from '../namespace-id.ts';
import { type MountPoint, provideMountPoint } from './mount-point.ts';
import { enterPrivateMountNamespace } from './private-namespace.ts';
import { type TmpfsOptions, tmpfsData } from './tmpfs-options.ts';

export interface IsolatedTmpfs {
  /** Inode numbers of the mount namespace before and after: what `ls -l /proc/self/ns/mnt` shows in brackets. */
  readonly namespace: { readonly outside: number; readonly inside: number };
  /** Where it is mounted, and whether the host has that directory too. */
  readonly mountPoint: MountPoint;
  /** /proc/self/mounts inside the namespace, verbatim. */
  readonly table: Buffer;
  /** The same, parsed. */
  readonly mounts: readonly MountEntry[];
  /** The line of the table that is this tmpfs. */
  readonly mount: MountEntry;
  /**
   * Unmounts it, and removes the mount point unless the host has it too.
   *
   * @throws SyscallError EBUSY while a process has a file open or its working directory in it.
   */
  remove(): void;
}

/**
 * Moves this thread into a private mount namespace and mounts a tmpfs there.
 *
 * The parent's mount table and the host's directories do not change at any instant. There is nothing to undo if this
 * fails or the process dies: the mounts are gone with the last process in the namespace.
 *
 * @param target the mount point, an absolute path; need not exist.
 * @throws SyscallError with the call that failed; UsageError for wrong options; UserError if the mount is not where, or
 *   not as isolated, as it should be.
 */
export function isolateTmpfs(sys: Sys, target: string, options: TmpfsOptions): IsolatedTmpfs {
  const data = tmpfsData(options);
  const outside = mountNamespaceId(sys);
  // Opened now, it stays the parent's table: a descriptor of mountinfo belongs to the namespace it was opened in.
  const parentTable = sys.openat(AT_FDCWD, '/proc/thread-self/mountinfo', O_RDONLY | O_CLOEXEC);

  enterPrivateMountNamespace(sys);
  const mountPoint = provideMountPoint(sys, target);
  sys.mount('tmpfs', mountPoint.path, 'tmpfs', MS_NODEV | MS_NOSUID, data);

  const inside = mountNamespaceId(sys);
  const table = readFile(sys, '/proc/thread-self/mounts');
  const mounts = parseMounts(table);
  const mount = lastMountedAt(mounts, mountPoint.path);
  if (mount === undefined) {
    throw new UserError(
      `the tmpfs is not at ${mountPoint.path}`,
      'Someone renamed a directory of that path while it was mounted; choose one that only root can change.',
    );
  }
  refuseLeak(sys, parentTable, status(sys, AT_FDCWD, mountPoint.path).device);
  sys.close(parentTable);

  return {
    namespace: { outside, inside },
    mountPoint,
    table,
    mounts,
    mount,
    remove() {
      sys.umount2(mountPoint.path, 0);
      mountPoint.remove();
    },
  };
}

/** Looks whether a filesystem stands in the parent's mount table. Its device number is unique on the machine. */
function refuseLeak(sys: Sys, parentTable: number, device: string): void {
  const lines = readAll(sys, parentTable).toString('latin1').split('\n');
  // mountinfo: mount ID, parent ID, major:minor, …
  if (lines.some((line) => line.split(' ')[2] === device)) {
    throw new UserError(
      'the tmpfs is visible in the parent namespace',
      'This is a defect of ns-tool; please report it.',
    );
  }
}
