/** System calls, recorded: a program as a plain list, to be run later by a child, printed, or compared by a test. */

import { ResultOf, refuseWrongArguments } from './arguments.ts';
import { type ErrnoName, errnoNumber } from './errno.ts';
import { showCall } from './show.ts';
import { type Calls, type SyscallName, table } from './table.ts';

/** One system call of a program. */
export interface Step {
  readonly name: SyscallName;
  readonly args: readonly unknown[];
  /** Errors that do not end the program. */
  readonly allowed: readonly ErrnoName[];
  /** Whether it only serves the start, of which a reader of the program need not know. */
  readonly aside: boolean;
}

/** A list of system calls, in order. */
export type Program = readonly Step[];

/** The functions of `sys`, which append a step instead of making the call. */
export type Recorder = Calls & {
  /** The same recorder, for calls that may fail: `sys.allowing('EEXIST').mkdirat(…)`. */
  allowing(...errors: ErrnoName[]): Recorder;
  /** The same recorder, for calls that only serve the start: who shows the program may leave them out. */
  aside(): Recorder;
  /**
   * Appends what `write` records. That is recorded once, for all programs that include it, and laid out in memory once: it
   * must always be the same, and every time the same function: `sys.include(hideFromRoot)`.
   *
   * @throws TypeError if a step of it uses the result of another, whose place is not the same in each program.
   */
  include(write: (sys: Recorder) => void): void;
};

/**
 * What a recorded call returns. It has the type of a descriptor, so that a function written for `Sys` can be recorded too,
 * and a value that no descriptor has. Only its place among the arguments of a later call gives it a meaning.
 */
const FIRST_RESULT = -(2 ** 40);

/**
 * Records what `write` does to the recorder.
 *
 *     const program = record((sys) => {
 *       const fd = sys.openat(AT_FDCWD, '/proc/self/setgroups', O_WRONLY);
 *       sys.write(fd, 'deny');
 *       sys.close(fd);
 *     });
 *
 * @throws TypeError for an argument that must not reach the kernel, at once, as `sys` does; and for an async function.
 */
export function record(write: (sys: Recorder) => void): Program {
  const steps: Step[] = [];
  recordInto(new Recording(steps, [], false) as unknown as Recorder, write);
  return steps;
}

/** @throws TypeError for an async function, whose calls would be recorded once the program is done. */
export function recordInto(sys: Recorder, write: (sys: Recorder) => unknown): void {
  if (write(sys) instanceof Promise) throw new TypeError('calls are recorded at once: an async function is too late');
}

/** A recorder. Its calls are methods that are made once, for all recorders: a program is recorded for every child. */
class Recording {
  constructor(
    readonly steps: Step[],
    readonly allowed: readonly ErrnoName[],
    readonly isAside: boolean,
  ) {}

  allowing(...errors: ErrnoName[]): Recorder {
    // Unknown names are refused now, not when the child runs.
    for (const error of errors) errnoNumber(error);
    return new Recording(this.steps, errors, this.isAside) as unknown as Recorder;
  }

  aside(): Recorder {
    return new Recording(this.steps, this.allowed, true) as unknown as Recorder;
  }

  include(write: (sys: Recorder) => void): void {
    this.steps.push(...recordedOnce(write));
  }

  append(name: SyscallName, args: readonly unknown[]): number {
    const { steps, allowed, isAside: aside } = this;
    const resolved = args.some(isResult) ? args.map((arg) => resultBehind(arg, steps.length)) : args;
    refuseWrongArguments(name, resolved);
    return FIRST_RESULT - (steps.push({ name, args: resolved, allowed, aside }) - 1);
  }
}

const recorded = new WeakMap<(sys: Recorder) => void, Program>();
const beginnings = new WeakMap<Step, Program>();

function recordedOnce(write: (sys: Recorder) => void): Program {
  const known = recorded.get(write);
  if (known !== undefined) return known;
  const program = record(write);
  const using = program.find(({ args }) => args.some((arg) => arg instanceof ResultOf));
  if (using !== undefined) throw new TypeError(`${using.name}: what is included uses no results`);
  recorded.set(write, program);
  if (program[0] !== undefined) beginnings.set(program[0], program);
  return program;
}

/** The steps that programs include and that begin at a place of this one, or undefined. */
export function includedAt(program: Program, at: number): Program | undefined {
  const included = beginnings.get(program[at] as Step);
  return included?.every((step, i) => step === program[at + i]) ? included : undefined;
}

for (const name of Object.keys(table) as SyscallName[]) {
  Object.defineProperty(Recording.prototype, name, {
    value(this: Recording, ...args: unknown[]) {
      return this.append(name, args);
    },
  });
}

function isResult(arg: unknown): arg is number {
  return typeof arg === 'number' && arg <= FIRST_RESULT;
}

function resultBehind(arg: unknown, count: number): unknown {
  if (!isResult(arg)) return arg;
  const step = FIRST_RESULT - arg;
  if (step >= count) throw new TypeError('a result belongs to the program in which it was recorded');
  return new ResultOf(step);
}

/**
 * A program in strace's notation, a line for each step. A result that a later step uses has a name:
 *
 *     openat(AT_FDCWD, "/proc/self/setgroups", O_WRONLY) = r0
 *     write(r0, "deny", 4)
 */
export function showProgram(program: Program): string[] {
  const used = new Set(
    program.flatMap(({ args }) => args.flatMap((arg) => (arg instanceof ResultOf ? [arg.step] : []))),
  );
  return program.map(({ name, args, allowed }, step) => {
    const result = used.has(step) ? ` = ${new ResultOf(step)}` : '';
    const mayFail = allowed.length > 0 ? `  /* or ${allowed.join(', ')} */` : '';
    return `${showCall(name, args)}${result}${mayFail}`;
  });
}
