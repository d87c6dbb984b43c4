import { type Entry, exerciseOf, load, solutionOf } from '../catalogue.ts';
import { CourseError } from '../errors.ts';
import { versionsOf } from '../exercise.ts';
import { folderOf, learnersFiles, type Reached, record } from '../learner.ts';
import { ink, print } from '../output.ts';
import { isRoot, sandboxNamespaces } from '../sandbox.ts';
import { tryOut } from '../try-out.ts';
import { typecheck } from '../typecheck.ts';
import { judge, type Step } from '../verdict.ts';
import { describeSteps } from '../words.ts';

/** `npm run lesson check 04`: says where the learner stands. The status is 0 if all is done. */
export async function check(entry: Entry, json: boolean): Promise<number> {
  const { steps, printed } = await stand(entry);
  record((before) => ({
    ...before,
    current: entry.name,
    reached: { ...before.reached, [entry.name]: reachedBy(steps) },
  }));
  const done = steps.every(({ state }) => state === 'done');
  if (json) {
    print(JSON.stringify({ lesson: entry.name, done, steps }, null, 2));
    return done ? 0 : 1;
  }
  print(`Lesson ${entry.number}: ${entry.title}`);
  print(
    ink().faint(
      `In a sandbox (${sandboxNamespaces().join(', ')} namespaces of its own): no mount of this machine can change.`,
    ),
  );
  print();
  print(describeSteps(steps, ink(), process.stdout.columns));
  if (printed !== '') print(`\nYour test printed:\n${printed.trimEnd()}`);
  if (done) print(`\nLesson ${entry.number} is done. Go on: npm run lesson`);
  return done ? 0 : 1;
}

/** Runs all versions of the exercise, and judges what came of them. */
async function stand(entry: Entry): Promise<{ steps: readonly Step[]; printed: string }> {
  const lesson = await load(entry);
  const exercise = exerciseOf(entry);
  const solution = solutionOf(entry);
  const learner = { ...exercise, ...learnersFiles(entry) };
  if (lesson.needsRoot && !isRoot()) {
    throw new CourseError(`lesson ${entry.number} needs root`, `sudo npm run lesson check ${entry.number}`);
  }
  const [results, mistakes] = await Promise.all([
    tryOut(versionsOf(lesson, { exercise, solution, learner })),
    typecheck(folderOf(entry)),
  ]);
  return { steps: judge(lesson, solution, results, mistakes), printed: results.yours?.printed ?? '' };
}

function reachedBy(steps: readonly Step[]): Reached {
  return steps.findLast(({ state }) => state === 'done')?.name ?? 'started';
}
