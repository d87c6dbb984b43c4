/** What a lesson is, beside its text, its exercise and its solution: `lesson.ts` in its folder. */

/** A mistake that someone could make in the program, as a change of the solution. */
export interface Mutant {
  /** Goes on after "your test does not notice when …": `'/ is not made private'`. */
  readonly mistake: string;
  /** A piece of the solution's program, which is in it exactly once, and what stands there instead; or several. */
  readonly change: readonly (readonly [from: string, to: string])[];
  /** What to look at in the test. */
  readonly hint: string;
}

export interface Lesson {
  /** Each more explicit than the one before. */
  readonly hints: readonly string[];
  /** The learner's test must turn red for each. */
  readonly mutants: readonly Mutant[];
  /** The exercise needs real root: in a user namespace the kernel refuses it. */
  readonly needsRoot?: true;
  /** What differs from run to run in the outputs that the text shows, beside what always may. See docs/lessons/README.md. */
  readonly varies?: readonly RegExp[];
}
