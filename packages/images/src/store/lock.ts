/**
 * Mutual exclusion of processes by flock(2): the kernel releases a lock with its holder, however that ends.
 *
 * Two descriptors exclude each other in one process too.
 */
import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { LOCK_EX, LOCK_NB, LOCK_SH, sys } from '@ns-tool/syscalls';

/** Milliseconds between two tries. flock(2) itself would stop this thread, and with it the downloads. */
const PAUSE = 25;

export type Lock = 'shared' | 'exclusive';

/** Runs `work` while the lock of a file is held, which is made if need be. Waits for it. */
export async function locked<T>(file: string, lock: Lock, work: () => Promise<T>): Promise<T> {
  const fd = openSync(file, 'a', 0o600);
  try {
    while (!tryLock(fd, lock)) await sleep(PAUSE);
    return await work();
  } finally {
    closeSync(fd);
  }
}

/** The same if the lock is free at once; else returns null. */
export async function lockedIfFree<T>(file: string, lock: Lock, work: () => Promise<T>): Promise<T | null> {
  const fd = openSync(file, 'a', 0o600);
  try {
    return tryLock(fd, lock) ? await work() : null;
  } finally {
    closeSync(fd);
  }
}

/** Waits until this open file is locked for its descriptor alone. It is released when it is closed. */
export async function lockExclusively(fd: number): Promise<void> {
  while (!tryLock(fd, 'exclusive')) await sleep(PAUSE);
}

function tryLock(fd: number, lock: Lock): boolean {
  return sys.allowing('EAGAIN', 'EINTR').flock(fd, (lock === 'shared' ? LOCK_SH : LOCK_EX) | LOCK_NB) >= 0;
}
