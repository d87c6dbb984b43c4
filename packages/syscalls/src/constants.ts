/**
 * Flags and other constants of the system calls, under the kernel's own names.
 *
 * Each set lists its flags in the order in which strace shows them, mostly the lowest bit first.
 */
import { architecture } from './platform.ts';

/** Flags of one argument: names for display, and all the bits that may be set. */
export type FlagSet = Readonly<Record<string, number>>;

// -- unshare(2), setns(2), clone(2): include/uapi/linux/sched.h

/** A new time namespace. Not with clone(2), whose exit signal lies on the same bit. */
export const CLONE_NEWTIME = 0x80;
/** unshare(2): an own root, working directory and umask. CLONE_NEWNS brings it along. */
export const CLONE_FS = 0x200;
/** unshare(2): an own file descriptor table. */
export const CLONE_FILES = 0x400;
/** A new mount namespace. */
export const CLONE_NEWNS = 0x20000;
/** unshare(2): own System V semaphore adjustments. */
export const CLONE_SYSVSEM = 0x40000;
/** A new cgroup namespace. */
export const CLONE_NEWCGROUP = 0x2000000;
/** A new UTS namespace: host name and NIS domain name. */
export const CLONE_NEWUTS = 0x4000000;
/** A new IPC namespace. */
export const CLONE_NEWIPC = 0x8000000;
/** A new user namespace. EINVAL for a process with more than one thread, so always in Node itself. */
export const CLONE_NEWUSER = 0x10000000;
/** A new pid namespace for the children to come. */
export const CLONE_NEWPID = 0x20000000;
/** A new network namespace. */
export const CLONE_NEWNET = 0x40000000;

/** The eight kinds of namespace, as unshare(2) and setns(2) name them. */
export const NAMESPACE_FLAGS = {
  CLONE_NEWTIME,
  CLONE_NEWNS,
  CLONE_NEWCGROUP,
  CLONE_NEWUTS,
  CLONE_NEWIPC,
  CLONE_NEWUSER,
  CLONE_NEWPID,
  CLONE_NEWNET,
} as const satisfies FlagSet;

export const UNSHARE_FLAGS = {
  CLONE_NEWTIME,
  CLONE_FS,
  CLONE_FILES,
  CLONE_NEWNS,
  CLONE_SYSVSEM,
  CLONE_NEWCGROUP,
  CLONE_NEWUTS,
  CLONE_NEWIPC,
  CLONE_NEWUSER,
  CLONE_NEWPID,
  CLONE_NEWNET,
} as const satisfies FlagSet;

// -- mount(2): include/uapi/linux/mount.h

/** Read-only. */
export const MS_RDONLY = 0x1;
/** Set-user-ID, set-group-ID bits and file capabilities have no effect. */
export const MS_NOSUID = 0x2;
/** Device files cannot be opened. */
export const MS_NODEV = 0x4;
/** Programs cannot be executed. */
export const MS_NOEXEC = 0x8;
export const MS_SYNCHRONOUS = 0x10;
/** Change the flags of a mount that exists; with MS_BIND of this mount alone, not of its filesystem. */
export const MS_REMOUNT = 0x20;
export const MS_MANDLOCK = 0x40;
export const MS_DIRSYNC = 0x80;
export const MS_NOSYMFOLLOW = 0x100;
export const MS_NOATIME = 0x400;
export const MS_NODIRATIME = 0x800;
/** Show a part of the tree at a second place. */
export const MS_BIND = 0x1000;
/** Move a mount to another mount point. */
export const MS_MOVE = 0x2000;
/** With MS_BIND or a change of propagation: the mounts below as well. */
export const MS_REC = 0x4000;
export const MS_SILENT = 0x8000;
export const MS_POSIXACL = 0x10000;
/** Propagation: no mount event in or out, and no bind mount of it. */
export const MS_UNBINDABLE = 0x20000;
/** Propagation: no mount event in or out. */
export const MS_PRIVATE = 0x40000;
/** Propagation: mount events come in from the master, none go out. */
export const MS_SLAVE = 0x80000;
/** Propagation: mount events go to and come from the peer group. */
export const MS_SHARED = 0x100000;
export const MS_RELATIME = 0x200000;
export const MS_I_VERSION = 0x800000;
export const MS_STRICTATIME = 0x1000000;
export const MS_LAZYTIME = 0x2000000;

