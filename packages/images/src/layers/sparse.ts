/** Writing a file without what are only zeros. */
import fs from 'node:fs';
import { isZero } from './tar/read.ts';

const PAGE = 4096;

/**
 * Writes data, and leaves out whole pages of zeros: they become holes, which take no space.
 *
 * @returns where in the file the last byte that was written ends; 0 if none was.
 */
export function writeAround(fd: number, piece: Buffer, position: number): number {
  let [from, written] = [0, 0];
  const write = (to: number) => {
    if (to === from) return;
    writeAll(fd, piece.subarray(from, to), position + from);
    written = position + to;
  };
  // Pages as the file has them, whose first is perhaps half written.
  for (let at = 0; at < piece.length; ) {
    const end = Math.min(at + PAGE - ((position + at) % PAGE), piece.length);
    if (end - at === PAGE && piece[at] === 0 && isZero(piece.subarray(at, end))) {
      write(at);
      from = end;
    }
    at = end;
  }
  write(piece.length);
  return written;
}

function writeAll(fd: number, piece: Buffer, position: number): void {
  for (let done = 0; done < piece.length; ) {
    done += fs.writeSync(fd, piece, done, piece.length - done, position + done);
  }
}
