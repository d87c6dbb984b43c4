/** The tests of inside.ts. */
import { mkdirSync, openSync, readdirSync, writeFileSync } from 'node:fs';
import { run } from '@ns-tool/course';
import { POLLPRI, sys } from '@ns-tool/syscalls';
import { beforeEach, expect, it } from 'vitest';

const program = `${import.meta.dirname}/inside.ts`;
const source = '/mnt/source';
const directory = '/mnt/directory';

// By the Sync functions: this thread, too, has moved into a mount namespace, and the pool of this process has not.
beforeEach(() => {
  mkdirSync(directory, { recursive: true });
  writeFileSync(source, 'seen by few\n');
});

it('prints the text, by a child process that reads the copy', () => {
  const { status, stdout } = run(program, source, directory);
  expect(stdout).toBe('seen by few\n');
  expect(status).toBe(0);
});

it('makes no file outside, and causes no mount event', () => {
  const table = openSync('/proc/self/mountinfo', 'r');
  const { status } = run(program, source, directory);
  expect(readdirSync(directory)).toEqual([]);
  expect(sys.poll([{ fd: table, events: POLLPRI }], 0)).toBe(0);
  expect(status).toBe(0);
});
