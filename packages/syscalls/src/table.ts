/**
 * The table of system calls: each is described once, here.
 *
 * From a description come, and so cannot disagree:
 *
 * - **run here** (run.ts): `sys.mount(…)` performs the call on the calling thread;
 * - **record** (record.ts): the call becomes a step of a program, which a child runs;
 * - **show** (show.ts): the call as strace writes it, for `--trace` and for errors.
 *
 * An entry is the function's type, its number on each architecture, and the kind of each argument, in the kernel's order.
 * The compiler holds the kinds against the type. Numbers: arch/x86/entry/syscalls/syscall_64.tbl for x86-64, and
 * include/uapi/asm-generic/unistd.h for arm64.
 */
import {
  ADDRESS_FAMILIES,
  CLONE_FLAGS,
  CLOSE_RANGE_FLAGS,
  DUP_FLAGS,
  EXECVEAT_FLAGS,
  FCNTL_COMMANDS,
  FLOCK_OPERATIONS,
  FSCONFIG_COMMANDS,
  FSMOUNT_FLAGS,
  FSOPEN_FLAGS,
  IOCTL_COMMANDS,
  KEYCTL_OPERATIONS,
  MAP_FLAGS,
  MEMFD_FLAGS,
  MOUNT_ATTRS,
  MOUNT_FLAGS,
  MOUNT_SETATTR_FLAGS,
  MOVE_MOUNT_FLAGS,
  NAMESPACE_FLAGS,
  NETLINK_PROTOCOLS,
  OPEN_FLAGS,
  OPEN_TREE_FLAGS,
  PIDFD_FLAGS,
  PIPE_FLAGS,
  PRCTL_OPTIONS,
  PROTECTIONS,
  PTRACE_REQUESTS,
  RESOLVE_FLAGS,
  SIGPROCMASK_HOWS,
  STATX_FLAGS,
  STATX_MASKS,
  UMOUNT_FLAGS,
  UNLINK_FLAGS,
  UNSHARE_FLAGS,
  UTIMENSAT_FLAGS,
  WAITID_OPTIONS,
  WAITID_TYPES,
  WHENCES,
  XATTR_FLAGS,
} from './constants.ts';
import type { ErrnoName } from './errno.ts';
import {
  type CloneArgs,
  cloneArgs,
  content,
  counted,
  device,
  dirFd,
  type EnvironmentInMemory,
  environment,
  fd,
  filled,
  filledIds,
  flags,
  given,
  id,
  ids,
  int,
  int32,
  ioctlArgument,
  type Kind,
  lastFd,
  type MountAttr,
  milliseconds,
  mode,
  mountAttr,
  nodeMode,
  none,
  nullable,
  type OpenHow,
  oneOf,
  openFlags,
  openHow,
  type PollFd,
  pollFds,
  socketType,
  struct,
  type Text,
  type Timespec,
  text,
  texts,
  timespecs,
  unshown,
} from './kinds.ts';
import type { Architecture } from './platform.ts';

/** The type of a system call here: arguments in the kernel's order, the result a number. */
// biome-ignore lint/suspicious/noExplicitAny: the bound of every entry, each of which has exact argument types
type Signature = (...args: any[]) => number;

/** A kind for each argument. */
type KindsOf<Args extends readonly unknown[]> = { readonly [I in keyof Args]: Kind<Args[I]> };

/** A struct sigaction of the kernel's: handler, flags, restorer, and a set of signals, 8 bytes each. */
const SIGACTION_SIZE = 32;

/** One entry of the table. */
export interface Description<F extends Signature = Signature> {
  readonly number: Readonly<Record<Architecture, number>>;
  // biome-ignore lint/suspicious/noExplicitAny: `call` has held the kinds against the arguments of F
  readonly kinds: readonly Kind<any>[];
  /**
   * The call makes a process, so it can be a step of a program only: the list goes on in the child, and who has made the
   * call ends. Made here, it would leave a second process in the midst of this JavaScript.
   */
  readonly forks?: true;
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
   * After `unshare(CLONE_NEWNS)` on Node's main thread, `fs.*Sync` and child processes are in the new mount namespace.
   * `fs.promises` and callback `fs` run on the threads of libuv's pool, which stay where they were when the first of these
   * calls started them: outside, nearly always. tests/syscalls/thread-trap.test.ts shows it. A child from `spawn` has no
   * such trap.
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

