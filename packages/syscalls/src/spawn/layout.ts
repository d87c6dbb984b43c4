/**
 * A program as the interpreter reads it: how a list of steps lies in memory. Pure, but for the memory it is given.
 *
 * A step is ten 64-bit words: the call's number, six arguments, the result, a set of the arguments that are results of
 * other steps, and the address of the errors that are allowed. interpreter/*.S describes them. Behind the steps lie the
 * sets of errors, then the bytes that arguments point to; the child's stack grows down from the end.
 */
import { ResultOf } from '../arguments.ts';
import { type ErrnoName, errnoNumber } from '../errno.ts';
import type { Item, Word } from '../kinds.ts';
import type { Architecture } from '../platform.ts';
import type { Program, Step } from '../record.ts';
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
export function write(program: Program, view: DataView, address: number, on: Architecture): Filled {
  const bytes = Buffer.from(view.buffer);
  const end = view.byteLength - STACK;
  let next = (program.length + 1) * STEP;
  const reserve = (size: number) => {
    const at = next;
    next = (next + size + 7) & ~7;
    if (next > end) throw new RangeError('the program does not fit');
    return at;
  };
  const put = (content: Uint8Array) => {
    const at = reserve(content.length);
    bytes.set(content, at);
    return address + at;
  };
  const putText = (text: string) => {
    // A unit of UTF-16 takes three bytes of UTF-8 at most.
    const at = reserve(3 * text.length + 1);
    const end = at + bytes.write(text, at);
    bytes[end] = 0;
    next = (end + 8) & ~7;
    return address + at;
  };
  const putWords = (items: readonly Item[]) => {
    const words = [...items.map(wordOf), 0];
    const at = reserve(words.length * 8);
    for (const [i, word] of words.entries()) setWord(view, at + i * 8, word);
    return address + at;
  };
  // What several steps share, such as the environment of all candidates for a command, is there once.
  const addresses = new Map<unknown, number>();
  const once = <T>(content: T, write: (content: T) => number) => {
    const known = addresses.get(content) ?? write(content);
    addresses.set(content, known);
    return known;
  };
  const wordOf = (word: Word): number => {
    if (typeof word === 'number') return word;
    if (typeof word === 'string') return once(word, putText);
    return word instanceof Uint8Array ? once(word, put) : once(word, putWords);
  };
  const putErrors = (errors: readonly ErrnoName[]) => once(errorSet(errors), put);

  const known = new Map<unknown, readonly Word[]>();
  const filled = new Map<Uint8Array, number>();
  let at = 0;
  for (const step of program) {
    const { name, args, allowed } = step;
    const { number, kinds, forks }: Description = table[name];
    setWord(view, at, number[on]);
    const words = wordsOf(step, known);
    let refs = forks ? FORKS : 0;
    for (let place = 0; place < 6; place++) setWord(view, at + 8 + place * 8, wordOf(words[place] ?? 0));
    for (let place = 0; place < args.length; place++) {
      const arg = args[place];
      // Descriptors stand before anything that takes two words, so an argument's place is its word's.
      if (arg instanceof ResultOf) {
        setWord(view, at + 8 + place * 8, address + arg.step * STEP + RESULT);
        refs |= 1 << place;
        continue;
      }
      const bytes = kinds[place]?.filled?.(arg);
      if (bytes) filled.set(bytes, wordOf(bytes) - address);
    }
    setWord(view, at + RESULT, NOT_RUN);
    setWord(view, at + REFS, refs);
    setWord(view, at + ALLOWED, allowed.length === 0 ? 0 : putErrors(allowed));
    at += STEP;
  }
  setWord(view, at, END);
  return filled;
}

/** Hands what the calls have filled to the arguments that it stands for, as a call made here fills them. */
export function readFilled(filled: Filled, view: DataView): void {
  for (const [bytes, at] of filled) bytes.set(new Uint8Array(view.buffer, at, bytes.length));
}

const remembered = new WeakMap<Step, readonly Word[]>();

/** Steps that every program has, such as those that reset the signals, become words once for all programs. */
export function remember(program: Program): Program {
  for (const step of program) remembered.set(step, wordsOf(step, new Map()));
  return program;
}

/** The machine words of a step's arguments. Arrays that several steps share become the same words. */
function wordsOf(step: Step, known: Map<unknown, readonly Word[]>): readonly Word[] {
  const ready = remembered.get(step);
  if (ready !== undefined) return ready;
  const { kinds }: Description = table[step.name];
  const words: Word[] = [];
  kinds.forEach((kind, i) => {
    const arg = step.args[i];
    // A result takes one word like the descriptor it stands for.
    if (arg instanceof ResultOf) words.push(0);
    else if (!Array.isArray(arg)) words.push(...kind.words(arg));
    else {
      const shared = known.get(arg) ?? kind.words(arg);
      known.set(arg, shared);
      words.push(...shared);
    }
  });
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
  const results = program.map((_, i) => Number(view.getBigInt64(i * STEP + RESULT, true)));
  const ran = results.indexOf(NOT_RUN);
  return ran === -1 ? results : results.slice(0, ran);
}

/** Writes a 64-bit word. In halves, since a BigInt for each would take longer than the rest of it. */
function setWord(view: DataView, at: number, value: number): void {
  view.setInt32(at, value | 0, true);
  view.setInt32(at + 4, Math.floor(value / 2 ** 32), true);
}
