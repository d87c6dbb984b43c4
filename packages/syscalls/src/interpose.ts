/** A layer around system calls: to trace them, to count them, to make one fail. */
import { callsBy } from './calls.ts';
import { showOutcome } from './show.ts';
import { SyscallError } from './syscall-error.ts';
import type { Sys, SyscallName } from './table.ts';

/** A system call on its way to the kernel. */
export interface PendingCall {
  readonly name: SyscallName;
  readonly args: readonly unknown[];
  /** Performs the call, with `args` or with others in their place, and returns its result. */
  perform(args?: readonly unknown[]): number;
}

/** The same system calls with `around` put around each of them. What `around` returns or throws, the caller gets. */
export function interpose(sys: Sys, around: (call: PendingCall) => number): Sys {
  return callsBy((name, args, allowed) => {
    const next = sys[name] as (...args: readonly unknown[]) => number;
    try {
      return around({ name, args, perform: (others = args) => next(...others) });
    } catch (error) {
      if (error instanceof SyscallError && allowed.includes(error.errno)) return -error.errno;
      throw error;
    }
  });
}

/** The same system calls, each handed to `print` with its result once it has returned, as strace writes it. */
export function trace(sys: Sys, print: (line: string) => void): Sys {
  return interpose(sys, ({ name, args, perform }) => {
    try {
      const result = perform();
      print(showOutcome(name, args, result));
      return result;
    } catch (error) {
      if (error instanceof SyscallError) print(showOutcome(name, args, -error.errno));
      throw error;
    }
  });
}
