/** Something that goes wrong at one system call. */
import { interpose, type Sys, SyscallError, showCall } from '@ns-tool/syscalls';

export type Fault = {
  /** Which call: counted from 0, or the first that is shown like this: `'mount("tmpfs"'`. */
  readonly at: number | string;
} & ({ readonly errno: number } | { readonly signal: NodeJS.Signals });

/**
 * The same system calls, of which one fails with an errno and is not made, or is followed at once by a signal to this
 * process.
 */
export function withFault(sys: Sys, fault: Fault): Sys {
  let count = 0;
  return interpose(sys, ({ name, args, perform }) => {
    const isHere = typeof fault.at === 'number' ? count === fault.at : showCall(name, args).startsWith(fault.at);
    count++;
    if (isHere && 'errno' in fault) throw new SyscallError(name, args, fault.errno);
    try {
      return perform();
    } finally {
      if (isHere && 'signal' in fault) process.kill(process.pid, fault.signal);
    }
  });
}