export const MOUNT_FLAGS = {
  MS_RDONLY,
  MS_NOSUID,
  MS_NODEV,
  MS_NOEXEC,
  MS_SYNCHRONOUS,
  MS_REMOUNT,
  MS_MANDLOCK,
  MS_DIRSYNC,
  MS_NOSYMFOLLOW,
  MS_NOATIME,
  MS_NODIRATIME,
  MS_BIND,
  MS_MOVE,
  MS_REC,
  MS_SILENT,
  MS_POSIXACL,
  MS_UNBINDABLE,
  MS_PRIVATE,
  MS_SLAVE,
  MS_SHARED,
  MS_RELATIME,
  MS_I_VERSION,
  MS_STRICTATIME,
  MS_LAZYTIME,
} as const satisfies FlagSet;

// -- umount2(2): include/linux/fs.h

export const MNT_FORCE = 0x1;
/** Lazy: gone from the table now, freed when its last user is gone. */
export const MNT_DETACH = 0x2;
export const MNT_EXPIRE = 0x4;
export const UMOUNT_NOFOLLOW = 0x8;

export const UMOUNT_FLAGS = { MNT_FORCE, MNT_DETACH, MNT_EXPIRE, UMOUNT_NOFOLLOW } as const satisfies FlagSet;

// -- open(2): asm-generic/fcntl.h; arm64 has four of them elsewhere (arch/arm64/include/uapi/asm/fcntl.h)

const onArm = architecture === 'arm64';

/** Open for reading. Zero, so it is the name of the absence of O_WRONLY and O_RDWR. */
export const O_RDONLY = 0x0;
export const O_WRONLY = 0x1;
export const O_RDWR = 0x2;
export const O_NOCTTY = 0x100;
export const O_TRUNC = 0x200;
export const O_APPEND = 0x400;
export const O_NONBLOCK = 0x800;
/** ENOTDIR unless the file is a directory. */
export const O_DIRECTORY = onArm ? 0x4000 : 0x10000;
/** ELOOP if the last component is a symbolic link. */
export const O_NOFOLLOW = onArm ? 0x8000 : 0x20000;
/** Do not update the access time. EPERM for who neither owns the file nor has CAP_FOWNER. */
export const O_NOATIME = 0x40000;
/** Close at execve(2). */
export const O_CLOEXEC = 0x80000;
/** A handle on the place in the tree only: neither read nor write, and no permission on the file itself is needed. */
export const O_PATH = 0x200000;

/** openat2(2): a magic link, such as /proc/self/fd/3, is an error (ELOOP). */
export const RESOLVE_NO_MAGICLINKS = 0x2;
/** openat2(2): the directory is the root of all lookups, as after chroot(2). */
export const RESOLVE_IN_ROOT = 0x10;

/** How openat2(2) goes through a path: include/uapi/linux/openat2.h. */
export const RESOLVE_FLAGS = { RESOLVE_NO_MAGICLINKS, RESOLVE_IN_ROOT } as const satisfies FlagSet;

export const OPEN_FLAGS = {
  O_WRONLY,
  O_RDWR,
  O_NOCTTY,
  O_TRUNC,
  O_APPEND,
  O_NONBLOCK,
  O_NOFOLLOW,
  O_NOATIME,
  O_CLOEXEC,
  O_PATH,
  O_DIRECTORY,
} as const satisfies FlagSet;

// -- the *at calls: include/uapi/linux/fcntl.h

/** In place of a directory's fd: the working directory. */
export const AT_FDCWD = -100;
export const AT_SYMLINK_NOFOLLOW = 0x100;
/** unlinkat(2): remove a directory. */
export const AT_REMOVEDIR = 0x200;
export const AT_NO_AUTOMOUNT = 0x800;
/** An empty path names the fd itself. */
export const AT_EMPTY_PATH = 0x1000;
/** open_tree(2), mount_setattr(2): the mounts below as well. */
export const AT_RECURSIVE = 0x8000;

