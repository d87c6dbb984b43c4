/** Rows of command lines that ns-tool and a program of util-linux are both given. */
import { constants } from 'node:os';
import { expect } from 'vitest';
import type { Ended } from './protocol.ts';

/** What must come of a row. */
export interface Expected {
  /** What both print. */
  readonly stdout: string | RegExp;
  /** The status of both: 0 if left out. Where they fail, or the words are wrong, each has its own. */
  readonly status?: number | 'fails' | 'misused';
}

/** Compares with what the row says. A signal counts as the status by which shells name it. */
export function expectOutcome(
  { status, signal, stdout, stderr }: Ended,
  row: Expected,
  failures: { readonly fails: number; readonly misused: number },
): void {
  const ended = signal === null ? status : 128 + constants.signals[signal];
  const expected = typeof row.status === 'string' ? failures[row.status] : (row.status ?? 0);
  if (typeof row.stdout === 'string') expect(stdout, stderr).toBe(row.stdout);
  else expect(stdout, stderr).toMatch(row.stdout);
  expect(ended, stderr).toBe(expected);
}
