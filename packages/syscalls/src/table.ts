/**
 * The table of system calls: each is described once, here.
 *
 * From a description come, and so cannot disagree:
 *
 * - **run here** (run.ts): `sys.mount(…)` performs the call on the calling thread;
 * - **show** (show.ts): the call as strace writes it, for `--trace` and for errors;
 * - **record**: the call as a step of a program that a child runs. Not written yet; it reads this table too.
 *
 * An entry is the function's type, its number on each architecture, and the kind of each argument, in the kernel's order.
 * The compiler holds the kinds against the type. Numbers: arch/x86/entry/syscalls/syscall_64.tbl for x86-64, and
 * include/uapi/asm-generic/unistd.h for arm64.
 */
import {
  FSCONFIG_COMMANDS,
  FSMOUNT_FLAGS,
  FSOPEN_FLAGS,
  MOUNT_ATTRS,
  MOUNT_FLAGS,
  MOVE_MOUNT_FLAGS,
  NAMESPACE_FLAGS,
  OPEN_FLAGS,
  OPEN_TREE_FLAGS,
  STATX_FLAGS,
  STATX_MASKS,
  UMOUNT_FLAGS,
  UNLINK_FLAGS,
  UNSHARE_FLAGS,
} from './constants.ts';
import {
  counted,
  device,
  dirFd,
  fd,
  filled,
  flags,
  int,
  type Kind,
  milliseconds,
  mode,
  nodeMode,
  nullable,
  oneOf,
  openFlags,
  type PollFd,
  pollFds,
  struct,
  type Text,
  text,
} from './kinds.ts';
import type { Architecture } from './platform.ts';

/** The type of a system call here: arguments in the kernel's order, the result a number. */
// biome-ignore lint/suspicious/noExplicitAny: the bound of every entry, each of which has exact argument types
type Signature = (...args: any[]) => number;

/** A kind for each argument. */
type KindsOf<Args extends readonly unknown[]> = { readonly [I in keyof Args]: Kind<Args[I]> };

/** One entry of the table. */
export interface Description<F extends Signature = Signature> {
  readonly number: Readonly<Record<Architecture, number>>;
  // biome-ignore lint/suspicious/noExplicitAny: `call` has held the kinds against the arguments of F
  readonly kinds: readonly Kind<any>[];
  /** The function's type. Exists for the compiler only. */
  readonly signature?: F;
}

function call<F extends Signature>(x64: number, arm64: number, ...kinds: KindsOf<Parameters<F>>): Description<F> {
  return { number: { x64, arm64 }, kinds };
}

