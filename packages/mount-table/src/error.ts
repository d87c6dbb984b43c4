/** A table that is not as the kernel writes it. */
export class MountTableError extends Error {
  override readonly name = 'MountTableError';
  /** The line, from 1. */
  readonly line: number;
  /** Where in the line what is wrong starts, in bytes, from 1. */
  readonly column: number;
  /** What should be there. */
  readonly expected: string;

  constructor(line: number, column: number, expected: string) {
    super(`mount table, line ${line}, column ${column}: expected ${expected}`);
    this.line = line;
    this.column = column;
    this.expected = expected;
  }
}
