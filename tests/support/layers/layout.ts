/**
 * A layer around the library's own layout.ts, which puts the programs of children into memory: it changes them on the way.
 * In the test programs it stands in the module's place (scripts/build.mjs), and passes all on until it is told otherwise.
 */
import type { Program } from '@ns-tool/syscalls';
import * as layout from '../../../packages/syscalls/dist/spawn/layout.js';
import { type Change, type Changed, changed, resultsOf } from '../changes.ts';

export * from '../../../packages/syscalls/dist/spawn/layout.js';

let changes: readonly Change[] = [];
let changedChild = -1;
let report: (program: Program) => void = () => {};
const known = new WeakMap<Program, Changed>();
let children = 0;

/**
 * Changes the program of one child, and reports it as it was before. Of one only, since a change names a step of it: an
 * ordinary user's ns-tool makes another child, with another program, to remove the files of a container.
 *
 * @param of which: counted from 0.
 */
export function changeProgram(of: number, by: readonly Change[], reportTo: (program: Program) => void): void {
  changedChild = of;
  changes = by;
  report = reportTo;
}

function changedOnce(program: Program): Changed {
  const before = known.get(program);
  if (before !== undefined) return before;
  const isMeant = children++ === changedChild;
  if (isMeant) report(program);
  const after = changed(program, isMeant ? changes : []);
  known.set(program, after);
  return after;
}

export const fixedSize: typeof layout.fixedSize = (program) => layout.fixedSize(changedOnce(program).program);

export const write: typeof layout.write = (program, ...to) => layout.write(changedOnce(program).program, ...to);

export const readResults: typeof layout.readResults = (program, view) => {
  const after = changedOnce(program);
  return resultsOf(program, after, layout.readResults(after.program, view));
};
