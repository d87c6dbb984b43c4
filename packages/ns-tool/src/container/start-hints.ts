/** What to do where a container, or a command in it, cannot be started by no fault of its recipe. */

/**
 * The advice for a call that makes or executes the small program before the command (`through` of `spawn`), or that leaves our
 * keys; or undefined for any other.
 */
export function hintForStart({ call, code }: { readonly call: string; readonly code: string }) {
  switch (`${call} ${code}`) {
    case 'memfd_create EACCES':
      return 'Between ns-tool and the command a program in memory is executed, which vm.memfd_noexec = 2 forbids: sudo sysctl vm.memfd_noexec=1';
    case 'execveat EACCES':
    case 'execveat EPERM':
      return 'Between ns-tool and the command a program in memory is executed, which a security module or a filter forbids here.';
    case 'keyctl EDQUOT':
      return 'Each container has a keyring, and you may have no more of them. Root raises that limit: sudo sysctl kernel.keys.maxkeys=2000';
    default:
      return undefined;
  }
}
