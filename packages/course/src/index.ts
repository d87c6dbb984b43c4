/** What an exercise imports: how its test runs its program, and the form of a lesson. */
export type { Lesson, Mutant } from './lesson.ts';
export { type Ended, run } from './run.ts';
