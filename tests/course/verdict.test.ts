import { describe, expect, it } from 'vitest';
import { mutated, programOf, testOf, versionsOf } from '../../packages/course/src/exercise.ts';
import type { Lesson } from '../../packages/course/src/lesson.ts';
import type { Results, VersionResult } from '../../packages/course/src/results.ts';
import { mistakesIn, type TypeMistake } from '../../packages/course/src/typecheck.ts';
import { judge } from '../../packages/course/src/verdict.ts';
import { describeSteps, NO_COLOURS } from '../../packages/course/src/words.ts';

const solution = { 'a.ts': 'one();\ntwo();\n', 'a.test.ts': 'reference test' };

const lesson: Lesson = {
  hints: [],
  mutants: [
    { mistake: 'one is forgotten', change: [['one();', '']], hint: 'Look at one.' },
    { mistake: 'two comes twice', change: [['two();', 'two(); two();']], hint: 'Look at two.' },
  ],
};

const passed: VersionResult = { tests: [{ name: 'works', state: 'passed' }], printed: '' };
const failed = failedBy('AssertionError', 'expected 1 to be 2 // Object.is equality\nmore');

/** What comes of a perfect exercise. */
const perfect: Results = {
  stub: failed,
  reference: passed,
  'mutant 0': failed,
  'mutant 1': failed,
  yours: passed,
  course: passed,
};

function failedBy(name: string, message: string): VersionResult {
  return { tests: [{ name: 'works', state: 'failed', error: { name, message } }], printed: '' };
}

/** The steps' states, and what the open one says. */
function judged(results: Partial<Results>, mistakes: readonly TypeMistake[] = []) {
  const steps = judge(lesson, solution, { ...perfect, ...(results as Results) }, mistakes);
  const open = steps.find(({ state }) => state === 'open');
  return { states: steps.map(({ state }) => state).join(' '), says: open?.findings.map(({ says }) => says) ?? [] };
}

describe('a learner', () => {
  it('is done when all three steps are', () => {
    expect(judged({})).toEqual({ states: 'done done done', says: [] });
  });

  it.each<[string, Partial<Results>, string, string]>([
    ['has no test yet', { stub: { tests: [], printed: '' } }, 'open waiting waiting', 'your test file has no test yet'],
    [
      'has a test that cannot fail',
      { stub: passed },
      'open waiting waiting',
      'your test passes on the stub, which does nothing',
    ],
    [
      'has a test that crashes',
      { stub: failedBy('TypeError', 'x is not a function') },
      'open waiting waiting',
      '"works" crashes on the stub: TypeError: x is not a function',
    ],
    [
      'has a test that times out',
      { stub: failedBy('Error', 'Test timed out') },
      'open waiting waiting',
      '"works" crashes on the stub: Error: Test timed out',
    ],
    [
      'has a file that cannot be run',
      { stub: { ...failed, tests: [], error: 'Unexpected token\nat x' } },
      'open waiting waiting',
      'your test cannot be run: Unexpected token',
    ],
    [
      'asks for too much',
      { reference: failed },
      'done open waiting',
      'on a correct program your test is red too: "works": expected 1 to be 2',
    ],
    ['misses a mistake', { 'mutant 1': passed }, 'done open waiting', 'your test does not notice when two comes twice'],
    [
      'has no program yet',
      { yours: failed },
      'done done open',
      'your test fails on your program: "works": expected 1 to be 2',
    ],
    [
      'has a program that only the own test likes',
      { course: failed },
      'done done open',
      'the course\'s own test fails on your program: "works": expected 1 to be 2',
    ],
  ])('%s', (_, results, states, says) => {
    expect(judged(results)).toEqual({ states, says: [says] });
  });

  it('is told of every mistake that the test misses', () => {
    expect(judged({ 'mutant 0': passed, 'mutant 1': passed }).says).toHaveLength(2);
  });

  it('has noticed a mistake if the version cannot even be run', () => {
    expect(judged({ 'mutant 0': { tests: [], error: 'broken', printed: '' } }).states).toBe('done done done');
  });

  it('has not noticed a mistake by tests that all pass, though another is red', () => {
    expect(judged({ 'mutant 0': { ...passed, tests: [...passed.tests, ...failed.tests] } }).states).toBe(
      'done done done',
    );
  });

  it('hears of a type error in the test before anything else, and of one in the program at the end', () => {
    const mistake = { line: 3, message: 'Cannot find name' };
    expect(judged({ stub: passed }, [{ file: 'a.test.ts', ...mistake }]).says).toEqual([
      'a.test.ts, line 3: Cannot find name',
    ]);
    expect(judged({}, [{ file: 'a.ts', ...mistake }])).toEqual({
      states: 'done done open',
      says: ['a.ts, line 3: Cannot find name'],
    });
  });

  it('is not done by what did not run', () => {
    expect(judge(lesson, solution, {}, [])[0]?.state).toBe('open');
    expect(judged({ course: undefined as never }).states).toBe('done done open');
  });
});

