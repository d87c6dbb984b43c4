import { type Entry, solutionOf } from '../catalogue.ts';
import { programOf, testOf } from '../exercise.ts';
import { folderOf, layOut } from '../learner.ts';
import { print, shown } from '../output.ts';

/** Which of the two files. */
export type Part = 'test' | 'program';

/** `npm run lesson solution 04 [test|program]`: shows the solution, or writes it into the learner's folder. */
export function solution(entry: Entry, part: Part | undefined, write: boolean): number {
  const files = solutionOf(entry);
  const all = { test: testOf(files), program: programOf(files) };
  const names = part === undefined ? [all.test, all.program] : [all[part]];
  const folder = shown(folderOf(entry));
  if (write) {
    const kept = layOut(entry, Object.fromEntries(names.map((name) => [name, files[name] ?? ''])));
    for (const name of names) print(`Wrote ${folder}/${name}`);
    for (const file of kept) print(`Yours is kept: ${shown(file)}`);
    return 0;
  }
  for (const name of names) print(`// ${name}\n\n${files[name]}`);
  print(
    `// To write it into ${folder}: npm run lesson solution ${entry.number} ${part ?? ''} -- --write`.replace(
      '  ',
      ' ',
    ),
  );
  return 0;
}
