import { type Entry, load } from '../catalogue.ts';
import { progress, record } from '../learner.ts';
import { print } from '../output.ts';

/** `npm run lesson hint 04`: one hint more each time. */
export async function hint(entry: Entry): Promise<number> {
  const { hints } = await load(entry);
  const shown = Math.min((progress().hints[entry.name] ?? 0) + 1, hints.length);
  record((before) => ({ ...before, hints: { ...before.hints, [entry.name]: shown } }));
  for (const [i, text] of hints.slice(0, shown).entries()) print(`${i + 1}. ${text}`);
  print(
    shown < hints.length
      ? `\nThe next one: npm run lesson hint ${entry.number}`
      : `\nThat was the last. To see the solution: npm run lesson solution ${entry.number}`,
  );
  return 0;
}