  /**
   * Opens a file that exists, and says how the path to it may lead. openat2(2), Linux 5.6.
   *
   * @throws the errors of open(2); ELOOP for a link that `resolve` forbids; EAGAIN if something was renamed meanwhile.
   */
  openat2: call<(dirfd: number, pathname: Text, how: OpenHow) => number>(
    437,
    437,
    dirFd,
    text,
    openHow(OPEN_FLAGS, RESOLVE_FLAGS),
  ),

  /** Closes a file descriptor. close(2). */
  close: call<(fd: number) => number>(3, 57, fd),

  /** Reads into `buffer` and returns the number of bytes, 0 at the end. read(2). */
  read: call<(fd: number, buffer: Uint8Array) => number>(0, 63, fd, filled),

  /** Moves the position in an open file by `offset` bytes from `whence`, and returns it. lseek(2). */
  lseek: call<(fd: number, offset: number, whence: number) => number>(8, 62, fd, int, oneOf(WHENCES)),

  /** Reads directory entries (struct linux_dirent64) into `buffer`; returns their bytes, 0 at the end. getdents64(2). */
  getdents64: call<(fd: number, buffer: Uint8Array) => number>(217, 61, fd, filled),

  /** Reads where a symbolic link points, and returns its length; an empty path names `dirfd` itself. readlink(2). */
  readlinkat: call<(dirfd: number, pathname: Text, buffer: Uint8Array) => number>(267, 78, dirFd, text, filled),

  /** Makes a symbolic link to `target`. symlink(2). */
  symlinkat: call<(target: Text, newdirfd: number, linkpath: Text) => number>(266, 36, text, dirFd, text),

  /** Makes a directory. The umask applies to `mode`. mkdir(2). */
  mkdirat: call<(dirfd: number, pathname: Text, mode: number) => number>(258, 34, dirFd, text, mode),

  /** Sets which permission bits new files do not get, and returns what was set before. umask(2). */
  umask: call<(mask: number) => number>(95, 166, mode),

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
   * Sets the times of last access and of last modification, to the nanosecond. utimensat(2).
   *
   * @param flags AT_SYMLINK_NOFOLLOW for the link itself, if it is one.
   * @throws EPERM, EACCES for who neither owns the file nor has CAP_FOWNER; EINVAL for nanoseconds beyond a second.
   */
  utimensat: call<
    (dirfd: number, pathname: Text, times: readonly [atime: Timespec, mtime: Timespec], flags: number) => number
  >(280, 88, dirFd, text, timespecs, flags(UTIMENSAT_FLAGS)),

  /**
   * Sets an extended attribute of a file, of the link itself if it is one. setxattr(2), xattr(7).
   *
   * @throws EOPNOTSUPP if the filesystem has none of that kind; EPERM for `trusted.` without CAP_SYS_ADMIN, for
   *   `security.capability` without CAP_SETFCAP, and for `user.` on what is neither a file nor a directory; ENOSPC, E2BIG,
   *   ERANGE if name or value are too long; EEXIST, ENODATA as the flags ask.
   */
  lsetxattr: call<(path: Text, name: Text, value: Text, flags: number) => number>(
    189,
    6,
    text,
    text,
    content,
    flags(XATTR_FLAGS),
  ),

  /**
   * Reads an extended attribute of a file, of the link itself if it is one, and returns its length. getxattr(2).
   *
   * @throws ENODATA if there is none; ERANGE if the buffer is too small; EOPNOTSUPP.
   */
  lgetxattr: call<(path: Text, name: Text, buffer: Uint8Array) => number>(192, 9, text, text, filled),

  /** Lists the names of the extended attributes of a file, each with a NUL behind, and returns their length. listxattr(2). */
  llistxattr: call<(path: Text, buffer: Uint8Array) => number>(195, 12, text, filled),

  /**
   * Removes an extended attribute of a file, of the link itself if it is one. removexattr(2).
   *
   * @throws ENODATA if there is none; EPERM as lsetxattr; EOPNOTSUPP.
   */
  lremovexattr: call<(path: Text, name: Text) => number>(198, 15, text, text),

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

  /**
   * Changes the properties of a mount, with AT_RECURSIVE of all below it too. mount_setattr(2), Linux 5.12.
   *
   * @throws EPERM without CAP_SYS_ADMIN, or for a property that is locked; EINVAL if it is no mount.
   */
  mount_setattr: call<(dirfd: number, pathname: Text, flags: number, attr: MountAttr) => number>(
    442,
    442,
    dirFd,
    text,
    flags(MOUNT_SETATTR_FLAGS),
    mountAttr(MOUNT_ATTRS),
  ),