describe('an exercise', () => {
  it('has one test, and the program that it is named for', () => {
    expect([testOf(solution), programOf(solution)]).toEqual(['a.test.ts', 'a.ts']);
    expect(() => testOf({ ...solution, 'b.test.ts': '' })).toThrow('not one test');
    expect(() => testOf({})).toThrow('not one test');
  });

  it('is run in all its versions: the learner’s test on each program, the course’s on the learner’s', () => {
    const learner = { 'a.ts': 'mine', 'a.test.ts': 'my test', 'more.ts': 'more' };
    const versions = versionsOf(lesson, { exercise: { 'a.ts': 'stub', 'a.test.ts': '' }, solution, learner });
    const withProgram = (program: string) => ({ ...learner, 'a.ts': program });
    expect(versions).toEqual({
      stub: withProgram('stub'),
      reference: withProgram('one();\ntwo();\n'),
      'mutant 0': withProgram('\ntwo();\n'),
      'mutant 1': withProgram('one();\ntwo(); two();\n'),
      yours: learner,
      course: { ...learner, 'a.test.ts': 'reference test' },
    });
  });

  it.each([
    ['in it twice', 'one(); one();'],
    ['not in it', 'two();'],
  ])('has no mutant whose piece is %s', (_, program) => {
    expect(() => mutated(program, lesson.mutants[0] as never)).toThrow('mutant "one is forgotten": not exactly once');
  });

  it('may have replacement patterns in a mutant: they are text', () => {
    expect(mutated('one();', { mistake: '', hint: '', change: [['one', "$&$'"]] })).toBe("$&$'();");
  });
});

it('the compiler’s mistakes are found in its output, with file and line', () => {
  const output = "mount.ts(3,14): error TS2304: Cannot find name 'mont'.\n  more\nother\nb.ts(1,1): error TS1: x\n";
  expect(mistakesIn(output)).toEqual([
    { file: 'mount.ts', line: 3, message: "Cannot find name 'mont'." },
    { file: 'b.ts', line: 1, message: 'x' },
  ]);
});

it('says what is done, what is open, and what comes later; a hint once for all that it helps with', () => {
  const results = { ...perfect, 'mutant 0': passed, 'mutant 1': passed };
  const sameHint = { ...lesson, mutants: lesson.mutants.map((mutant) => ({ ...mutant, hint: 'Look.' })) };
  expect(describeSteps(judge(sameHint, solution, results, []), NO_COLOURS)).toBe(
    [
      '✓ red    your test fails on the stub: expected 1 to be 2',
      '✗ good   your test does not notice when one is forgotten',
      '         your test does not notice when two comes twice',
      '         Look.',
      "  green  later: your program passes your test and the course's own",
    ].join('\n'),
  );
});

it('breaks what there is no room for at blanks, and leaves a long word whole', () => {
  const results = { ...perfect, stub: passed };
  expect(describeSteps(judge(lesson, solution, results, []).slice(0, 1), NO_COLOURS, 30).split('\n')).toEqual([
    '✗ red    your test passes on',
    '         the stub, which does',
    '         nothing',
    '         Expect something that',
    '         only a program that',
    '         works can show.',
  ]);
});
