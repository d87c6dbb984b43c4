/** Whether an error is an assertion that failed. Only that is red: a crash of the test itself proves nothing. */
export function isAssertion(error: unknown): boolean {
  return error instanceof Error && error.name === 'AssertionError';
}