export const UNLINK_FLAGS = { AT_REMOVEDIR } as const satisfies FlagSet;
export const UTIMENSAT_FLAGS = { AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH } as const satisfies FlagSet;
export const STATX_FLAGS = { AT_SYMLINK_NOFOLLOW, AT_NO_AUTOMOUNT, AT_EMPTY_PATH } as const satisfies FlagSet;

// -- statx(2): include/uapi/linux/stat.h

export const STATX_TYPE = 0x1;
export const STATX_MODE = 0x2;
export const STATX_NLINK = 0x4;
export const STATX_UID = 0x8;
export const STATX_GID = 0x10;
export const STATX_INO = 0x100;
export const STATX_SIZE = 0x200;
export const STATX_MNT_ID = 0x1000;

export const STATX_MASKS = {
  STATX_TYPE,
  STATX_MODE,
  STATX_NLINK,
  STATX_UID,
  STATX_GID,
  STATX_INO,
  STATX_SIZE,
  STATX_MNT_ID,
} as const satisfies FlagSet;

// -- setxattr(2): include/uapi/linux/xattr.h

/** EEXIST if there is such an attribute. */
export const XATTR_CREATE = 0x1;
/** ENODATA if there is none. */
export const XATTR_REPLACE = 0x2;

export const XATTR_FLAGS = { XATTR_CREATE, XATTR_REPLACE } as const satisfies FlagSet;

// -- the mount API of Linux 5.2: include/uapi/linux/mount.h

/** A detached copy of the mount instead of a handle on it. */
export const OPEN_TREE_CLONE = 0x1;
export const OPEN_TREE_CLOEXEC = 0x80000;

export const OPEN_TREE_FLAGS = {
  OPEN_TREE_CLONE,
  OPEN_TREE_CLOEXEC,
  AT_SYMLINK_NOFOLLOW,
  AT_NO_AUTOMOUNT,
  AT_EMPTY_PATH,
  AT_RECURSIVE,
} as const satisfies FlagSet;

export const MOVE_MOUNT_F_SYMLINKS = 0x1;
export const MOVE_MOUNT_F_AUTOMOUNTS = 0x2;
/** An empty from-path names the fd itself. */
export const MOVE_MOUNT_F_EMPTY_PATH = 0x4;
export const MOVE_MOUNT_T_SYMLINKS = 0x10;
export const MOVE_MOUNT_T_AUTOMOUNTS = 0x20;
/** An empty to-path names the fd itself. */
export const MOVE_MOUNT_T_EMPTY_PATH = 0x40;

export const MOVE_MOUNT_FLAGS = {
  MOVE_MOUNT_F_SYMLINKS,
  MOVE_MOUNT_F_AUTOMOUNTS,
  MOVE_MOUNT_F_EMPTY_PATH,
  MOVE_MOUNT_T_SYMLINKS,
  MOVE_MOUNT_T_AUTOMOUNTS,
  MOVE_MOUNT_T_EMPTY_PATH,
} as const satisfies FlagSet;

export const FSOPEN_CLOEXEC = 0x1;
export const FSOPEN_FLAGS = { FSOPEN_CLOEXEC } as const satisfies FlagSet;

export const FSMOUNT_CLOEXEC = 0x1;
export const FSMOUNT_FLAGS = { FSMOUNT_CLOEXEC } as const satisfies FlagSet;

export const MOUNT_ATTR_RDONLY = 0x1;
export const MOUNT_ATTR_NOSUID = 0x2;
export const MOUNT_ATTR_NODEV = 0x4;
export const MOUNT_ATTR_NOEXEC = 0x8;
export const MOUNT_ATTRS = {
  MOUNT_ATTR_RDONLY,
  MOUNT_ATTR_NOSUID,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NOEXEC,
} as const satisfies FlagSet;

/** The flags of mount_setattr(2). */
export const MOUNT_SETATTR_FLAGS = {
  AT_SYMLINK_NOFOLLOW,
  AT_NO_AUTOMOUNT,
  AT_EMPTY_PATH,
  AT_RECURSIVE,
} as const satisfies FlagSet;

