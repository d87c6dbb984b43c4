/**
 * A layer around the library's own layout.ts, which puts the programs of children into memory: it changes them on the way.
 * In the test programs it stands in the module's place (scripts/build.mjs), and passes all on until it is told otherwise.
 */
import type { Program } from '@ns-tool/syscalls';
import * as layout from '../../../packages/syscalls/dist/spawn/layout.js';
import { type Change, type Changed, changed, MISTAKEN, resultsOf } from '../changes.ts';

export * from '../../../packages/syscalls/dist/spawn/layout.js';

let changes: readonly Change[] = [];
let changedChild = -1;
let report: (program: Program) => void = () => {};
let children = 0;

/** A child: whether it is the one that is meant, and what its program has become, as far as it has been written. */
interface Child {
  readonly isMeant: boolean;
  readonly written: Changed;
}

/** By the product's own program, which grows where the child is ahead of it. */
const known = new WeakMap<Program, Child>();

/** What lies in a memory: some of the product's own steps, and what stands for them. */
interface List {
  readonly own: Program;
  readonly changed: Changed;
}

const lists = new WeakMap<DataView, List>();

/**
 * Changes the program of one child, and reports it as it was before, whenever some of it is written. Of one only, since a
 * change names a step of it: an ordinary user's ns-tool makes another child, with another program, to remove the files of a
 * container.
 *
 * @param of which: counted from 0.
 */
export function changeProgram(of: number, by: readonly Change[], reportTo: (program: Program) => void): void {
  changedChild = of;
  changes = by;
  report = reportTo;
}

export const write: typeof layout.write = (program, view, address, beginning) => {
  const child = known.get(program);
  const isMeant = child?.isMeant ?? children++ === changedChild;
  if (isMeant) report(program);
  const after = changed(program, isMeant ? changes.filter(isAbout(program.length)) : []);
  const before = beginning === undefined ? [] : (child?.written.origins ?? []);
  if (before.some((origin, i) => origin !== after.origins[i]))
    throw new Error(`${MISTAKEN}: a step has changed after it was written`);
  if (beginning === undefined) known.set(program, { isMeant, written: after });
  lists.set(view, {
    own: program.slice(beginning?.length),
    changed: {
      program: after.program.slice(before.length),
      origins: after.origins
        .slice(before.length)
        .map((origin) => (origin === null ? null : origin - (beginning?.length ?? 0))),
    },
  });
  return layout.write(after.program, view, address, beginning && { ...beginning, length: before.length });
};

/** Whether a change is about so many steps, which are all that is known so far. */
function isAbout(length: number) {
  return (change: Change) =>
    Object.entries(change).every(([key, value]) => !PLACES.includes(key) || (value as number) < length);
}

/** Where changes have the places of steps. */
const PLACES: readonly string[] = ['drop', 'at', 'move', 'before', 'stopBefore', 'pauseBefore'];

export const lead: typeof layout.lead = (view, length, address) =>
  layout.lead(view, lists.get(view)?.changed.program.length ?? length, address);

export const readResults: typeof layout.readResults = (length, view) => {
  const list = lists.get(view);
  if (list === undefined) return layout.readResults(length, view);
  return resultsOf(list.own, list.changed, layout.readResults(list.changed.program.length, view));
};
