import { errnoMessage, errnoName } from './errno.ts';
import { showArgs } from './show.ts';
import type { SyscallName } from './table.ts';

/** A system call that the kernel refused. Its message is `unshare(CLONE_NEWNS): Operation not permitted (EPERM)`. */
export class SyscallError extends Error {
  override readonly name = 'SyscallError';
  /** The call: `'mount'`. */
  readonly call: SyscallName;
  /** Its arguments as strace writes them: `['"tmpfs"', '"/mnt"', …]`. */
  readonly args: readonly string[];
  /** Its arguments as they were. */
  readonly values: readonly unknown[];
  /** The error's number, above zero: 2. */
  readonly errno: number;
  /** The error's name, as Node's own errors carry it: `'ENOENT'`. */
  readonly code: string;

  constructor(call: SyscallName, args: readonly unknown[], errno: number) {
    const shown = showArgs(call, args);
    super(`${call}(${shown.map(cut).join(', ')}): ${errnoMessage(errno)} (${errnoName(errno)})`);
    this.call = call;
    this.args = shown;
    this.values = args;
    this.errno = errno;
    this.code = errnoName(errno);
  }
}

/** What a message shows of an argument at most: more than any path has. */
const LONGEST = 4200;

function cut(shown: string): string {
  return shown.length > LONGEST ? `${shown.slice(0, LONGEST)}…` : shown;
}

/** Whether `error` is a SyscallError with one of these codes: `isErrno(error, 'ENOENT', 'ENOTDIR')`. */
export function isErrno(error: unknown, ...codes: readonly string[]): error is SyscallError {
  return error instanceof SyscallError && codes.includes(error.code);
}
