/**
 * A program as the interpreter reads it: how a list of steps lies in memory. Pure, but for the memory it is given.
 *
 * A step is ten 64-bit words: the call's number, six arguments, the result, a set of the arguments that are results of
 * other steps, and the address of the errors that are allowed. interpreter/*.S describes them. Behind the steps lie the
 * sets of errors, then the bytes that arguments point to; the child's stack grows down from the end.
 */
import { ResultOf } from '../arguments.ts';
import { type ErrnoName, errnoNumber } from '../errno.ts';
import type { Item, Kind, Word } from '../kinds.ts';
import { architecture } from '../platform.ts';
import { includedAt, type Program, type Step } from '../record.ts';
import { type Description, table } from '../table.ts';

const STEP = 80;
const RESULT = 56;
const REFS = 64;
const ALLOWED = 72;
const END = -1;

/** A set of errors: a bit for each errno up to 4095, the highest that the kernel returns. */
const ERROR_SET = 512;

/** The bit of the set that says: the call makes a child, which goes on with the list. */
const FORKS = 1 << 6;

/** The interpreter itself uses none; libc puts two words there to start it. */
const STACK = 4096;

/** What a step's result is until it has run: no result of a call. */
const NOT_RUN = -(2 ** 62);

/** The bytes that a program of this length takes besides those that its arguments point to. */
export function fixedSize(program: Program): number {
  return (program.length + 1) * STEP + STACK;
}

/** Where the memory lies that calls of a program fill, as an offset, by the argument that it stands for. */
export type Filled = ReadonlyMap<Uint8Array, number>;

/**
 * Writes a program into memory that begins at `address`.
 *
 * @throws RangeError if it does not fit.
 */
export function write(program: Program, view: DataView, address: number): Filled {
  const sheet = new Sheet(view.buffer as ArrayBuffer, address, program.length);
  for (let i = 0; i < program.length; ) {
    const included = includedAt(program, i);
    if (included === undefined) sheet.writeStep(program[i] as Step, i);
    else sheet.writeIncluded(included, i);
    i += included?.length ?? 1;
  }
  return sheet.filled;
}

/** Steps as they lie in memory, with what they point to, but for the addresses in them: what programs include. */
interface Image {
  readonly steps: Uint8Array;
  readonly contents: Uint8Array;
  /** For each address in the steps: where it is, and what of the contents it is that of. */
  readonly inSteps: readonly Pointer[];
  /** Likewise for those in the contents. */
  readonly inContents: readonly Pointer[];
  readonly filled: readonly (readonly [bytes: Uint8Array, offset: number])[];
}

/** An address in memory, by offsets: where it is, and what it is that of. */
interface Pointer {
  readonly at: number;
  readonly to: number;
}

const images = new WeakMap<Program, Image>();

/** The memory of a program that is being written. All places are offsets in it. */
class Sheet {
  readonly filled = new Map<Uint8Array, number>();
  private readonly bytes: Buffer;
  private readonly words: Int32Array;
  private readonly end: number;
  /** Where the next content goes. */
  private next: number;
  // What several steps share, such as the environment of all candidates for a command, is there once.
  private contents = new Map<unknown, number>();
  private readonly lists = new Map<unknown, readonly Word[]>();
  /** The addresses that are written, where somebody wants to know. */
  private pointers: Pointer[] | undefined;

  constructor(
    memory: ArrayBuffer,
    private readonly address: number,
    length: number,
  ) {
    this.bytes = Buffer.from(memory);
    this.words = new Int32Array(memory);
    this.end = memory.byteLength - STACK;
    this.next = (length + 1) * STEP;
    this.writeNumber(length * STEP, END);
  }

  writeStep(step: Step, place: number): void {
    const at = place * STEP;
    const { name, args, allowed } = step;
    const { number, kinds, forks }: Description = table[name];
    this.writeNumber(at, number[architecture]);
    const words = wordsOf(step, this.lists);
    let refs = forks ? FORKS : 0;
    for (let i = 0; i < 6; i++) this.writeWord(at + 8 + i * 8, words[i] ?? 0);
    for (let i = 0; i < args.length; i++) {
      const arg = args[i];
      // Descriptors stand before anything that takes two words, so an argument's place is its word's.
      if (arg instanceof ResultOf) {
        this.writeNumber(at + 8 + i * 8, this.address + arg.step * STEP + RESULT);
        refs |= 1 << i;
        continue;
      }
      const bytes = kinds[i]?.filled?.(arg);
      if (bytes) this.filled.set(bytes, this.put(bytes));
    }
    this.writeNumber(at + RESULT, NOT_RUN);
    this.writeNumber(at + REFS, refs);
    this.writeWord(at + ALLOWED, allowed.length === 0 ? 0 : errorSet(allowed));
  }

  /** Writes steps that programs include: the first time one by one, and from then on as they have become. */
  writeIncluded(program: Program, place: number): void {
    const image = images.get(program);
    if (image === undefined) images.set(program, this.writeAlone(program, place));
    else this.writeImage(image, place * STEP);
  }

