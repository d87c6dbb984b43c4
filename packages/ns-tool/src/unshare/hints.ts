/** What to do about an error of `ns-tool unshare`. */
import { dirname } from 'node:path';
import { MS_BIND, type NamespaceKind, type SyscallError } from '@ns-tool/syscalls';
import { readSetting, userNamespaceHint } from '../capabilities/user-namespace-limits.ts';
import { printable } from '../output.ts';

/** What was asked for, as far as an error may come from it. */
export interface Asked {
  readonly namespaces: readonly NamespaceKind[];
  /** Whether the command is the first process of the new pid namespace. */
  readonly fork: boolean;
  readonly isRoot: boolean;
}

/** The limits of /proc/sys/user/: namespaces(7). */
const LIMITS: Readonly<Record<NamespaceKind, string>> = {
  mount: 'max_mnt_namespaces',
  uts: 'max_uts_namespaces',
  ipc: 'max_ipc_namespaces',
  net: 'max_net_namespaces',
  pid: 'max_pid_namespaces',
  user: 'max_user_namespaces',
  cgroup: 'max_cgroup_namespaces',
  time: 'max_time_namespaces',
};

/** The advice for an error, or undefined where the error says all there is. */
export function hintFor(error: SyscallError, asked: Asked): string | undefined {
  const { call, code, values } = error;
  if (call === 'mount' && values[3] === MS_BIND) return keepingHint(code, String(values[1]));
  switch (`${call} ${code}`) {
    case 'clone EPERM':
    case 'unshare EPERM':
      return notPermitted(asked);
    case 'clone ENOSPC':
    case 'unshare ENOSPC':
      return `A limit is reached: ${limits(asked.namespaces)}; raise it, or end some namespaces. Users and pids nest 32 deep.`;
    case 'clone EINVAL':
    case 'unshare EINVAL':
      return `This kernel lacks one of these namespaces; those that it has are in /proc/self/ns: ${asked.namespaces.join(', ')}`;
    case 'mount EPERM':
      return values[2] === 'proc' ? procNotPermitted(asked) : mountNotPermitted(asked);
    case 'mount ENOENT':
    case 'mount ENOTDIR':
      return 'The mount point must be a directory that exists, in the new root if there is one.';
    case 'mount ENODEV':
      return 'This kernel has no such filesystem; /proc/filesystems lists those that it has.';
    case 'chroot EPERM':
      return 'To change the root takes CAP_SYS_CHROOT; a user namespace brings it along: add --map-root-user';
    case 'setgroups EPERM':
      return '--setgid drops all supplementary groups, which takes CAP_SETGID and a user namespace that does not deny setgroups(2); with --map-root-user or --map-group it does.';
    case 'setresuid EINVAL':
    case 'setresgid EINVAL':
      return 'The user namespace has no such ID. /proc/self/uid_map and gid_map show which it has; --map-users and --map-groups map more.';
    case 'setresuid EPERM':
    case 'setresgid EPERM':
      return 'To change to another ID takes root, or a user namespace that has it: --map-users and --map-groups';
    case 'write ERANGE':
      return 'A clock cannot be set back behind the start of the machine, nor 146 years ahead. time_namespaces(7)';
    case 'write EPERM':
      return String(values[1]).match(/^(allow|deny)$/) ? setgroupsNotPermitted(asked) : mapNotPermitted(asked);
    case 'write EINVAL':
      return 'The kernel takes maps whose ranges do not overlap, and no ID that the outer user namespace has not.';
    case 'openat ENOENT':
    case 'openat EACCES':
      return 'The proc filesystem is needed, mounted at /proc.';
    default:
      return undefined;
  }
}

/** What to do where a namespace could not be mounted on a file. */
function keepingHint(code: string, file: string): string | undefined {
  switch (code) {
    case 'ENOENT':
      return `A file to keep a namespace on must exist: touch ${printable(file)}`;
    case 'EINVAL':
      return `A mount namespace cannot be kept on a shared mount, since a copy could come to lie in itself. Make the mount private: mount --bind ${printable(dirname(file))} ${printable(dirname(file))}; mount --make-private ${printable(dirname(file))}. If it is private: Linux 6.18 also refuses a namespace that was made on another processor than this one; try again.`;
    case 'EPERM':
      return 'To keep a namespace on a file takes root outside it (CAP_SYS_ADMIN).';
    default:
      return undefined;
  }
}

function notPermitted({ namespaces, isRoot }: Asked): string {
  if (namespaces.includes('user')) return userNamespaceHint();
  return isRoot
    ? 'You are root, but without CAP_SYS_ADMIN, or under a seccomp filter, as in a container. A user namespace may help: add --map-root-user'
    : 'It takes root, or a user namespace of your own: add --map-root-user (-r), or use sudo.';
}

function limits(namespaces: readonly NamespaceKind[]): string {
  const shown = namespaces.map((kind) => {
    const setting = `user/${LIMITS[kind]}`;
    return `/proc/sys/${setting} is ${readSetting(setting) ?? 'unknown'}`;
  });
  return shown.join(', ');
}

/** See mount_namespaces(7), "Restrictions on mount namespaces", and user_namespaces(7), on proc. */
function procNotPermitted({ namespaces, fork }: Asked): string {
  if (!namespaces.includes('user')) return mountNotPermitted({ namespaces, fork, isRoot: true });
  if (!namespaces.includes('pid')) {
    return 'proc shows a pid namespace, and only who owns that may mount it; make one too: add --pid --fork';
  }
  return fork
    ? 'Parts of /proc are covered by other mounts here, as in a container: the kernel refuses a new proc that would uncover them.'
    : 'proc shows the pid namespace of the process that mounts it, and only a child is in the new one: add --fork';
}

function mountNotPermitted({ isRoot }: Asked): string {
  return isRoot
    ? 'A security module or seccomp filter forbids mount(2). In a Docker container: --security-opt apparmor=unconfined --security-opt seccomp=unconfined'
    : 'To mount takes CAP_SYS_ADMIN, which --map-root-user brings along.';
}

function setgroupsNotPermitted({ namespaces }: Asked): string {
  return namespaces.includes('user')
    ? 'setgroups(2) can be denied once, before the groups are mapped, and not be allowed again. user_namespaces(7)'
    : '--setgroups is for a new user namespace: add --user';
}

function mapNotPermitted({ isRoot }: Asked): string {
  return isRoot
    ? 'The IDs outside must be IDs of this user namespace, and to map them takes CAP_SETUID and CAP_SETGID.'
    : 'An ordinary user may map the own IDs alone, one by --map-user and one by --map-group. To map more takes root, or newuidmap(1) and newgidmap(1), which are not in your PATH: install the package uidmap.';
}
