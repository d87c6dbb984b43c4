import { type Entry, exerciseOf, LESSONS } from '../catalogue.ts';
import { programOf, testOf } from '../exercise.ts';
import { folderOf, isStarted, layOut, record } from '../learner.ts';
import { print, shown } from '../output.ts';
import { tsconfig } from '../tsconfig.ts';

/** `npm run lesson start 04`: lays the exercise into the learner's folder. What is there stays as it is. */
export function start(entry: Entry): number {
  const files = exerciseOf(entry);
  const folder = shown(folderOf(entry));
  if (isStarted(entry)) {
    print(`Lesson ${entry.number} is started already: ${folder}. To begin anew: npm run lesson reset ${entry.number}`);
  } else {
    layOut(entry, { ...files, 'tsconfig.json': tsconfig() });
  }
  record((before) => ({
    ...before,
    current: entry.name,
    reached: { [entry.name]: 'started', ...before.reached },
  }));
  print(`Lesson ${entry.number}: ${entry.title}`);
  print(`  read   ${shown(`${LESSONS}/${entry.name}/README.md`)}`);
  print(`  test   ${folder}/${testOf(files)}`);
  print(`  write  ${folder}/${programOf(files)}`);
  print(`  then   npm run lesson check`);
  return 0;
}
