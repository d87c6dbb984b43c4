/** What to do about an error of a demonstration. */
import type { SyscallError } from '@ns-tool/syscalls';
import { userNamespaceHint } from '../capabilities/user-namespace-limits.ts';
import { DEMONSTRATIONS, type DemonstrationName } from './kinds.ts';

/**
 * The advice for an error, or undefined where the error says all there is.
 *
 * @param inUserNamespace whether a user namespace was to be made.
 */
export function hintFor({ call, code }: SyscallError, kind: DemonstrationName, inUserNamespace: boolean) {
  const making = ['clone', 'clone3', 'unshare'].includes(call);
  switch (`${making ? 'making' : call} ${code}`) {
    case 'making EPERM':
    case 'openat EACCES':
    case 'write EPERM':
      return inUserNamespace ? userNamespaceHint() : notPermitted(kind);
    case 'making ENOSPC':
    case 'making EUSERS':
      return `A limit of /proc/sys/user is reached, of max_${DEMONSTRATIONS[kind].link}_namespaces for one, or it is 0; raise it, or end some.`;
    case 'making EINVAL':
      return 'This kernel has no such namespaces; those that it has are in /proc/self/ns.';
    case 'mount EPERM':
      return 'The kernel refuses a new proc where parts of /proc are covered, or a security module forbids mount(2), as in a container.';
    case 'openat ENOENT':
      return 'The proc filesystem is needed: mount -t proc proc /proc';
    default:
      return undefined;
  }
}

function notPermitted(kind: DemonstrationName): string {
  const { title } = DEMONSTRATIONS[kind];
  const without = `or make a user namespace first, which takes no root: ns-tool ${kind} --user`;
  return process.geteuid?.() === 0
    ? `You are root, but without CAP_SYS_ADMIN or under a seccomp filter, as in a container; start it with --cap-add SYS_ADMIN, ${without}`
    : `A ${title} namespace takes root (CAP_SYS_ADMIN): sudo ns-tool ${kind}; ${without}`;
}
