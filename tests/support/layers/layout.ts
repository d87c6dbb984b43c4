/**
 * A layer around the library's own layout.ts, which puts the programs of children into memory: it changes them on the way.
 * In the test programs it stands in the module's place (scripts/build.mjs), and passes all on until it is told otherwise.
 */
import type { Program } from '@ns-tool/syscalls';
import * as layout from '../../../packages/syscalls/dist/spawn/layout.js';
import { type Change, type Changed, changed, resultsOf } from '../changes.ts';

export * from '../../../packages/syscalls/dist/spawn/layout.js';

let changes: readonly Change[] = [];
let report: (program: Program) => void = () => {};
const known = new WeakMap<Program, Changed>();

/** Changes the programs of all children from now on, and reports each as it was before. */
export function changePrograms(by: readonly Change[], reportTo: (program: Program) => void): void {
  changes = by;
  report = reportTo;
}

function changedOnce(program: Program): Changed {
  const before = known.get(program);
  if (before !== undefined) return before;
  report(program);
  const after = changed(program, changes);
  known.set(program, after);
  return after;
}

export const fixedSize: typeof layout.fixedSize = (program) => layout.fixedSize(changedOnce(program).program);

export const write: typeof layout.write = (program, ...to) => layout.write(changedOnce(program).program, ...to);

export const readResults: typeof layout.readResults = (program, view) => {
  const after = changedOnce(program);
  return resultsOf(program, after, layout.readResults(after.program, view));
};