  /**
   * Fills in the IDs of the mounts below one, 8 bytes each, as many as there is room for, and returns how many.
   * listmount(2), Linux 6.8.
   *
   * @param req a struct mnt_id_req, 24 bytes: which mount, and after which ID to go on.
   * @throws ENOSYS before Linux 6.8; EPERM for another namespace without the privilege; EINVAL.
   */
  listmount: call<(req: Uint8Array, ids: Uint8Array, flags: number) => number>(458, 458, given(24), filledIds, int),

  /**
   * Fills in what the request asks of one mount: a struct statmount of 512 bytes, then strings. statmount(2), Linux 6.8.
   *
   * @param req a struct mnt_id_req, 24 bytes: which mount, and what of it.
   * @throws ENOSYS before Linux 6.8; ENOENT if there is no such mount; EOVERFLOW if the strings do not fit.
   */
  statmount: call<(req: Uint8Array, buffer: Uint8Array, flags: number) => number>(457, 457, given(24), filled, int),

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
    int32,
  ),

  /** Makes a detached mount of a filesystem that was created in `fd`'s context. fsmount(2), Linux 5.2. */
  fsmount: call<(fd: number, flags: number, attrFlags: number) => number>(
    432,
    432,
    fd,
    flags(FSMOUNT_FLAGS),
    flags(MOUNT_ATTRS),
  ),

  /** Writes bytes, and returns how many. A string is written as UTF-8. write(2). */
  write: call<(fd: number, bytes: Text) => number>(1, 64, fd, content),

  /**
   * Takes or releases a lock of an open file, which the kernel releases with its last descriptor. flock(2).
   * EWOULDBLOCK (EAGAIN): with LOCK_NB, somebody else has it.
   */
  flock: call<(fd: number, operation: number) => number>(73, 32, fd, flags(FLOCK_OPERATIONS)),

  /** Duplicates a descriptor, or sets its close-on-exec flag; which of them, the command decides. fcntl(2). */
  fcntl: call<(fd: number, cmd: number, arg: number) => number>(72, 25, fd, oneOf(FCNTL_COMMANDS), int),

  /**
   * Asks something of an open file; what, the command says: of a namespace as ioctl_ns(2) has it, or of a terminal. ioctl(2).
   *
   * @param argp null, a number, or memory to read or to fill, of 8 bytes at least: as the command has it. What is filled
   *   is handed back to who calls it here, not from a child.
   * @returns a descriptor, close-on-exec, for NS_GET_USERNS and NS_GET_PARENT, or as its flags say for TIOCGPTPEER; the kind
   *   for NS_GET_NSTYPE; 0 otherwise.
   * @throws EPERM if the owner or the parent is outside of one's own user or pid namespace; EINVAL for the parent of a
   *   namespace that is neither a user nor a pid namespace, and for the owner's ID of one that is no user namespace; ENOTTY
   *   if the file is none that knows the command; EFAULT without the memory.
   */
  ioctl: call<(fd: number, request: number, argp: Uint8Array | number | null) => number>(
    16,
    29,
    fd,
    oneOf(IOCTL_COMMANDS),
    ioctlArgument,
  ),

  /**
   * Opens a socket; here one to the kernel itself: each message that is written to it, the kernel answers with messages,
   * of which each read(2) returns one. socket(2), netlink(7).
   *
   * @param type SOCK_RAW, with SOCK_CLOEXEC or without.
   * @throws EAFNOSUPPORT, EPROTONOSUPPORT where the kernel has no such socket, or a filter for system calls hides it; EMFILE.
   */
  socket: call<(domain: number, type: number, protocol: number) => number>(
    41,
    198,
    oneOf(ADDRESS_FAMILIES),
    socketType,
    oneOf(NETLINK_PROTOCOLS),
  ),

  /** Makes `newfd` a duplicate of `oldfd`, without close-on-exec unless O_CLOEXEC. dup(2). @throws EINVAL if they are the same. */
  dup3: call<(oldfd: number, newfd: number, flags: number) => number>(292, 24, fd, fd, flags(DUP_FLAGS)),

  /** Makes a pipe: two descriptors, 32 bits each, the end to read from first. pipe(2). */
  pipe2: call<(fds: Uint8Array, flags: number) => number>(293, 59, struct(8), flags(PIPE_FLAGS)),

  /** Closes all descriptors from `first` to `last`, or sets close-on-exec. close_range(2). @throws ENOSYS before Linux 5.9. */
  close_range: call<(first: number, last: number, flags: number) => number>(
    436,
    436,
    fd,
    lastFd,
    flags(CLOSE_RANGE_FLAGS),
  ),

  /**
   * Replaces the program of this process. execve(2). Does not return, unless it fails.
   *
   * @throws ENOENT, EACCES, ENOEXEC, ENOTDIR, ETXTBSY, E2BIG, ELOOP.
   */
  execve: call<(pathname: Text, argv: readonly Text[], envp: readonly Text[] | EnvironmentInMemory) => number>(
    59,
    221,
    text,
    texts,
    environment,
  ),

  /**
   * The same of a file in a directory; or of `dirfd` itself, with an empty path and AT_EMPTY_PATH. execveat(2), Linux 3.19.
   *
   * @throws as execve; EBADF.
   */
  execveat: call<
    (
      dirfd: number,
      pathname: Text,
      argv: readonly Text[],
      envp: readonly Text[] | EnvironmentInMemory,
      flags: number,
    ) => number
  >(322, 281, dirFd, text, texts, environment, flags(EXECVEAT_FLAGS)),

  /**
   * Makes a file in memory, without a name, and opens it. memfd_create(2), Linux 3.17.
   *
   * @throws EINVAL for flags that this kernel does not know; EACCES for MFD_EXEC where vm.memfd_noexec is 2.
   */
  memfd_create: call<(name: Text, flags: number) => number>(319, 279, text, flags(MEMFD_FLAGS)),

  /**
   * What a tracer does with a thread that it traces. ptrace(2).
   *
   * @throws ESRCH for one that is not traced by the calling thread, or not stopped.
   */
  ptrace: call<(request: number, pid: number, addr: null, data: number) => number>(
    101,
    117,
    oneOf(PTRACE_REQUESTS),
    int32,
    none,
    int,
  ),

  /**
   * Leaves the session keyring that this thread has from its parent for another one. Keys are in no namespace. keyctl(2),
   * session-keyring(7).
   *
   * @throws EDQUOT beyond the limits of /proc/sys/kernel/keys/; ENOSYS for a kernel without keys.
   */
  keyctl: call<(operation: number, name: Text | null) => number>(250, 219, oneOf(KEYCTL_OPERATIONS), nullable(text)),

  /** Makes this process the leader of a new session and process group, without a terminal. setsid(2). @throws EPERM. */
  setsid: call<() => number>(112, 157),

  /** Sets real, effective and saved user ID, of the calling thread. setresuid(2). @throws EPERM; EINVAL if not mapped. */
  setresuid: call<(ruid: number, euid: number, suid: number) => number>(117, 147, id, id, id),

  /** Sets real, effective and saved group ID, of the calling thread. setresgid(2). @throws EPERM; EINVAL if not mapped. */
  setresgid: call<(rgid: number, egid: number, sgid: number) => number>(119, 149, id, id, id),

  /** Sets the supplementary groups, of the calling thread. setgroups(2). @throws EPERM; EINVAL if not mapped. */
  setgroups: call<(groups: readonly number[]) => number>(116, 159, ids),

  /** Operations on the process. prctl(2). */
  prctl: call<(option: number, arg2: number, arg3: number, arg4: number, arg5: number) => number>(
    157,
    167,
    oneOf(PRCTL_OPTIONS),
    int,
    int,
    int,
    int,
  ),

  /** Sets what a signal does, with the kernel's own struct sigaction. rt_sigaction(2). @throws EINVAL for SIGKILL, SIGSTOP. */
  rt_sigaction: call<(signum: number, act: Uint8Array | null, oldact: null, sigsetsize: number) => number>(
    13,
    134,
    int32,
    nullable(given(SIGACTION_SIZE)),
    none,
    int,
  ),

  /** Changes which signals are blocked, for the calling thread; sets are 8 bytes. rt_sigprocmask(2). */
  rt_sigprocmask: call<(how: number, set: Uint8Array | null, oldset: Uint8Array | null, sigsetsize: number) => number>(
    14,
    135,
    oneOf(SIGPROCMASK_HOWS),
    nullable(given(8)),
    nullable(struct(8)),
    int,
  ),

  /** Waits for a child, and fills in a siginfo of 128 bytes. waitid(2). @throws ECHILD if there is no such child. */
  waitid: call<(idtype: number, id: number, infop: Uint8Array, options: number, rusage: null) => number>(
    247,
    95,
    oneOf(WAITID_TYPES),
    int32,
    struct(128),
    flags(WAITID_OPTIONS),
    none,
  ),

  /** Sends a signal to the process behind a pidfd. pidfd_send_signal(2), Linux 5.1. @throws ESRCH once it has ended. */
  pidfd_send_signal: call<(pidfd: number, sig: number, info: null, flags: number) => number>(
    424,
    424,
    fd,
    int32,
    none,
    int,
  ),

  /** Maps memory and returns its address. mmap(2). @throws ENOMEM; EPERM if a security module forbids it. */
  mmap: call<(addr: null, length: number, prot: number, flags: number, fd: number, offset: number) => number>(
    9,
    222,
    none,
    int,
    flags(PROTECTIONS),
    flags(MAP_FLAGS),
    int32,
    int,
  ),

  /** Changes what mapped memory may be used for. mprotect(2). @throws EACCES if a security module forbids it. */
  mprotect: call<(addr: number, length: number, prot: number) => number>(10, 226, int, int, flags(PROTECTIONS)),

  /** Unmaps memory. munmap(2). */
  munmap: call<(addr: number, length: number) => number>(11, 215, int, int),

  /**
   * Opens a descriptor of a process, in which poll(2) finds POLLIN once it has ended; with PIDFD_THREAD of a thread.
   * pidfd_open(2), Linux 5.3.
   *
   * @throws ESRCH if there is none; EINVAL, since Linux 6.16 ENOENT, for a thread without PIDFD_THREAD; EINVAL for
   *   PIDFD_THREAD before Linux 6.9.
   */
  pidfd_open: call<(pid: number, flags: number) => number>(434, 434, int32, flags(PIDFD_FLAGS)),

  /**
   * Sets the capabilities of the calling thread; structs as capset(2) has them, of version 3: see spawn/capabilities.ts.
   *
   * @throws EPERM for a permitted one that the thread has not.
   */
  capset: call<(header: Uint8Array, data: Uint8Array) => number>(126, 91, given(8), given(24)),

  /** Reads the capabilities of a thread, which the header names. capget(2). @throws ESRCH if there is none. */
  capget: call<(header: Uint8Array, data: Uint8Array) => number>(125, 90, struct(8), struct(24)),

  /**
   * Makes a child, in a program: see `forks`. Its memory and its stack are those of who makes it, so with CLONE_VM that one
   * must stand still meanwhile: CLONE_VFORK. clone(2).
   *
   * @param stack null for that of who makes it.
   * @param parentTid 4 bytes for the pid, with CLONE_PARENT_SETTID.
   * @throws EPERM without the privilege for a namespace; ENOSPC beyond a limit of /proc/sys/user/; EAGAIN.
   */
  clone: {
    ...call<(flags: number, stack: null, parentTid: Uint8Array | null) => number>(
      56,
      220,
      flags(CLONE_FLAGS),
      unshown(none),
      unshown(nullable(struct(4))),
    ),
    forks: true,
  },

  /** The same, by a call that has room for more flags. clone3(2), Linux 5.3. @throws as clone; ENOSYS. */
  clone3: { ...call<(args: CloneArgs) => number>(435, 435, cloneArgs(CLONE_FLAGS)), forks: true },
} as const;

type Table = typeof table;

/** The name of a system call in the table. */
export type SyscallName = keyof Table;

/** The arguments of a system call, as a tuple. */
export type SyscallArgs<N extends SyscallName> = Parameters<Calls[N]>;

/** The system calls as typed functions. */
export type Calls = {
  readonly [N in SyscallName]: NonNullable<Table[N]['signature']>;
};

/**
 * The system calls. Each returns the call's result and throws a `SyscallError` where the kernel returned an error, or a
 * `TypeError` for an argument that must not reach the kernel.
 */
export type Sys = Calls & {
  /**
   * The same calls, which return these errors instead of throwing them: below zero, as the kernel does.
   *
   *     const fd = sys.allowing('ENOENT').openat(AT_FDCWD, path, O_RDONLY);
   *     if (fd < 0) return null;
   *
   * @throws TypeError for a name that Linux does not have.
   */
  allowing(...errors: ErrnoName[]): Sys;
};
