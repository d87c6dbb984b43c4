/** An error for the learner: shown without a stack trace, with what to do about it. */
export class CourseError extends Error {
  override readonly name = 'CourseError';

  /** @param status the exit status: 1 the work failed, 2 wrong usage. */
  constructor(
    message: string,
    readonly hint?: string,
    readonly status: 1 | 2 = 1,
  ) {
    super(message);
  }
}
