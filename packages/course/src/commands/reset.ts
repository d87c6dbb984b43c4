import { type Entry, exerciseOf } from '../catalogue.ts';
import { folderOf, layOut, learnersFiles, record } from '../learner.ts';
import { print, shown } from '../output.ts';

/** `npm run lesson reset 04`: the stubs again. What the learner wrote is kept beside them. */
export function reset(entry: Entry): number {
  learnersFiles(entry);
  const kept = layOut(entry, exerciseOf(entry));
  record((before) => ({
    ...before,
    current: entry.name,
    reached: { ...before.reached, [entry.name]: 'started' },
    hints: { ...before.hints, [entry.name]: 0 },
  }));
  print(`The stubs of lesson ${entry.number} are in ${shown(folderOf(entry))} again.`);
  for (const file of kept) print(`Yours is kept: ${shown(file)}`);
  return 0;
}
