/**
 * The learner's own folder, `my-lessons` in the checkout, which Git ignores: the exercises, and how far they are.
 *
 * Under sudo, everything here is done with the user ID of the folder's owner, so all files stay the learner's, and nothing
 * is followed or overwritten that the learner could not.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Entry, exerciseOf, type Files, filesIn, solutionOf } from './catalogue.ts';
import { CHECKOUT } from './checkout.ts';
import { CourseError } from './errors.ts';

export const LEARNER = join(CHECKOUT, 'my-lessons');

const PROGRESS = join(LEARNER, '.progress.json');

/** How far a lesson is: the last step of the last check that was done. */
export type Reached = 'started' | 'red' | 'good' | 'green';

export interface Progress {
  /** The lesson that was started or checked last. */
  readonly current?: string;
  readonly reached: Readonly<Record<string, Reached>>;
  /** How many hints of a lesson were shown. */
  readonly hints: Readonly<Record<string, number>>;
}

/** Where the learner's files of a lesson are. */
export function folderOf({ name }: Entry): string {
  return join(LEARNER, name);
}

export function isStarted(entry: Entry): boolean {
  return existsSync(folderOf(entry));
}

/** The learner's programs of a lesson, and the test. @throws CourseError if it was not started. */
export function learnersFiles(entry: Entry): Files {
  if (isStarted(entry)) {
    const files = Object.entries(asLearner(() => filesIn(folderOf(entry))));
    return Object.fromEntries(files.filter(([name]) => name.endsWith('.ts')));
  }
  throw new CourseError(`lesson ${entry.number} is not started`, `npm run lesson start ${entry.number}`);
}

/**
 * Writes files of a lesson. What the learner wrote is kept beside them, as `mount.ts.before-1`; what can be had again, the
 * stubs and the solution, is not.
 *
 * @returns the files that were kept.
 */
export function layOut(entry: Entry, files: Files): readonly string[] {
  const ours = [exerciseOf(entry), solutionOf(entry), files];
  return asLearner(() => {
    mkdirSync(folderOf(entry), { recursive: true });
    return Object.entries(files).flatMap(([name, text]) => {
      const file = join(folderOf(entry), name);
      const before = existsSync(file) ? readFileSync(file, 'utf8') : text;
      const kept = ours.some((set) => set[name] === before) ? [] : [keep(file)];
      writeFileSync(file, text);
      return kept;
    });
  });
}

/** Renames a file to a name that is free, and returns that. */
function keep(file: string): string {
  for (let n = 1; ; n++) {
    const kept = `${file}.before-${n}`;
    if (existsSync(kept)) continue;
    renameSync(file, kept);
    return kept;
  }
}

export function progress(): Progress {
  const nothing: Progress = { reached: {}, hints: {} };
  try {
    return { ...nothing, ...JSON.parse(asLearner(() => readFileSync(PROGRESS, 'utf8'))) };
  } catch {
    return nothing; // None yet, or nothing that one could read: then it starts again.
  }
}

export function record(change: (before: Progress) => Progress): void {
  const text = `${JSON.stringify(change(progress()), null, 2)}\n`;
  asLearner(() => {
    mkdirSync(LEARNER, { recursive: true });
    writeFileSync(`${PROGRESS}.new`, text);
    renameSync(`${PROGRESS}.new`, PROGRESS);
  });
}

/** Acts as the owner of the folder where this is root and the owner is not. */
function asLearner<T>(act: () => T): T {
  const { uid, gid } = statSync(existsSync(LEARNER) ? LEARNER : CHECKOUT);
  if (process.geteuid?.() !== 0 || uid === 0) return act();
  process.setegid?.(gid);
  process.seteuid?.(uid);
  try {
    return act();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}
