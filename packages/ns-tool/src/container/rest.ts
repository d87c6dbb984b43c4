/** What a container has written before it has ended: the kernel has it ready, although Node may not have heard of it. */
import { readSync } from 'node:fs';

/** At most so much, in bytes: others in the container may write without end. */
const MOST = 1024 * 1024;

/** Shows what can be read at once from a descriptor that is non-blocking. */
export function showRest(fd: number, show: (bytes: Uint8Array) => void): void {
  const buffer = Buffer.alloc(64 * 1024);
  for (let shown = 0, length = 1; length > 0 && shown < MOST; shown += length) {
    length = unlessFull(() => readSync(fd, buffer));
    show(buffer.subarray(0, length));
  }
}

/** How many bytes were read or written; 0 where that would have to wait. */
export function unlessFull(transfer: () => number): number {
  try {
    return transfer();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0;
    throw error;
  }
}
