/** The tests of slave.ts. */
import { mkdirSync, openSync } from 'node:fs';
import { run } from '@ns-tool/course';
import { parseMountinfo, propagationOf } from '@ns-tool/mount-table';
import { POLLPRI, sys } from '@ns-tool/syscalls';
import { beforeAll, expect, it } from 'vitest';

const program = `${import.meta.dirname}/slave.ts`;

beforeAll(() => {
  for (const directory of ['/mnt/disk', '/mnt/late']) mkdirSync(directory);
  sys.mount('disk', '/mnt/disk', 'tmpfs', 0, null);
});

it('ends with the status of the command, or 128 and the number of the signal that ended it', () => {
  expect(run(program, 'sh', '-c', 'exit 42').status).toBe(42);
  expect(run(program, 'sh', '-c', 'kill -TERM $$').status).toBe(128 + 15);
});

it('keeps mounted outside what is unmounted inside', () => {
  const table = openSync('/proc/self/mountinfo', 'r');
  const { stdout } = run(program, 'sh', '-c', 'umount /mnt/disk; mountpoint /mnt/disk');
  expect(stdout).toBe('/mnt/disk is not a mountpoint\n');
  expect(sys.poll([{ fd: table, events: POLLPRI }], 0)).toBe(0);
});

/** Runs what follows in the mount namespace of this test. */
const outside = `nsenter --target ${process.pid} --mount`;

it('shows inside what is mounted outside meanwhile, as long as it is mounted there', () => {
  const { stdout } = run(
    program,
    'sh',
    '-c',
    `${outside} mount -t tmpfs late /mnt/late; mountpoint /mnt/late; ${outside} umount /mnt/late; mountpoint /mnt/late`,
  );
  expect(stdout).toBe('/mnt/late is a mountpoint\n/mnt/late is not a mountpoint\n');
});

it('leaves no mount inside that is shared', () => {
  const { status, stdout } = run(program, 'cat', '/proc/self/mountinfo');
  const states = parseMountinfo(Buffer.from(stdout)).map(propagationOf);
  expect(new Set(states)).toEqual(new Set(['slave']));
  expect(status).toBe(0);
});