/** fsconfig(2): a parameter without a value. */
export const FSCONFIG_SET_FLAG = 0;
/** fsconfig(2): a parameter whose value is a string. */
export const FSCONFIG_SET_STRING = 1;
/** fsconfig(2): make the superblock from what was set. */
export const FSCONFIG_CMD_CREATE = 6;
/** The commands of fsconfig(2): one at a time, not bits. */
export const FSCONFIG_COMMANDS = {
  FSCONFIG_SET_FLAG,
  FSCONFIG_SET_STRING,
  FSCONFIG_CMD_CREATE,
} as const satisfies FlagSet;

// -- poll(2): asm-generic/poll.h

export const POLLIN = 0x1;
/** On /proc/PID/mounts and mountinfo: the mount table has changed since it was opened or last polled. */
export const POLLPRI = 0x2;
export const POLLOUT = 0x4;
export const POLLERR = 0x8;
export const POLLHUP = 0x10;
export const POLLNVAL = 0x20;

export const POLL_EVENTS = { POLLIN, POLLPRI, POLLOUT, POLLERR, POLLHUP, POLLNVAL } as const satisfies FlagSet;

// -- pidfd_open(2): include/uapi/linux/pidfd.h

/** Of a thread, not of its whole process. Linux 6.9. */
export const PIDFD_THREAD = 0o200;
export const PIDFD_FLAGS = { PIDFD_THREAD } as const satisfies FlagSet;

// -- mknod(2): include/uapi/linux/stat.h

export const S_IFMT = 0o170000;
export const S_IFIFO = 0o010000;
export const S_IFCHR = 0o020000;
export const S_IFDIR = 0o040000;
export const S_IFBLK = 0o060000;
export const S_IFREG = 0o100000;
export const S_IFLNK = 0o120000;
export const S_IFSOCK = 0o140000;

/** The file types that mknod(2) can make. */
export const MKNOD_TYPES = { S_IFIFO, S_IFCHR, S_IFBLK, S_IFREG, S_IFSOCK } as const satisfies FlagSet;

// -- clone(2): include/uapi/linux/sched.h

/** The child shares the memory of its parent. */
export const CLONE_VM = 0x100;
/** The kernel hands the parent a pidfd of the child. */
export const CLONE_PIDFD = 0x1000;
/** The parent's thread stands still until the child has executed a program or ended. */
export const CLONE_VFORK = 0x4000;
/** The child's parent is that of the process that makes it: who makes it is its sibling. */
export const CLONE_PARENT = 0x8000;
/** The kernel writes the child's pid into the memory of who makes it, before the child runs. */
export const CLONE_PARENT_SETTID = 0x100000;

export const CLONE_FLAGS = {
  CLONE_VM,
  CLONE_PIDFD,
  CLONE_VFORK,
  CLONE_PARENT,
  CLONE_NEWNS,
  CLONE_PARENT_SETTID,
  CLONE_NEWCGROUP,
  CLONE_NEWUTS,
  CLONE_NEWIPC,
  CLONE_NEWUSER,
  CLONE_NEWPID,
  CLONE_NEWNET,
  // The lowest byte is the signal by which the parent hears of the end.
  SIGCHLD: 17,
} as const satisfies FlagSet;

// -- flock(2): asm-generic/fcntl.h

export const LOCK_SH = 1;
export const LOCK_EX = 2;
export const LOCK_NB = 4;
export const LOCK_UN = 8;

export const FLOCK_OPERATIONS = { LOCK_SH, LOCK_EX, LOCK_NB, LOCK_UN } as const satisfies FlagSet;

// -- fcntl(2): asm-generic/fcntl.h

export const F_DUPFD = 0;
export const F_GETFD = 1;
export const F_SETFD = 2;
export const F_DUPFD_CLOEXEC = 1030;
/** Forbids what is done with a file in memory: memfd_create(2), "File sealing". */
export const F_ADD_SEALS = 1033;
/** What has been forbidden. */
export const F_GET_SEALS = 1034;
export const FCNTL_COMMANDS = {
  F_DUPFD,
  F_GETFD,
  F_SETFD,
  F_DUPFD_CLOEXEC,
  F_ADD_SEALS,
  F_GET_SEALS,
} as const satisfies FlagSet;

