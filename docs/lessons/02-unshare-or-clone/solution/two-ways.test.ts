/** The tests of two-ways.ts. */
import { readlinkSync } from 'node:fs';
import { run } from '@ns-tool/course';
import { expect, it } from 'vitest';

const program = `${import.meta.dirname}/two-ways.ts`;

/** Where the program begins: it is our child, and we have made no namespace. */
const ours = readlinkSync('/proc/self/ns/pid');

/** What the program prints, by the word before the colon. */
function printedBy(way: string): Record<string, string> {
  const { status, stdout } = run(program, way);
  expect(status).toBe(0);
  const lines = stdout.trimEnd().split('\n');
  return Object.fromEntries(lines.map((line) => line.split(': ')));
}

it('by unshare, the children are in the new namespace, and the process itself is not', () => {
  const { first, self, children } = printedBy('unshare');
  expect(self).toBe(ours);
  expect(children).not.toBe(ours);
  expect(first).toBe(`${children} as 1`);
});

it('by unshare, there is no second child when the first has ended', () => {
  const { second } = printedBy('unshare');
  expect(second).toBe('ENOMEM');
});

it('by clone, one child is in the new namespace, and nothing else has changed', () => {
  const { first, second, self, children } = printedBy('clone');
  expect([self, children]).toEqual([ours, ours]);
  expect(first).toMatch(/^pid:\[\d+\] as 1$/);
  expect(first).not.toContain(ours);
  expect(second).toContain(ours);
});
