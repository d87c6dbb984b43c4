import { watch as watchFolder } from 'node:fs';
import type { Entry } from '../catalogue.ts';
import { CourseError } from '../errors.ts';
import { folderOf, learnersFiles } from '../learner.ts';
import { print, shown } from '../output.ts';
import { check } from './check.ts';

/** Milliseconds of silence after which a save is over: editors write a file, rename it, and touch others meanwhile. */
const SETTLED = 100;

/** `npm run lesson watch 04`: checks, and checks again whenever a file is saved, until Ctrl-C. */
export async function watch(entry: Entry): Promise<never> {
  learnersFiles(entry);
  let timer: NodeJS.Timeout | undefined;
  let changed: () => void = () => {};
  watchFolder(folderOf(entry), () => {
    clearTimeout(timer);
    timer = setTimeout(() => changed(), SETTLED);
  });
  for (;;) {
    // From here on, so that what is saved during a check is not missed.
    const saved = new Promise<void>((resolve) => {
      changed = resolve;
    });
    if (process.stdout.isTTY) process.stdout.write('\x1b[2J\x1b[H');
    await check(entry, false).catch((error) => {
      if (!(error instanceof CourseError)) throw error;
      print(error.message);
    });
    print(`\nWaiting for you to save a file in ${shown(folderOf(entry))}. Ctrl-C ends.`);
    await saved;
  }
}
