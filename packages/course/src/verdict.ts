/** Where a learner stands: what the results of all versions come to. Pure. */

import type { Files } from './catalogue.ts';
import { mutantVersion, programOf, testOf } from './exercise.ts';
import type { Lesson } from './lesson.ts';
import type { Results, TestResult, VersionResult } from './results.ts';
import type { TypeMistake } from './typecheck.ts';

/** Something that is not as it should be yet. */
export interface Finding {
  readonly says: string;
  readonly hint?: string;
}

/** The three steps of an exercise. */
export const STEPS = ['red', 'good', 'green'] as const;
export type StepName = (typeof STEPS)[number];

export interface Step {
  readonly name: StepName;
  /** `waiting` while a step before it is not done. */
  readonly state: 'done' | 'open' | 'waiting';
  /** How it was done, or what it is. */
  readonly says: string;
  readonly findings: readonly Finding[];
}

/** The steps, in their order. */
export function judge(
  lesson: Lesson,
  solution: Files,
  results: Results,
  mistakes: readonly TypeMistake[],
): readonly Step[] {
  const test = testOf(solution);
  const mistakesOf = (file: string) => mistakes.filter((mistake) => mistake.file === file).map(ofCompiler);
  const steps = [
    red(resultOf(results, 'stub'), mistakesOf(test)),
    good(lesson, results),
    green(results, mistakesOf(programOf(solution))),
  ];
  const first = steps.findIndex(({ findings }) => findings.length > 0);
  return steps.map((step, i) => ({
    ...step,
    state: first === -1 || i < first ? 'done' : i === first ? 'open' : 'waiting',
    findings: i === first ? step.findings : [],
  }));
}

type Judged = Omit<Step, 'state'>;

function red(stub: VersionResult, mistakes: readonly Finding[]): Judged {
  const failed = stub.tests.filter(({ state }) => state === 'failed');
  const crashed = failed.filter(({ error }) => error?.name !== 'AssertionError');
  const [first] = failed;
  return {
    name: 'red',
    says: `your test fails on the stub: ${first ? reason(first) : ''}`,
    findings: firstOf(
      mistakes,
      stub.error === undefined ? [] : [{ says: `your test cannot be run: ${firstLine(stub.error)}` }],
      stub.tests.length > 0 ? [] : [{ says: 'your test file has no test yet', hint: 'Replace it.todo by it.' }],
      failed.length > 0
        ? []
        : [
            {
              says: 'your test passes on the stub, which does nothing',
              hint: 'Expect something that only a program that works can show.',
            },
          ],
      crashed.map((test) => ({
        says: `${quoted(test)} crashes on the stub: ${reason(test)}`,
        hint: 'Red for the right reason is an expect() that does not hold.',
      })),
    ),
  };
}

function good({ mutants }: Lesson, results: Results): Judged {
  const reference = resultOf(results, 'reference');
  const survivors = mutants.filter((_, i) => isPassed(resultOf(results, mutantVersion(i))));
  return {
    name: 'good',
    says: `your test passes on a correct program, and notices all of ${mutants.length} mistakes`,
    findings: firstOf(
      complaints(reference).map(({ says }) => ({
        says: `on a correct program your test is red too: ${says}`,
        hint: 'It asks for something that the exercise does not.',
      })),
      survivors.map(({ mistake, hint }) => ({ says: `your test does not notice when ${mistake}`, hint })),
    ),
  };
}

function green(results: Results, mistakes: readonly Finding[]): Judged {
  return {
    name: 'green',
    says: "your program passes your test and the course's own",
    findings: firstOf(
      mistakes,
      complaints(resultOf(results, 'yours')).map(({ says }) => ({ says: `your test fails on your program: ${says}` })),
      complaints(resultOf(results, 'course')).map(({ says }) => ({
        says: `the course's own test fails on your program: ${says}`,
      })),
    ),
  };
}

/** The first list that is not empty: what comes after it would only follow from it. */
function firstOf(...lists: readonly (readonly Finding[])[]): readonly Finding[] {
  return lists.find((list) => list.length > 0) ?? [];
}

function resultOf(results: Results, version: string): VersionResult {
  return results[version] ?? { tests: [], error: 'it did not run', printed: '' };
}

function isPassed({ tests, error }: VersionResult): boolean {
  return error === undefined && tests.every(({ state }) => state === 'passed');
}

/** What is wrong with a version whose tests should all pass. */
function complaints({ tests, error }: VersionResult): readonly Finding[] {
  if (error !== undefined) return [{ says: firstLine(error) }];
  return tests.filter(({ state }) => state === 'failed').map((test) => ({ says: `${quoted(test)}: ${reason(test)}` }));
}

function ofCompiler({ file, line, message }: TypeMistake): Finding {
  return { says: `${file}, line ${line}: ${message}` };
}

function reason({ error }: TestResult): string {
  const { name = 'Error', message = '' } = error ?? {};
  const text = firstLine(message).replace(/ \/\/ .*$/, '');
  return name === 'AssertionError' ? text : `${name}: ${text}`;
}

const quoted = ({ name }: TestResult) => `"${name}"`;

const firstLine = (text: string) => text.split('\n', 1)[0] ?? '';
