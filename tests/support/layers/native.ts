/**
 * A layer around the library's own native.ts: it changes the clone(2) that makes a child. As with layout.ts, it passes all
 * on until it is told otherwise.
 */
import * as native from '../../../packages/syscalls/dist/native.js';
import type { Change } from '../changes.ts';

export * from '../../../packages/syscalls/dist/native.js';

let changes: readonly Change[] = [];
let pause = 0;
let report: (flags: number) => void = () => {};

/**
 * Changes the flags of every clone(2) from now on, and reports what they were before. Lets this process pause after the
 * call, for so many milliseconds.
 */
export function changeClone(by: readonly Change[], pauseAfter: number, reportTo: (flags: number) => void): void {
  changes = by;
  pause = pauseAfter;
  report = reportTo;
}

export const cloneInto: typeof native.cloneInto = (entry, stack, flags, ...rest) => {
  report(flags);
  const changed = changes.reduce((flags, change) => {
    if ('cloneWith' in change) return flags | change.cloneWith;
    return 'cloneWithout' in change ? flags & ~change.cloneWithout : flags;
  }, flags);
  const result = native.cloneInto(entry, stack, changed, ...rest);
  if (pause > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
  return result;
};
