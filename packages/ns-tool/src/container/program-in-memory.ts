/** What to do where the small program between ns-tool and a command cannot be executed: see `through` of `spawn`. */

/** The advice for a call that makes or executes it, or undefined for any other. */
export function hintForProgramInMemory({ call, code }: { readonly call: string; readonly code: string }) {
  switch (`${call} ${code}`) {
    case 'memfd_create EACCES':
      return 'Between ns-tool and the command a program in memory is executed, which vm.memfd_noexec = 2 forbids: sudo sysctl vm.memfd_noexec=1';
    case 'execveat EACCES':
    case 'execveat EPERM':
      return 'Between ns-tool and the command a program in memory is executed, which a security module or a filter forbids here.';
    default:
      return undefined;
  }
}
