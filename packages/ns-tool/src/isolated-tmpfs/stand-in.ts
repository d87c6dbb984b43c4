/**
 * A stand-in for a directory: the same to look at, with room for one directory more.
 *
 * A mount namespace isolates mounts, not directories: a `mkdir` is visible to everybody, and an `rmdir` takes away, from
 * every namespace, the mounts that lie on the directory. So where a mount point is missing, it must not be made on the
 * host. Instead the nearest directory that exists is covered, in this namespace alone, by a small tmpfs with
 *
 * - each entry of the directory, bind-mounted to its old name (a symbolic link is written again);
 * - the missing directories;
 * - and then no way to write: what a program would create beside them would be lost with the namespace, and says so now
 *   (EROFS). Below the entries everything is the host's own and as writable as ever.
 *
 * Everything goes through file descriptors, not paths, so a directory that someone else renames or replaces by a symbolic
 * link meanwhile cannot lead it astray. It needs the mount API of Linux 5.2.
 */
import {
  AT_NO_AUTOMOUNT,
  AT_RECURSIVE,
  AT_REMOVEDIR,
  AT_SYMLINK_NOFOLLOW,
  type DirectoryEntry,
  FSCONFIG_CMD_CREATE,
  FSCONFIG_SET_STRING,
  FSMOUNT_CLOEXEC,
  FSOPEN_CLOEXEC,
  isErrno,
  MOVE_MOUNT_F_EMPTY_PATH,
  MOVE_MOUNT_T_EMPTY_PATH,
  MS_BIND,
  MS_RDONLY,
  MS_REMOUNT,
  O_DIRECTORY,
  O_RDONLY,
  OPEN_TREE_CLOEXEC,
  OPEN_TREE_CLONE,
  pathOf,
  readDirectory,
  readLink,
  S_IFDIR,
  S_IFLNK,
  S_IFREG,
  type Sys,
  status,
  withOpen,
} from '@ns-tool/syscalls';

/** A stand-in that is in place. */
export interface StandIn {
  /** Takes away the directories that were missing. The rest stays: a process that lives on may have its root there. */
  removeMissing(): void;
}

/**
 * Covers a directory, in this mount namespace, by a stand-in that has some directories more.
 *
 * @param directory an open directory. Where it is the root, this thread's root becomes the stand-in.
 * @param missing the directories to add, each inside the one before it.
 * @throws SyscallError ENOSYS before Linux 5.2; ENOSPC if the directory has more entries than fs.mount-max allows mounts.
 */
export function standInFor(sys: Sys, directory: number, missing: readonly string[]): StandIn {
  const isRoot = pathOf(sys, directory).equals(Buffer.from('/'));
  const entries = withOpen(sys, directory, '.', O_RDONLY | O_DIRECTORY, (fd) => readDirectory(sys, fd));
  const added = missing.map((_, i) => missing.slice(0, i + 1).join('/'));

  const cover = detachedTmpfs(sys, directory);
  sys.move_mount(cover, '', directory, '', MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
  for (const entry of entries) mirror(sys, directory, cover, entry);
  for (const path of added) sys.mkdirat(cover, path, 0o755);
  setWritable(sys, cover, false);
  if (isRoot) {
    // A mount on `/` covers nothing for who has that root already: path lookup starts below it.
    sys.fchdir(cover);
    sys.chroot('.');
  }

  return {
    removeMissing() {
      setWritable(sys, cover, true);
      for (const path of added.toReversed()) sys.unlinkat(cover, path, AT_REMOVEDIR);
      setWritable(sys, cover, false);
      sys.close(cover);
    },
  };
}

/** An empty tmpfs that no one can reach yet, with owner and mode of the directory that it will cover. */
function detachedTmpfs(sys: Sys, directory: number): number {
  const { mode, uid, gid } = status(sys, directory, '');
  const context = sys.fsopen('tmpfs', FSOPEN_CLOEXEC);
  const set = (key: string, value: string) => sys.fsconfig(context, FSCONFIG_SET_STRING, key, value, 0);
  set('source', 'ns-tool');
  set('mode', (mode & 0o7777).toString(8));
  try {
    set('uid', String(uid));
    set('gid', String(gid));
  } catch (error) {
    // In a user namespace, who has no ID there cannot own anything new. Then it is ours, and read-only all the same.
    if (!isErrno(error, 'EINVAL')) throw error;
  }
  sys.fsconfig(context, FSCONFIG_CMD_CREATE, null, null, 0);
  const mount = sys.fsmount(context, FSMOUNT_CLOEXEC, 0);
  sys.close(context);
  return mount;
}

/** Shows an entry of one directory under the same name in another. One that has vanished meanwhile is left out. */
function mirror(sys: Sys, from: number, to: number, { name, type }: DirectoryEntry): void {
  try {
    if (type === S_IFLNK) sys.symlinkat(readLink(sys, from, name), to, name);
    else bind(sys, from, to, name, type);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}

function bind(sys: Sys, from: number, to: number, name: Buffer, type: number): void {
  const tree = sys.open_tree(
    from,
    name,
    OPEN_TREE_CLONE | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_RECURSIVE | OPEN_TREE_CLOEXEC,
  );
  if (type === S_IFDIR) sys.mkdirat(to, name, 0o755);
  else sys.mknodat(to, name, S_IFREG | 0o644, 0);
  sys.move_mount(tree, '', to, name, MOVE_MOUNT_F_EMPTY_PATH);
  sys.close(tree);
}

function setWritable(sys: Sys, mount: number, writable: boolean): void {
  sys.mount(null, `/proc/self/fd/${mount}`, null, MS_REMOUNT | MS_BIND | (writable ? 0 : MS_RDONLY), null);
}
