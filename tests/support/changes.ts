/**
 * Changes of a child's program: what a test has a child do otherwise than the product has recorded it.
 *
 * Plain data, for the program under test is another process. A step is named by its place in the product's own program,
 * whatever the changes before have done to it.
 */
import { AT_FDCWD, type ErrnoName, type Program, ResultOf, record, type Step } from '@ns-tool/syscalls';

export type Change =
  /** Left out, with the steps that use its result. */
  | { readonly drop: number }
  /** Made with other arguments, by their places. */
  | { readonly at: number; readonly args: Readonly<Record<number, unknown>> }
  /** Made with another text in the place of an argument: what matches a pattern is replaced. */
  | { readonly at: number; readonly edits: number; readonly pattern: string; readonly by: string }
  /** Made later or earlier: right before another. */
  | { readonly move: number; readonly before: number }
  /** Replaced by a call that fails. */
  | { readonly at: number; readonly fails: Failure }
  /** The child says that it has come here, and waits until it is told to go on. */
  | { readonly stopBefore: number }
  /** The child waits for a moment, without a descriptor. */
  | { readonly pauseBefore: number }
  /** The flags of the clone(2) that makes the child. */
  | { readonly cloneWith: number }
  | { readonly cloneWithout: number };

/** The errors that a step can be made to fail with. */
export type Failure = keyof typeof FAILURES;

/** Calls that fail, each with the error that it is listed under. */
const FAILURES = {
  EBADF: record((sys) => sys.close(2 ** 31 - 1)),
  EINVAL: record((sys) => sys.dup3(0, 0, 0)),
  ENOENT: record((sys) => sys.openat(AT_FDCWD, '', 0)),
} satisfies Partial<Record<ErrnoName, Program>>;

/** Of these errors, one that a step can be made to fail with. */
export function oneOfFailures(errors: readonly ErrnoName[]): Failure | undefined {
  return errors.find((error): error is Failure => error in FAILURES);
}

/** The first error that a step can be made to fail with and that is none of these. */
export function failureBeside(errors: readonly ErrnoName[]): Failure {
  return (Object.keys(FAILURES) as Failure[]).find((error) => !errors.includes(error)) ?? 'EBADF';
}

/** How long a child waits that pauses, in milliseconds: so long that ns-tool is done with anything that it does meanwhile. */
const PAUSE = 100;

/** Where a child that stops writes a byte, and where it then reads one. No command gets that many descriptors. */
export const STOPPED = 61;
export const GO_ON = 62;

const STOP = record((sys) => {
  sys.write(STOPPED, '.');
  sys.read(GO_ON, new Uint8Array(1));
});
const WAIT = record((sys) => sys.poll([], PAUSE));

/** How messages begin that say that the test is wrong, not the product. */
export const MISTAKEN = 'a mistake of the test';

/** A step of a changed program, and which of the product's own it is or stands for; null for one that was put in. */
interface Place {
  readonly origin: number | null;
  readonly step: Step;
}

/** A program after changes. */
export interface Changed {
  readonly program: Program;
  /** Which step of the product's program each of its steps is or stands for. */
  readonly origins: readonly (number | null)[];
}

/** @throws Error for a step that there is not, or that uses the result of one that comes later now. */
export function changed(program: Program, changes: readonly Change[]): Changed {
  const places = changes.reduce<readonly Place[]>(
    (places, change) => apply(places, change),
    program.map((step, origin) => ({ origin, step })),
  );
  const origins = places.map(({ origin }) => origin);
  const renumbered = places.map(({ step }, at) => {
    const args = step.args.map((arg) => {
      if (!(arg instanceof ResultOf)) return arg;
      const source = origins.indexOf(arg.step);
      if (source === -1 || source >= at) throw new Error(`${MISTAKEN}: ${step.name} comes before what it uses`);
      return new ResultOf(source);
    });
    return args.some((arg) => arg instanceof ResultOf) ? { ...step, args } : step;
  });
  return { program: renumbered, origins };
}

/** What the product would find as the results of its own program: a step that was left out has done nothing, well. */
export function resultsOf(program: Program, { origins }: Changed, results: readonly number[]): number[] {
  for (const [at, result] of results.entries()) {
    if (origins[at] === null && result < 0) throw new Error(`${MISTAKEN}: a stop has failed with errno ${-result}`);
  }
  const own = program.map((_, origin) => (origins.includes(origin) ? results[origins.indexOf(origin)] : 0));
  const ran = own.indexOf(undefined);
  return (ran === -1 ? own : own.slice(0, ran)) as number[];
}

function apply(places: readonly Place[], change: Change): readonly Place[] {
  if ('drop' in change) return without(places, change.drop);
  if ('stopBefore' in change) return inserted(places, change.stopBefore, STOP);
  if ('pauseBefore' in change) return inserted(places, change.pauseBefore, WAIT);
  if ('move' in change) {
    const from = placeOf(places, change.move);
    const others = places.toSpliced(from, 1);
    return others.toSpliced(placeOf(others, change.before), 0, places[from] as Place);
  }
  if (!('at' in change)) return places;
  return places.map(({ origin, step }) => {
    if (origin !== change.at) return { origin, step };
    if ('edits' in change) {
      const text = String(step.args[change.edits]).replace(new RegExp(change.pattern), change.by);
      return { origin, step: withArgs(step, { [change.edits]: text }) };
    }
    return { origin, step: 'fails' in change ? failing(step, change.fails) : withArgs(step, change.args) };
  });
}

function placeOf(places: readonly Place[], origin: number): number {
  const at = places.findIndex((place) => place.origin === origin);
  if (at === -1) throw new Error(`${MISTAKEN}: the program has no step ${origin}`);
  return at;
}

/** The place of a step; if it was left out, of the next that was not. */
function placeFrom(places: readonly Place[], wanted: number): number {
  const from = Math.min(...places.map(({ origin }) => (origin !== null && origin >= wanted ? origin : Infinity)));
  const at = places.findIndex(({ origin }) => origin === from);
  return at === -1 ? places.length : at;
}

/** Leaves out a step, and those that use the result of one that is left out. */
function without(places: readonly Place[], dropped: number): readonly Place[] {
  placeOf(places, dropped);
  const gone = new Set<number | null>([dropped]);
  for (const { origin, step } of places) {
    if (step.args.some((arg) => arg instanceof ResultOf && gone.has(arg.step))) gone.add(origin);
  }
  return places.filter(({ origin }) => !gone.has(origin));
}

function failing({ allowed }: Step, error: Failure): Step {
  return { ...(FAILURES[error][0] as Step), allowed };
}

function inserted(places: readonly Place[], before: number, steps: Program): readonly Place[] {
  return places.toSpliced(placeFrom(places, before), 0, ...steps.map((step) => ({ origin: null, step })));
}

function withArgs(step: Step, args: Readonly<Record<number, unknown>>): Step {
  return { ...step, args: step.args.map((arg, i) => (i in args ? args[i] : arg)) };
}