  /** Writes steps with nothing that they share with others. */
  private writeAlone(program: Program, place: number): Image {
    const { contents, next: from } = this;
    const at = place * STEP;
    const pointers: Pointer[] = [];
    this.contents = new Map();
    this.pointers = pointers;
    for (const [i, step] of program.entries()) this.writeStep(step, place + i);
    this.contents = contents;
    this.pointers = undefined;
    // The contents lie behind all steps.
    const inSteps = pointers.filter((pointer) => pointer.at < from);
    const inContents = pointers.filter((pointer) => pointer.at >= from);
    return {
      steps: Uint8Array.from(this.bytes.subarray(at, at + program.length * STEP)),
      contents: Uint8Array.from(this.bytes.subarray(from, this.next)),
      inSteps: inSteps.map((pointer) => ({ at: pointer.at - at, to: pointer.to - from })),
      inContents: inContents.map((pointer) => ({ at: pointer.at - from, to: pointer.to - from })),
      filled: [...this.filled].flatMap(([bytes, at]) => (at >= from ? [[bytes, at - from] as const] : [])),
    };
  }

  private writeImage({ steps, contents, inSteps, inContents, filled }: Image, at: number): void {
    const from = this.reserve(contents.length);
    this.bytes.set(steps, at);
    this.bytes.set(contents, from);
    for (const pointer of inSteps) this.writePointer(at + pointer.at, from + pointer.to);
    for (const pointer of inContents) this.writePointer(from + pointer.at, from + pointer.to);
    for (const [bytes, offset] of filled) this.filled.set(bytes, from + offset);
  }

  private writeWord(at: number, word: Word): void {
    if (typeof word === 'number') this.writeNumber(at, word);
    else this.writePointer(at, this.put(word));
  }

  private writePointer(at: number, to: number): void {
    this.pointers?.push({ at, to });
    this.writeNumber(at, this.address + to);
  }

  /** Writes a 64-bit word. In halves, since a BigInt for each would take longer than the rest of it. */
  private writeNumber(at: number, value: number): void {
    this.words[at / 4] = value;
    this.words[at / 4 + 1] = Math.floor(value / 2 ** 32);
  }

  /** Puts a content where there is room, once, and returns the place. */
  private put(content: string | Uint8Array | readonly Item[]): number {
    let at = this.contents.get(content);
    if (at === undefined) {
      if (typeof content === 'string') at = this.putText(content);
      else if (content instanceof Uint8Array) at = this.putBytes(content);
      else at = this.putList(content);
      this.contents.set(content, at);
    }
    return at;
  }

  private putText(text: string): number {
    // A unit of UTF-16 takes three bytes of UTF-8 at most.
    const at = this.reserve(3 * text.length + 1);
    const end = at + this.bytes.write(text, at);
    this.bytes[end] = 0;
    this.next = (end + 8) & ~7;
    return at;
  }

  private putBytes(bytes: Uint8Array): number {
    const at = this.reserve(bytes.length);
    this.bytes.set(bytes, at);
    return at;
  }

  /** A list of addresses, ended by 0. */
  private putList(items: readonly Item[]): number {
    const at = this.reserve((items.length + 1) * 8);
    for (const [i, item] of items.entries()) this.writeWord(at + i * 8, item);
    this.writeNumber(at + items.length * 8, 0);
    return at;
  }

  private reserve(size: number): number {
    const at = this.next;
    this.next = (at + size + 7) & ~7;
    if (this.next > this.end) throw new RangeError('the program does not fit');
    return at;
  }
}

/** Hands what the calls have filled to the arguments that it stands for, as a call made here fills them. */
export function readFilled(filled: Filled, view: DataView): void {
  for (const [bytes, at] of filled) bytes.set(new Uint8Array(view.buffer, at, bytes.length));
}

/** The machine words of a step's arguments. Arrays that several steps share become the same words. */
function wordsOf({ name, args }: Step, lists: Map<unknown, readonly Word[]>): readonly Word[] {
  const { kinds }: Description = table[name];
  const words: Word[] = [];
  for (let i = 0; i < kinds.length; i++) {
    const [kind, arg] = [kinds[i] as Kind<unknown>, args[i]];
    // A result takes one word like the descriptor it stands for.
    if (arg instanceof ResultOf) words.push(0);
    else if (!Array.isArray(arg)) words.push(...kind.words(arg));
    else {
      const shared = lists.get(arg) ?? kind.words(arg);
      lists.set(arg, shared);
      words.push(...shared);
    }
  }
  return words;
}

const errorSets = new Map<string, Uint8Array>();

/** The same errors are the same set, in all programs. */
function errorSet(errors: readonly ErrnoName[]): Uint8Array {
  const names = errors.join();
  const known = errorSets.get(names);
  if (known !== undefined) return known;
  const set = new Uint8Array(ERROR_SET);
  for (const error of errors) {
    const errno = errnoNumber(error);
    set[errno >> 3] = (set[errno >> 3] ?? 0) | (1 << (errno & 7));
  }
  errorSets.set(names, set);
  return set;
}

/** The results of the steps that have run, in order: values, or negative errnos. */
export function readResults(program: Program, view: DataView): number[] {
  const words = new Int32Array(view.buffer as ArrayBuffer);
  const results: number[] = [];
  for (let i = 0; i < program.length; i++) {
    const at = (i * STEP + RESULT) / 4;
    const result = ((words[at] ?? 0) >>> 0) + (words[at + 1] ?? 0) * 2 ** 32;
    if (result === NOT_RUN) break;
    results.push(result);
  }
  return results;
}
