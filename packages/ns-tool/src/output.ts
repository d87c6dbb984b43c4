/**
 * Writing to the terminal or a pipe, at once and completely.
 *
 * Not `process.stdout`, whose errors arrive later and elsewhere: here a write either has happened or throws, so nothing is
 * lost when the process ends by a signal right after it.
 */
import { writeSync } from 'node:fs';
import { UserError } from './errors.ts';

/** A name for a person to read: nothing in it can drive the terminal, or turn the direction of text. */
export { display as printable } from '@ns-tool/mount-table';

/** A reader that went away, as in `ns-tool mount | head -1`. No error for the user; the shell's status is 128 + SIGPIPE. */
export class BrokenPipe extends Error {
  override readonly name = 'BrokenPipe';
  readonly status = 141;
}

/** Writes a line to standard output. */
export function print(line = ''): void {
  write(1, `${line}\n`);
}

/** Writes a line to standard error. */
export function printError(line: string): void {
  write(2, `${line}\n`);
}

/** Writes bytes to standard output as they are. */
export function printBytes(bytes: Uint8Array): void {
  write(1, bytes);
}

/** Writes bytes to standard error as they are. */
export function printErrorBytes(bytes: Uint8Array): void {
  write(2, bytes);
}

function write(fd: number, content: string | Uint8Array): void {
  let rest: Uint8Array = typeof content === 'string' ? Buffer.from(content) : content;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') throw new BrokenPipe();
      // EAGAIN: a pipe or terminal that another program has made non-blocking, and that is full.
      if (code !== 'EAGAIN') throw new UserError(`cannot write the output: ${(error as Error).message}`);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}
