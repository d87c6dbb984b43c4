/** The tests of first.ts. */
import { existsSync, mkdirSync } from 'node:fs';
import { run } from '@ns-tool/course';
import { MS_BIND, sys } from '@ns-tool/syscalls';
import { expect, it } from 'vitest';

const program = `${import.meta.dirname}/first.ts`;

it('shows the command itself as PID 1 in its /proc', () => {
  const { stdout } = run(program, 'readlink', '/proc/self');
  expect(stdout).toMatch(/^1$/m);
});

it('ends with the status of the command', () => {
  const { status } = run(program, 'sh', '-c', 'exit 7');
  expect(status).toBe(7);
});

it('tells the pid that the command has outside', () => {
  // A second way to our /proc, for the command, which has another one on /proc.
  mkdirSync('/mnt/proc');
  sys.mount('/proc', '/mnt/proc', null, MS_BIND, null);
  const { stdout } = run(program, 'readlink', '/mnt/proc/self');
  const [, outside] = /^outside: (\d+)$/m.exec(stdout) ?? [];
  expect(stdout.split('\n')).toContain(outside);
});

it('leaves the /proc outside as it is', () => {
  const { status } = run(program, 'true');
  expect(existsSync('/proc/self')).toBe(true);
  expect(status).toBe(0);
});
