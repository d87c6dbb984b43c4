/** The one door to the kernel: libc's syscall(2), called through koffi. Nothing else here touches native code. */
import './platform.ts';
import koffi from 'koffi';
import type { Word } from './kinds.ts';

// libc is part of every Node process, glibc or musl. Six words fit every call; what a call does not take is ignored.
const syscall = koffi
  .load(null)
  .func('syscall', 'long', ['long', 'int64', 'int64', 'int64', 'int64', 'int64', 'int64']);

/**
 * Performs a system call on the calling thread, and returns its result, or the negative errno.
 *
 * The caller must hold on to `words` until it returns: the kernel gets the addresses of the bytes in it.
 */
export function invoke(number: number, words: readonly Word[]): number {
  const registers = words.map((word) => (typeof word === 'number' ? word : koffi.address(word)));
  while (registers.length < 6) registers.push(0);
  const result = Number(syscall(number, ...registers));
  return result === -1 ? -koffi.errno() : result;
}
