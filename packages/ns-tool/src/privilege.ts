/** What to do where the kernel refuses a mount namespace, or mounting as such, whatever the command. */

import { readFileSync } from 'node:fs';
import type { SyscallError } from '@ns-tool/syscalls';
import { effectiveCapabilities } from './capabilities/capabilities.ts';

/**
 * The advice for an error that comes from a privilege or a limit, or undefined for any other.
 *
 * @param command the subcommand that met it: `'mount'`.
 */
export function privilegeHint({ call, code }: SyscallError, command: string): string | undefined {
  switch (`${call} ${code}`) {
    case 'unshare EPERM':
    case 'clone EPERM':
      return notPermitted(command);
    case 'unshare ENOSPC':
    case 'clone ENOSPC':
      return 'There are as many mount namespaces as /proc/sys/user/max_mnt_namespaces allows; raise it, or end some.';
    case 'mount EPERM':
    case 'mount EACCES':
      return 'A security module or seccomp filter forbids mount(2). In a Docker container: --security-opt apparmor=unconfined --security-opt seccomp=unconfined';
    default:
      return undefined;
  }
}

function notPermitted(command: string): string {
  if (process.geteuid?.() !== 0)
    return `A mount namespace takes root (CAP_SYS_ADMIN); run it with sudo: sudo ns-tool ${command}${command === 'mount' ? ', or without: ns-tool mount --user' : ''}`;
  return effectiveCapabilities(readFileSync('/proc/thread-self/status', 'utf8')).includes('CAP_SYS_ADMIN')
    ? 'You are root with CAP_SYS_ADMIN, so a seccomp filter or security module forbids it. In a Docker container: --security-opt seccomp=unconfined'
    : 'You are root, but without CAP_SYS_ADMIN, as in a container. Start the container with it: docker run --cap-add SYS_ADMIN …';
}
