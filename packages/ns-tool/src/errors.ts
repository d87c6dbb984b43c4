/** An error that the user can act on: what failed, and what to do about it. It is printed without a stack trace. */
export class UserError extends Error {
  override readonly name: string = 'UserError';

  constructor(
    message: string,
    /** What to do next: the second line of the output. */
    readonly hint?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A command line that makes no sense. Ends with status 2. */
export class UsageError extends UserError {
  override readonly name = 'UsageError';
}

/** A command that was to be run and was not: its status must be none that the command could return. */
export class NotStarted extends UserError {
  override readonly name = 'NotStarted';
  readonly status = 125;
}