export const table = {
  /**
   * Moves **the calling thread alone** out of the namespaces it shares with its parent. unshare(2).
   *
   * After `unshare(CLONE_NEWNS)` on Node's main thread, `fs.*Sync` and child processes are in the new mount namespace;
   * `fs.promises` and callback `fs` run on other threads and are still outside.
   *
   * @throws EPERM without CAP_SYS_ADMIN; EINVAL for CLONE_NEWUSER, always, since Node has many threads; ENOSPC beyond a
   *   limit of /proc/sys/user/.
   */
  unshare: call<(flags: number) => number>(272, 97, flags(UNSHARE_FLAGS)),

  /**
   * Moves the calling thread into the namespace that `fd` is open on (a file of /proc/PID/ns, or a pidfd). setns(2).
   *
   * @param nstype which kind `fd` must be, or 0 for any.
   * @throws EINVAL for the wrong kind, and for user and mount namespaces where the process has several threads that share
   *   their root; EPERM without CAP_SYS_ADMIN over the target.
   */
  setns: call<(fd: number, nstype: number) => number>(308, 268, fd, flags(NAMESPACE_FLAGS)),

  /**
   * Mounts a filesystem, or changes, binds, moves a mount; which of them, the flags decide. mount(2).
   *
   * @param source what to mount, `'tmpfs'` for instance; null where the flags make it meaningless.
   * @param data options of the filesystem, comma-separated: `'size=10m,mode=0755'`.
   * @throws EPERM without CAP_SYS_ADMIN; ENOENT if the target does not exist; ENODEV if the kernel lacks the filesystem;
   *   ENOTDIR if the target is no directory; EINVAL for contradicting flags or options; ENOSPC beyond fs.mount-max.
   */
  mount: call<
    (source: Text | null, target: Text, filesystemtype: Text | null, mountflags: number, data: Text | null) => number
  >(165, 40, nullable(text), text, nullable(text), flags(MOUNT_FLAGS), nullable(text)),

  /**
   * Removes the topmost mount at `target`. umount(2).
   *
   * @throws EBUSY while a file in it is open or is a working directory, or a mount lies below it; EINVAL if `target` is
   *   not a mount point, or the mount is locked; EPERM without CAP_SYS_ADMIN.
   */
  umount2: call<(target: Text, flags: number) => number>(166, 39, text, flags(UMOUNT_FLAGS)),

  /**
   * Makes `newRoot` the root mount and moves the old one to `putOld`. pivot_root(2).
   *
   * @throws EINVAL if `newRoot` is not a mount point, its parent mount or the current root's is shared, or `putOld` is not
   *   below it; EBUSY if either is on the current root mount; ENOTDIR; EPERM without CAP_SYS_ADMIN.
   */
  pivot_root: call<(newRoot: Text, putOld: Text) => number>(155, 41, text, text),

  /** Changes the root of path lookups, for this thread, which shares it with the others until CLONE_FS. chroot(2). */
  chroot: call<(path: Text) => number>(161, 51, text),

  /** Changes the working directory. chdir(2). */
  chdir: call<(path: Text) => number>(80, 49, text),

  /** Changes the working directory to an open directory. fchdir(2). */
  fchdir: call<(fd: number) => number>(81, 50, fd),

  /**
   * Makes a device node, a fifo, a socket or an empty file. mknod(2).
   *
   * @param mode file type and permission bits: `S_IFCHR | 0o666`. The umask applies.
   * @param dev the device, from `makedev(major, minor)`; 0 for what is no device.
   * @throws EPERM for a device without CAP_MKNOD, or in a user namespace; EEXIST.
   */
  mknodat: call<(dirfd: number, pathname: Text, mode: number, dev: number) => number>(
    259,
    33,
    dirFd,
    text,
    nodeMode,
    device,
  ),

  /** Sets the host name of this UTS namespace, at most 64 bytes. sethostname(2). @throws EPERM; EINVAL if too long. */
  sethostname: call<(name: Text) => number>(170, 161, counted),

  /**
   * Waits until one of the files is ready, and fills in `revents`. poll(2). Blocks this thread, and with it the event loop.
   *
   * Made as ppoll(2) without a signal mask: arm64 has no poll.
   *
   * @param timeout milliseconds; 0 returns at once, below 0 waits without end.
   * @returns the number of files with an event; 0 at the timeout.
   * @throws EINTR if a signal handler ran.
   */
  poll: call<(fds: readonly PollFd[], timeout: number) => number>(271, 73, pollFds, milliseconds),

  /** Opens a file that exists and returns its descriptor. open(2). @throws ENOENT, ENOTDIR, EACCES, ELOOP as open(2). */
  openat: call<(dirfd: number, pathname: Text, flags: number) => number>(257, 56, dirFd, text, openFlags(OPEN_FLAGS)),

  /** Closes a file descriptor. close(2). */
  close: call<(fd: number) => number>(3, 57, fd),

  /** Reads into `buffer` and returns the number of bytes, 0 at the end. read(2). */
  read: call<(fd: number, buffer: Uint8Array) => number>(0, 63, fd, filled),

  /** Reads directory entries (struct linux_dirent64) into `buffer`; returns their bytes, 0 at the end. getdents64(2). */
  getdents64: call<(fd: number, buffer: Uint8Array) => number>(217, 61, fd, filled),

  /** Reads where a symbolic link points, and returns its length; an empty path names `dirfd` itself. readlink(2). */
  readlinkat: call<(dirfd: number, pathname: Text, buffer: Uint8Array) => number>(267, 78, dirFd, text, filled),

  /** Makes a symbolic link to `target`. symlink(2). */
  symlinkat: call<(target: Text, newdirfd: number, linkpath: Text) => number>(266, 36, text, dirFd, text),

  /** Makes a directory. The umask applies to `mode`. mkdir(2). */
  mkdirat: call<(dirfd: number, pathname: Text, mode: number) => number>(258, 34, dirFd, text, mode),

  /** Removes a name: with AT_REMOVEDIR of an empty directory. unlink(2), rmdir(2). */
  unlinkat: call<(dirfd: number, pathname: Text, flags: number) => number>(263, 35, dirFd, text, flags(UNLINK_FLAGS)),

  /** Fills a struct statx of 256 bytes; see files.ts for one in words. statx(2). */
  statx: call<(dirfd: number, pathname: Text, flags: number, mask: number, statx: Uint8Array) => number>(
    332,
    291,
    dirFd,
    text,
    flags(STATX_FLAGS),
    flags(STATX_MASKS),
    struct(256),
  ),

  /**
   * Returns a descriptor of a mount, or with OPEN_TREE_CLONE of a detached copy of it. open_tree(2), Linux 5.2.
   *
   * @throws EPERM without CAP_SYS_ADMIN (to clone); EINVAL if the mount is unbindable.
   */
  open_tree: call<(dirfd: number, pathname: Text, flags: number) => number>(
    428,
    428,
    dirFd,
    text,
    flags(OPEN_TREE_FLAGS),
  ),

  /** Attaches a detached mount, or moves an attached one. move_mount(2), Linux 5.2. @throws the errors of mount(2). */
  move_mount: call<(fromDirfd: number, fromPathname: Text, toDirfd: number, toPathname: Text, flags: number) => number>(
    429,
    429,
    dirFd,
    text,
    dirFd,
    text,
    flags(MOVE_MOUNT_FLAGS),
  ),

  /** Opens a context in which a filesystem is set up. fsopen(2), Linux 5.2. @throws ENODEV for an unknown filesystem. */
  fsopen: call<(fsname: Text, flags: number) => number>(430, 430, text, flags(FSOPEN_FLAGS)),

  /** Sets a parameter of a filesystem context, or creates the filesystem. fsconfig(2), Linux 5.2. */
  fsconfig: call<(fd: number, cmd: number, key: Text | null, value: Text | null, aux: number) => number>(
    431,
    431,
    fd,
    oneOf(FSCONFIG_COMMANDS),
    nullable(text),
    nullable(text),
    int,
  ),

  /** Makes a detached mount of a filesystem that was created in `fd`'s context. fsmount(2), Linux 5.2. */
  fsmount: call<(fd: number, flags: number, attrFlags: number) => number>(
    432,
    432,
    fd,
    flags(FSMOUNT_FLAGS),
    flags(MOUNT_ATTRS),
  ),
} as const;

type Table = typeof table;

/** The name of a system call in the table. */
export type SyscallName = keyof Table;

/** The arguments of a system call, as a tuple. */
export type SyscallArgs<N extends SyscallName> = Parameters<Sys[N]>;

/**
 * The system calls as typed functions. Each returns the call's result and throws a `SyscallError` where the kernel
 * returned an error, or a `TypeError` for an argument that must not reach the kernel.
 */
export type Sys = {
  readonly [N in SyscallName]: NonNullable<Table[N]['signature']>;
};
