/** The tests of mount.ts. */
import { existsSync, openSync, readFileSync } from 'node:fs';
import { run } from '@ns-tool/course';
import { POLLPRI, sys } from '@ns-tool/syscalls';
import { expect, it } from 'vitest';

const program = `${import.meta.dirname}/mount.ts`;
const mountPoint = '/mnt/test_mount';

it('shows a tmpfs in its own mount table', () => {
  const { status, stdout } = run(program, mountPoint);
  expect(stdout).toContain('\ntmpfs /mnt/test_mount tmpfs rw,nosuid,nodev,');
  expect(status).toBe(0);
});

it('leaves the parent with the same mount table as before', () => {
  const before = readFileSync('/proc/self/mountinfo', 'utf8');
  const { status } = run(program, mountPoint);
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).toBe(before);
  expect(status).toBe(0);
});

it('causes no mount event in the parent while it runs', () => {
  const table = openSync('/proc/self/mountinfo', 'r');
  const { status } = run(program, mountPoint);
  expect(sys.poll([{ fd: table, events: POLLPRI }], 0)).toBe(0);
  expect(status).toBe(0);
});

it('leaves no directory behind', () => {
  const { status } = run(program, mountPoint);
  expect(existsSync(mountPoint)).toBe(false);
  expect(status).toBe(0);
});
