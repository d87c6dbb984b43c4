/** The two files of an exercise, and the versions of it that a check runs. Pure. */
import type { Files } from './catalogue.ts';
import type { Lesson, Mutant } from './lesson.ts';

/** The name of the test among the files of an exercise: there is one. */
export function testOf(files: Files): string {
  return theOne(Object.keys(files).filter((name) => name.endsWith('.test.ts')));
}

/** The name of the program among the files of an exercise: the one that the test is named for. */
export function programOf(files: Files): string {
  return testOf(files).replace('.test.ts', '.ts');
}

function theOne(names: readonly string[]): string {
  const [name, ...others] = names;
  if (name === undefined || others.length > 0) throw new Error(`not one test, but: ${names.join(', ') || 'none'}`);
  return name;
}

/**
 * The versions of an exercise that tell where a learner stands, each with all its files:
 *
 * - `stub`, `reference`, `mutant 0`, `mutant 1`, …: the learner's test on these programs;
 * - `yours`: the learner's test on the learner's program; `course`: the course's test on it.
 */
export function versionsOf(
  lesson: Lesson,
  { exercise, solution, learner }: Readonly<Record<'exercise' | 'solution' | 'learner', Files>>,
): Readonly<Record<string, Files>> {
  const test = testOf(solution);
  const program = programOf(solution);
  const withProgram = (text: string | undefined) => ({ ...learner, [program]: text ?? '' });
  const reference = solution[program] ?? '';
  return {
    stub: withProgram(exercise[program]),
    reference: withProgram(reference),
    ...Object.fromEntries(lesson.mutants.map((mutant, i) => [`mutant ${i}`, withProgram(mutated(reference, mutant))])),
    yours: learner,
    course: { ...learner, [test]: solution[test] ?? '' },
  };
}

/** The name of the version with the mutant of that index. */
export const mutantVersion = (index: number) => `mutant ${index}`;

export const isMutant = (version: string) => version.startsWith('mutant ');

/** The solution's program with a mistake. @throws Error if a piece to change is not in it exactly once. */
export function mutated(program: string, { mistake, change }: Mutant): string {
  return change.reduce((text, [from, to]) => {
    const [before, after, ...more] = text.split(from);
    if (after === undefined || more.length > 0) {
      throw new Error(`mutant "${mistake}": not exactly once in the solution: ${from}`);
    }
    return before + to + after;
  }, program);
}
