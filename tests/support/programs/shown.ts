/** Makes harmless calls, most of which fail, and prints how they are shown. strace looks on, and must write the same. */
import { tmpdir } from 'node:os';
import {
  AF_NETLINK,
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_RECURSIVE,
  AT_REMOVEDIR,
  AT_SYMLINK_NOFOLLOW,
  CLONE_NEWNS,
  CLONE_NEWUTS,
  FSCONFIG_SET_STRING,
  FSOPEN_CLOEXEC,
  MNT_DETACH,
  MOVE_MOUNT_F_EMPTY_PATH,
  MS_BIND,
  MS_NODEV,
  MS_NOSUID,
  MS_PRIVATE,
  MS_RDONLY,
  MS_REC,
  makedev,
  NETLINK_ROUTE,
  O_CLOEXEC,
  O_DIRECTORY,
  O_NOATIME,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
  O_RDWR,
  OPEN_TREE_CLOEXEC,
  OPEN_TREE_CLONE,
  S_IFCHR,
  SOCK_CLOEXEC,
  SOCK_RAW,
  sys,
  trace,
} from '@ns-tool/syscalls';

const traced = trace(sys, (line) => console.log(line));
const nowhere = `${tmpdir()}/no such\ndirectory é/x`;

const attempts: readonly (() => unknown)[] = [
  () => traced.mount(null, nowhere, null, MS_REC | MS_PRIVATE, null),
  () => traced.mount('a', nowhere, 'tmpfs', MS_NODEV | MS_NOSUID | MS_RDONLY, 'size=1m'),
  () => traced.mount('a', nowhere, null, MS_BIND | MS_REC, null),
  () => traced.umount2(nowhere, MNT_DETACH),
  () => traced.umount2(nowhere, 0),
  () => traced.setns(999, CLONE_NEWNS),
  () => traced.setns(999, CLONE_NEWNS | CLONE_NEWUTS),
  () => traced.chroot(nowhere),
  () => traced.chdir(nowhere),
  () => traced.fchdir(999),
  () => traced.pivot_root(nowhere, nowhere),
  () => traced.openat(AT_FDCWD, nowhere, O_RDONLY | O_CLOEXEC),
  () => traced.openat(AT_FDCWD, nowhere, O_RDWR | O_NOFOLLOW | O_NOATIME | O_NONBLOCK),
  () => traced.openat(AT_FDCWD, '/', O_RDONLY | O_DIRECTORY | O_PATH | O_CLOEXEC),
  () => traced.close(999),
  () => traced.mkdirat(AT_FDCWD, nowhere, 0o750),
  () => traced.mknodat(999, 'null', S_IFCHR | 0o666, makedev(1, 3)),
  () => traced.symlinkat('target', 999, 'link'),
  () => traced.unlinkat(999, 'd', AT_REMOVEDIR),
  () => traced.open_tree(AT_FDCWD, nowhere, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW | AT_RECURSIVE),
  () => traced.move_mount(999, '', 998, 'x', MOVE_MOUNT_F_EMPTY_PATH),
  () => traced.fsopen('no-such-filesystem', FSOPEN_CLOEXEC),
  () => traced.fsconfig(999, FSCONFIG_SET_STRING, 'mode', '755', 0),
  () => traced.fsmount(999, 0, 0),
  () => traced.open_tree(999, '', AT_EMPTY_PATH),
  () => traced.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE),
];

for (const attempt of attempts) {
  try {
    attempt();
  } catch {
    // Shown already, and what it is does not matter here.
  }
}
