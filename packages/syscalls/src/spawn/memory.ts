/** Memory that a parent and its child share: the program, its data and the child's stack. */
import { MAP_ANONYMOUS, MAP_PRIVATE, MAP_SHARED, PROT_EXEC, PROT_READ, PROT_WRITE } from '../constants.ts';
import { interpreter } from '../interpreter/code.ts';
import { memoryAt } from '../native.ts';
import { architecture } from '../platform.ts';
import { sys } from '../run.ts';

/** What nearly every program fits into. Blocks of this size are kept and used again. */
const USUAL_SIZE = 64 * 1024;

/** A block of shared memory. */
export interface Block {
  readonly address: number;
  readonly size: number;
  readonly view: DataView;
}

const free: Block[] = [];

/** A block of at least `size` bytes. Its content is undefined. Give it back with {@link release}. */
export function take(size: number): Block {
  const kept = size <= USUAL_SIZE ? free.pop() : undefined;
  return kept ?? map(Math.max(size, USUAL_SIZE));
}

/** Gives a block back, once no child uses it any more. */
export function release(block: Block): void {
  if (block.size === USUAL_SIZE) free.push(block);
  else sys.munmap(block.address, block.size);
}

function map(size: number): Block {
  const address = sys.mmap(null, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return { address, size, view: new DataView(memoryAt(address, size)) };
}

let entry: number | undefined;

/** The address of the interpreter. Its page is first writable, then executable, and never both. */
export function interpreterAddress(): number {
  entry ??= mapCode(interpreter[architecture]);
  return entry;
}

function mapCode(code: Uint8Array): number {
  const address = sys.mmap(null, code.length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  new Uint8Array(memoryAt(address, code.length)).set(code);
  sys.mprotect(address, code.length, PROT_READ | PROT_EXEC);
  return address;
}
