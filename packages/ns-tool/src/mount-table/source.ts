/** Where a mount table comes from: a process, or a file in which one was saved. */
import { type Mount, MountTableError, parseMountinfo } from '@ns-tool/mount-table';
import { AT_FDCWD, O_RDONLY, readFile, type Sys, SyscallError, withOpen } from '@ns-tool/syscalls';
import { UserError } from '../errors.ts';
import { printable } from '../output.ts';
import { notYours } from '../pid.ts';
import { mountsByStatmount } from './statmount.ts';

/** A process, or a file with the content of a /proc/PID/mountinfo. */
export type TableSource = { readonly pid: number | 'self' } | { readonly file: string };

/** What a word of the command line means: digits are a pid, `self` is this process, and all else is a file. */
export function sourceOf(word: string): TableSource {
  if (word === 'self') return { pid: 'self' };
  return /^[1-9]\d{0,9}$/.test(word) ? { pid: Number(word) } : { file: word };
}

/** How a source is called in the output: `pid 1`, or the file. */
export function nameOf(source: TableSource): string {
  return 'file' in source ? printable(source.file) : source.pid === 'self' ? 'self' : `pid ${source.pid}`;
}

/**
 * The mount table of a source.
 *
 * @param needsPropagateFrom whether `propagateFrom` is asked for, which can cost the kernel more than all else.
 * @throws UserError for a process or a file that cannot be read, and for a file that is no mount table.
 */
export function readTable(sys: Sys, source: TableSource, needsPropagateFrom = true): Mount[] {
  const path = 'file' in source ? source.file : `/proc/${source.pid === 'self' ? 'thread-self' : source.pid}/mountinfo`;
  try {
    if ('pid' in source && source.pid === 'self' && !needsPropagateFrom) return ownTable(sys, path);
    return parseMountinfo(readFile(sys, path));
  } catch (error) {
    if (error instanceof SyscallError) throw new UserError(error.message, hintFor(error, source), { cause: error });
    if (!(error instanceof MountTableError)) throw error;
    throw new UserError(
      `${nameOf(source)}: ${error.message}`,
      'A saved table is a copy of /proc/PID/mountinfo: cat /proc/self/mountinfo > FILE',
      { cause: error },
    );
  }
}

/** Above this, in milliseconds for a line, the kernel walks peer groups. Otherwise it takes one or two microseconds. */
const SLOW_LINE = 0.025;

/** Milliseconds after which that is no accident. */
const LONG_ENOUGH = 0.2;

/** By the way that is quicker. How long the first lines take tells: they are read one or two at a time, then more and more. */
function ownTable(sys: Sys, path: string): Mount[] {
  return withOpen(sys, AT_FDCWD, path, O_RDONLY, (fd) => {
    const pieces: Buffer[] = [];
    let lines = 0;
    const start = performance.now();
    for (let size = 256; ; size = Math.min(size * 2, LARGEST_PIECE)) {
      const piece = Buffer.alloc(size);
      const length = sys.read(fd, piece);
      if (length === 0) return parseMountinfo(Buffer.concat(pieces));
      pieces.push(piece.subarray(0, length));
      lines += piece.subarray(0, length).toString('latin1').split('\n').length;
      const elapsed = performance.now() - start;
      const quicker = elapsed > LONG_ENOUGH && elapsed / lines > SLOW_LINE ? mountsByStatmount(sys) : null;
      if (quicker !== null) return quicker;
    }
  });
}

const LARGEST_PIECE = 32 * 1024;

function hintFor({ code }: SyscallError, source: TableSource): string | undefined {
  if ('file' in source) {
    return code === 'ENOENT' ? 'Give a pid, or a file that cat /proc/PID/mountinfo has filled.' : undefined;
  }
  switch (code) {
    case 'ENOENT':
    case 'ESRCH':
    case 'EINVAL':
      return `There is no process ${source.pid} with mounts, in this pid namespace; ps -e lists those that there are.`;
    case 'EACCES':
    case 'EPERM':
      return notYours(source.pid);
    default:
      return undefined;
  }
}
