/** The tests of host.ts. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { run } from '@ns-tool/course';
import { expect, it } from 'vitest';

const program = `${import.meta.dirname}/host.ts`;

it('runs the command under the host name, and ends with its status', () => {
  const before = hostname();
  const { status, stdout } = run(program, 'web', 'sh', '-c', 'hostname; exit 7');
  expect(stdout).toBe('web\n');
  expect(status).toBe(7);
  expect(hostname()).toBe(before);
});

it('leaves no shared memory outside', () => {
  const before = readFileSync('/proc/sysvipc/shm', 'utf8');
  const { stdout } = run(program, 'web', 'ipcmk', '--shmem', '4096');
  expect(stdout).toMatch(/^Shared memory id: \d+$/m);
  expect(readFileSync('/proc/sysvipc/shm', 'utf8')).toBe(before);
});

it('keeps the host name outside as it is while the command runs', () => {
  // The command goes back outside, to look from there: into the UTS namespace of this test.
  const { stdout } = run(program, 'web', 'nsenter', '--target', `${process.pid}`, '--uts', 'hostname');
  expect(stdout).toBe(`${hostname()}\n`);
});

it('keeps the shared memory of outside from the command', () => {
  execFileSync('ipcmk', ['--shmem', '4096']);
  const { stdout } = run(program, 'web', 'cat', '/proc/sysvipc/shm');
  // The line of headings, and no other.
  expect(stdout).toMatch(/^ +key +shmid .*\n$/);
});
