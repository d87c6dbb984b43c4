/**
 * Standard input, output and error of a container that has no terminal of its own.
 *
 * Those of ours that are a terminal, it does not get: whoever has one can read what is typed for others, and change its
 * settings. Nor does it get those that are files: through /proc/self/fd its root could open them anew, write to what is only
 * to be read, and change their modes; and from a directory go on to the host's. In their place it has a pipe, and this
 * process copies.
 */
import { fstatSync, read } from 'node:fs';
import { Socket } from 'node:net';
import { isatty, ReadStream } from 'node:tty';
import { promisify } from 'node:util';
import { pipe, SEEK_CUR, type Stdio, type Sys } from '@ns-tool/syscalls';
import { UserError } from '../errors.ts';
import { mayRead } from '../foreground.ts';
import { printBytes, printErrorBytes } from '../output.ts';
import { showRest } from './rest.ts';

const readSome = promisify(read);

/** How often to look whether this process is in the foreground, in milliseconds. */
const LOOK_EVERY = 250;

/** Copies while `work` is done, which is given what the container's descriptors are. @throws what went wrong with ours. */
export async function copied<T>(sys: Sys, work: (stdio: readonly Stdio[]) => Promise<T>): Promise<T> {
  const failures: unknown[] = [];
  const fail = (error: unknown) => void failures.push(error);
  const input = isCopied(0) ? (isatty(0) ? copyTyped(sys) : copyFile(sys, fail)) : null;
  const output = isCopied(1) ? copyOutput(sys, printBytes, fail) : null;
  // In one pipe what goes to one file keeps its order.
  const errors = isCopied(2) ? (isSame(1, 2) ? output : copyOutput(sys, printErrorBytes, fail)) : null;
  const copies = [input, output, errors];
  let result: T;
  try {
    result = await work(copies.map((copy) => copy?.theirs ?? 'inherit'));
  } finally {
    for (const copy of new Set(copies)) await copy?.end();
  }
  if (failures.length > 0) throw failures[0];
  return result;
}

/** Whether a descriptor leads to more than the bytes that go through it. */
function isCopied(fd: number): boolean {
  const found = fstatSync(fd);
  return isatty(fd) || found.isFile() || found.isDirectory() || found.isBlockDevice();
}

function isSame(one: number, other: number): boolean {
  const [a, b] = [fstatSync(one), fstatSync(other)];
  return a.dev === b.dev && a.ino === b.ino;
}

/** One of the three that is copied. */
interface Copy {
  /** The container's end of the pipe. */
  readonly theirs: number;
  end(): void | Promise<void>;
}

/** Copies what is typed; but in the foreground only, since SIGTTIN would stop this process otherwise. */
function copyTyped(sys: Sys): Copy {
  const [theirs, ours] = pipe(sys);
  let keyboard: ReadStream | null = null;
  const look = () => {
    if (mayRead(0)) keyboard ??= open();
    else leave();
  };
  const open = () => {
    try {
      return new ReadStream(0).on('data', type).on('end', close).on('error', lose);
    } catch {
      // It has been hung up.
      close();
      return null;
    }
  };
  const type = (bytes: Uint8Array) => {
    if (!container.write(bytes)) keyboard?.pause();
  };
  /** EIO: it has been hung up, or this process is in the background by now. */
  const lose = () => (mayRead(0) ? close() : leave());
  const leave = () => {
    keyboard?.destroy();
    keyboard = null;
  };
  /** After this the container reads no more: upon Ctrl-D, for one. */
  const close = () => {
    clearInterval(timer);
    process.off('SIGCONT', look);
    leave();
    container.end();
  };
  const container = new Socket({ fd: ours, readable: false, writable: true });
  container.on('drain', () => keyboard?.resume()).on('error', close);
  const timer = setInterval(look, LOOK_EVERY);
  process.on('SIGCONT', look);
  look();
  return {
    theirs,
    end() {
      close();
      container.destroy();
      sys.close(theirs);
    },
  };
}

/** Copies a file, of which the container may read less than goes into the pipe: what is left there is for who reads it next. */
function copyFile(sys: Sys, fail: (error: unknown) => void): Copy {
  const [theirs, ours] = pipe(sys);
  const container = new Socket({ fd: ours, readable: false, writable: true }).on('error', () => {});
  const buffer = Buffer.alloc(64 * 1024);
  let isOver = false;
  const copy = async () => {
    while (!isOver) {
      const { bytesRead } = await readSome(0, buffer, 0, buffer.length, null);
      if (bytesRead === 0) break;
      await new Promise((resolve) => container.write(buffer.subarray(0, bytesRead), resolve));
    }
  };
  copy()
    .catch((error: Error) => fail(new UserError(`cannot read the input: ${error.message}`)))
    .finally(() => container.end());
  return {
    theirs,
    async end() {
      isOver = true;
      let left = 0;
      for await (const bytes of new Socket({ fd: theirs, readable: true, writable: false })) left += bytes.length;
      if (left > 0) sys.lseek(0, -left, SEEK_CUR);
    },
  };
}

function copyOutput(sys: Sys, print: (bytes: Uint8Array) => void, fail: (error: unknown) => void): Copy {
  const [ours, theirs] = pipe(sys);
  const show = (bytes: Uint8Array) => {
    try {
      print(bytes);
    } catch (error) {
      fail(error);
      container.destroy();
    }
  };
  const container = new Socket({ fd: ours, readable: true, writable: false }).on('data', show);
  return {
    theirs,
    end() {
      if (!container.destroyed) showRest(ours, show);
      container.destroy();
      sys.close(theirs);
    },
  };
}
