/** What came of running the versions of an exercise: as it crosses from the sandbox. */

export interface TestResult {
  readonly name: string;
  readonly state: 'passed' | 'failed';
  /** Why it failed. Its name is `AssertionError` for an `expect` that did not hold. */
  readonly error?: { readonly name: string; readonly message: string };
}

/** One version of an exercise. */
export interface VersionResult {
  /** The tests that ran: none that is skipped, or still to do. */
  readonly tests: readonly TestResult[];
  /** Why its test file could not be run, if so. */
  readonly error?: string;
  /** What its test printed. */
  readonly printed: string;
}

export type Results = Readonly<Record<string, VersionResult>>;
