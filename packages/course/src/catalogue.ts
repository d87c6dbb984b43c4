/** The lessons there are: folders of docs/lessons, `04-mount-namespace`. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { CHECKOUT } from './checkout.ts';
import { CourseError } from './errors.ts';
import type { Lesson } from './lesson.ts';

export const LESSONS = join(CHECKOUT, 'docs/lessons');

/** A lesson, by what its folder says without being loaded. */
export interface Entry {
  /** `'04-mount-namespace'`. */
  readonly name: string;
  /** `'04'`. */
  readonly number: string;
  /** The first heading of its text, without "Lesson 04: ". */
  readonly title: string;
}

/** Files by name. */
export type Files = Readonly<Record<string, string>>;

/** All lessons, in their order. */
export function lessons(): readonly Entry[] {
  return readdirSync(LESSONS)
    .filter((name) => /^\d\d-/.test(name) && existsSync(join(LESSONS, name, 'README.md')))
    .sort()
    .map((name) => {
      const [, heading = ''] = /^# (.*)$/m.exec(readFileSync(join(LESSONS, name, 'README.md'), 'utf8')) ?? [];
      return { name, number: name.slice(0, 2), title: heading.replace(/^Lesson \d\d: /, '') };
    });
}

/** The lesson that somebody means by `4`, `04` or `04-mount-namespace`. */
export function lessonNamed(name: string): Entry {
  const all = lessons();
  const found = all.find((entry) => entry.name === name || entry.number === name.padStart(2, '0'));
  if (found !== undefined) return found;
  throw new CourseError(`there is no lesson ${name}`, `There are ${all.map(({ number }) => number).join(', ')}.`, 2);
}

/** What `start` lays out: stubs of the program and of its test. */
export function exerciseOf({ name }: Entry): Files {
  return filesIn(join(LESSONS, name, 'exercise'));
}

/** The same files, finished. */
export function solutionOf({ name }: Entry): Files {
  return filesIn(join(LESSONS, name, 'solution'));
}

export function filesIn(folder: string): Files {
  const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(names.map(({ name }) => [name, readFileSync(join(folder, name), 'utf8')]));
}

/** Loads `lesson.ts`. Node 20 runs no TypeScript; the file is data, which refers to nothing else. */
export async function load({ name }: Entry): Promise<Lesson> {
  const { outputFiles } = await build({
    entryPoints: [join(LESSONS, name, 'lesson.ts')],
    bundle: true,
    packages: 'external',
    format: 'esm',
    write: false,
  });
  const module = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0]?.text ?? '')}`);
  return module.default;
}
