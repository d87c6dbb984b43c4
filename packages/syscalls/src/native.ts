/** The one door to the kernel: libc's syscall(2) and clone(2), called through koffi. Nothing else here touches native code. */
import './platform.ts';
import koffi from 'koffi';
import type { Item, Word } from './kinds.ts';

// libc is part of every Node process, glibc or musl. Six words fit every call; what a call does not take is ignored.
const libc = koffi.load(null);
const syscall = libc.func('syscall', 'long', ['long', 'int64', 'int64', 'int64', 'int64', 'int64', 'int64']);

/**
 * Performs a system call on the calling thread, and returns its result, or the negative errno.
 *
 * @param words of each argument.
 */
export function invoke(number: number, words: readonly (readonly Word[])[]): number {
  // Kept until after the call, so that no collection of garbage frees before it what the kernel was given the address of.
  const memory: (Uint8Array | BigUint64Array)[] = [];
  const register = (item: Item): number | bigint => {
    if (typeof item === 'number') return item;
    const content = typeof item === 'string' ? Buffer.from(`${item}\0`) : item;
    memory.push(content);
    return koffi.address(content);
  };
  const registers: (number | bigint)[] = [];
  for (const ofArgument of words) {
    for (const word of ofArgument) {
      if (typeof word !== 'object' || word instanceof Uint8Array) registers.push(register(word));
      else {
        const list = new BigUint64Array([...word.map((item) => BigInt(register(item))), 0n]);
        memory.push(list);
        registers.push(koffi.address(list));
      }
    }
  }
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = registers;
  const result = outcome(syscall(number, a, b, c, d, e, f));
  memory.length = 0;
  return result;
}

function outcome(result: number | bigint): number {
  return Number(result) === -1 ? -koffi.errno() : Number(result);
}

type Clone = (fn: bigint, stack: bigint, flags: number, arg: bigint, pidfd: bigint, tls: null, ctid: null) => number;
let clone: Clone | undefined;

/**
 * Starts a child at a function in memory. clone(2) as libc has it, which puts the child on its own stack.
 *
 * @param entry the function's address; it gets `argument`.
 * @param stack the address above the child's stack.
 * @param pidfd where the kernel writes a descriptor of the child, with CLONE_PIDFD.
 * @returns the child's pid, or the negative errno.
 */
export function cloneInto(entry: number, stack: number, flags: number, argument: number, pidfd: number): number {
  clone ??= libc.func('clone', 'int', ['void *', 'void *', 'int', 'void *', 'void *', 'void *', 'void *']) as Clone;
  return outcome(clone(BigInt(entry), BigInt(stack), flags | 0, BigInt(argument), BigInt(pidfd), null, null));
}

let environ: BigUint64Array | undefined;

/** Where the environment of this process lies now: libc's `environ`, which a change of `process.env` may move. environ(7). */
export function environmentAddress(): number {
  environ ??= new BigUint64Array(memoryAt(Number(koffi.address(libc.symbol('environ'))), 8));
  return Number(environ[0]);
}

/** Memory at an address, as bytes. It must not be used once it has been unmapped. */
export function memoryAt(address: number, length: number): ArrayBuffer {
  return koffi.view(BigInt(address), length);
}