/** No more seals. */
export const F_SEAL_SEAL = 0x1;
export const F_SEAL_SHRINK = 0x2;
export const F_SEAL_GROW = 0x4;
export const F_SEAL_WRITE = 0x8;

// -- memfd_create(2): include/uapi/linux/memfd.h

export const MFD_CLOEXEC = 0x1;
export const MFD_ALLOW_SEALING = 0x2;
/** It may be executed, also where the sysctl vm.memfd_noexec says that others may not. Linux 6.3. */
export const MFD_EXEC = 0x10;
export const MEMFD_FLAGS = { MFD_CLOEXEC, MFD_ALLOW_SEALING, MFD_EXEC } as const satisfies FlagSet;

// -- lseek(2): include/uapi/linux/fs.h

export const SEEK_SET = 0;
export const SEEK_CUR = 1;
export const SEEK_END = 2;
export const WHENCES = { SEEK_SET, SEEK_CUR, SEEK_END } as const satisfies FlagSet;

// -- ptrace(2): include/uapi/linux/ptrace.h

/** Ends the tracing of a thread that is stopped, which gets the signal `data`, or none if that is 0. */
export const PTRACE_DETACH = 17;
export const PTRACE_REQUESTS = { PTRACE_DETACH } as const satisfies FlagSet;

// -- keyctl(2): include/uapi/linux/keyctl.h

/** With NULL for a name: a session keyring that is new, and empty. */
export const KEYCTL_JOIN_SESSION_KEYRING = 1;
export const KEYCTL_OPERATIONS = { KEYCTL_JOIN_SESSION_KEYRING } as const satisfies FlagSet;

export const EXECVEAT_FLAGS = { AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW } as const satisfies FlagSet;

export const DUP_FLAGS = { O_CLOEXEC } as const satisfies FlagSet;
export const PIPE_FLAGS = { O_NONBLOCK, O_CLOEXEC } as const satisfies FlagSet;

/** close_range(2): set close-on-exec instead of closing. Linux 5.11. */
export const CLOSE_RANGE_CLOEXEC = 0x4;
export const CLOSE_RANGE_FLAGS = { CLOSE_RANGE_CLOEXEC } as const satisfies FlagSet;

// -- ioctl(2): include/uapi/linux/nsfs.h, asm-generic/ioctls.h. The numbers are those of x86-64 and arm64 alike.

/** ioctl_ns(2): a descriptor of the user namespace that owns this namespace. */
export const NS_GET_USERNS = 0xb701;
/** ioctl_ns(2): a descriptor of the parent of this pid or user namespace. */
export const NS_GET_PARENT = 0xb702;
/** ioctl_ns(2): which kind of namespace this is, as a CLONE_NEW* flag. */
export const NS_GET_NSTYPE = 0xb703;
/** ioctl_ns(2): the user, 4 bytes, who made this user namespace. */
export const NS_GET_OWNER_UID = 0xb704;
/** ioctl_tty(2): the size of a terminal, four numbers of 2 bytes: rows, columns, and two that are not used. */
export const TIOCGWINSZ = 0x5413;
/** ioctl_tty(2): sets it, and sends SIGWINCH to the foreground process group. */
export const TIOCSWINSZ = 0x5414;
/** ioctl_tty(2): the settings of a terminal, the kernel's struct termios: 36 bytes. */
export const TCGETS = 0x5401;
/** ioctl_tty(2): sets them at once. */
export const TCSETS = 0x5402;
/** ioctl_tty(2): makes a terminal the controlling one of this session, whose leader has none; the argument is 0. */
export const TIOCSCTTY = 0x540e;
/** ioctl_tty(2): locks the slave of a pseudo-terminal, or with 0 in 4 bytes lets it be opened. */
export const TIOCSPTLCK = 0x40045431;
/** ioctl_tty(2): opens the slave, with no path; the argument is the flags of open(2). Linux 4.13. */
export const TIOCGPTPEER = 0x5441;
export const IOCTL_COMMANDS = {
  NS_GET_USERNS,
  NS_GET_PARENT,
  NS_GET_NSTYPE,
  NS_GET_OWNER_UID,
  TIOCGWINSZ,
  TIOCSWINSZ,
  TCGETS,
  TCSETS,
  TIOCSCTTY,
  TIOCSPTLCK,
  TIOCGPTPEER,
} as const satisfies FlagSet;

