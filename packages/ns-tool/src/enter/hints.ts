/** What to do about an error of `ns-tool enter`. */
import { dirname } from 'node:path';
import type { SyscallError } from '@ns-tool/syscalls';
import { printable } from '../output.ts';
import { noSuchProcess } from '../pid.ts';

/** The advice for an error, or undefined where the error says all there is. */
export function hintFor({ call, code, args, values }: SyscallError, isRoot: boolean): string | undefined {
  switch (`${call} ${code}`) {
    case 'pidfd_open ESRCH':
      return noSuchProcess(args[0]);
    case 'pidfd_open EINVAL':
    case 'pidfd_open ENOENT': // since Linux 6.16
      return `${args[0]} is a thread of a process: give the pid of the process, Tgid in /proc/${args[0]}/status`;
    case 'pidfd_open ENOSYS':
      return 'This takes Linux 5.3, and namespaces of a process at once Linux 5.8; name its files: --net=/proc/PID/ns/net';
    case 'setns ESRCH':
      return 'The process has ended meanwhile.';
    case 'setns EPERM':
      return notPermitted(isRoot);
    case 'setns EINVAL':
      return wrongNamespace(args[1] ?? '');
    case 'setns EUSERS':
      return 'A time namespace takes a process with one thread, whose memory nobody shares.';
    case 'openat ENOENT':
    case 'openat EACCES':
      return String(values[1]).startsWith('/proc/')
        ? 'There is no such process, or it is not yours: ps -e lists those that there are.'
        : `It must exist outside, before the namespaces are entered: ls ${printable(dirname(String(values[1])))}`;
    case 'chdir ENOENT':
      return '--wdns is a directory in the namespaces that are entered; --wd is one outside.';
    case 'setgroups EPERM':
      return 'The user namespace denies setgroups(2), as those of ordinary users do. To stay who you are: --preserve-credentials';
    case 'setresuid EINVAL':
    case 'setresgid EINVAL':
      return 'The user namespace has no such ID: see /proc/PID/uid_map and gid_map, and choose one by --setuid and --setgid, or --preserve-credentials';
    case 'setresuid EPERM':
    case 'setresgid EPERM':
      return 'To change to another ID takes root, or a user namespace that has it.';
    case 'chroot EPERM':
      return 'To change the root takes CAP_SYS_CHROOT: use sudo.';
    default:
      return undefined;
  }
}

function notPermitted(isRoot: boolean): string {
  return isRoot
    ? 'You are root, but without CAP_SYS_ADMIN over that namespace, as in a container.'
    : 'It takes root (CAP_SYS_ADMIN): use sudo. For a process in a user namespace of yours, enter that too: --user';
}

function wrongNamespace(flags: string): string {
  if (flags.includes('CLONE_NEWUSER')) {
    return 'The own user namespace cannot be entered again, nor by a thread that shares its root with others: leave out --user';
  }
  if (flags.includes('CLONE_NEWPID')) {
    return 'Only a pid namespace below the own one can be entered; and the file must be of the kind that is asked for.';
  }
  const type = /^CLONE_NEW(\w+)$/.exec(flags)?.[1]?.toLowerCase().replace(/^ns$/, 'mnt');
  const how = type === undefined ? '' : ` --type ${type}`;
  return `The file is of another kind of namespace than is asked for, or of none. Those that there are: ns-tool ls${how}`;
}
