/** Whether an error is an assertion that failed. Only that is red: a crash of the test itself proves nothing. */
export function isAssertion(error: unknown): boolean {
  return error instanceof Error && error.name === 'AssertionError';
}

/** Whether a check fails. What else goes wrong in it is thrown. */
export function fails(check: () => void): boolean {
  try {
    check();
    return false;
  } catch (error) {
    if (!isAssertion(error)) throw error;
    return true;
  }
}