// -- socket(2): include/linux/socket.h, include/linux/net.h, include/uapi/linux/netlink.h

/** netlink(7): a socket whose other end is the kernel. */
export const AF_NETLINK = 16;
export const ADDRESS_FAMILIES = { AF_NETLINK } as const satisfies FlagSet;

export const SOCK_RAW = 3;
export const SOCKET_TYPES = { SOCK_RAW } as const satisfies FlagSet;
/** The bits of the type; the others are flags. */
export const SOCK_TYPE_MASK = 0xf;
export const SOCK_CLOEXEC = O_CLOEXEC;
export const SOCKET_FLAGS = { SOCK_CLOEXEC } as const satisfies FlagSet;

/** rtnetlink(7): links, addresses, routes, and the IDs of network namespaces. */
export const NETLINK_ROUTE = 0;
export const NETLINK_PROTOCOLS = { NETLINK_ROUTE } as const satisfies FlagSet;

// -- prctl(2): include/uapi/linux/prctl.h

/** The signal that this process gets when the thread that made it ends. */
export const PR_SET_PDEATHSIG = 1;
export const PR_GET_DUMPABLE = 3;
export const PR_SET_DUMPABLE = 4;
/** Whether capabilities outlast the change from user 0 to others. */
export const PR_SET_KEEPCAPS = 8;
export const PR_CAPBSET_DROP = 24;
export const PR_SET_NO_NEW_PRIVS = 38;
/** The set of capabilities that a program without privileges of its own keeps; the next argument says what to do. */
export const PR_CAP_AMBIENT = 47;
/** For PR_CAP_AMBIENT: add one to the set. */
export const PR_CAP_AMBIENT_RAISE = 2;
/** For PR_CAP_AMBIENT: empty the set. */
export const PR_CAP_AMBIENT_CLEAR_ALL = 4;
export const PRCTL_OPTIONS = {
  PR_SET_PDEATHSIG,
  PR_GET_DUMPABLE,
  PR_SET_DUMPABLE,
  PR_SET_KEEPCAPS,
  PR_CAPBSET_DROP,
  PR_SET_NO_NEW_PRIVS,
  PR_CAP_AMBIENT,
} as const satisfies FlagSet;

// -- waitid(2): include/uapi/linux/wait.h

export const P_ALL = 0;
export const P_PID = 1;
export const P_PIDFD = 3;
export const WAITID_TYPES = { P_ALL, P_PID, P_PIDFD } as const satisfies FlagSet;

export const WNOHANG = 0x1;
/** Also children that a signal has stopped. */
export const WSTOPPED = 0x2;
export const WEXITED = 0x4;
export const WNOWAIT = 0x1000000;
export const WAITID_OPTIONS = { WNOHANG, WSTOPPED, WEXITED, WNOWAIT } as const satisfies FlagSet;

// -- rt_sigprocmask(2): asm-generic/signal-defs.h

export const SIG_BLOCK = 0;
export const SIG_UNBLOCK = 1;
export const SIG_SETMASK = 2;
export const SIGPROCMASK_HOWS = { SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK } as const satisfies FlagSet;

// -- mmap(2): asm-generic/mman-common.h

export const PROT_READ = 0x1;
export const PROT_WRITE = 0x2;
export const PROT_EXEC = 0x4;
export const PROTECTIONS = { PROT_READ, PROT_WRITE, PROT_EXEC } as const satisfies FlagSet;

export const MAP_SHARED = 0x1;
export const MAP_PRIVATE = 0x2;
export const MAP_ANONYMOUS = 0x20;
export const MAP_FLAGS = { MAP_SHARED, MAP_PRIVATE, MAP_ANONYMOUS } as const satisfies FlagSet;
