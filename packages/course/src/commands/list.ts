import { lessons } from '../catalogue.ts';
import { progress, type Reached } from '../learner.ts';
import { print } from '../output.ts';

const MARKS: Readonly<Record<Reached | 'untouched', string>> = {
  untouched: '        ',
  started: '·       ',
  red: '✓ red   ',
  good: '✓ good  ',
  green: '✓ green ',
};

/** `npm run lesson`: all lessons, and how far each is. */
export function list(json: boolean): number {
  const { current, reached } = progress();
  const entries = lessons().map((entry) => ({ ...entry, reached: reached[entry.name] ?? 'untouched' }) as const);
  if (json) {
    print(JSON.stringify({ current: current ?? null, lessons: entries }, null, 2));
    return 0;
  }
  for (const { name, number, title, reached } of entries) {
    print(`${name === current ? '>' : ' '} ${MARKS[reached]} ${number}  ${title}`);
  }
  const undone = entries.filter(({ reached }) => reached !== 'green');
  const next = undone.find(({ name }) => name === current) ?? undone[0];
  print();
  if (next === undefined) print('All lessons are green.');
  else if (next.reached === 'untouched') print(`Next: npm run lesson start ${next.number}`);
  else print(`Next: npm run lesson check ${next.number}`);
  return 0;
}
