/** The tests of propagation.ts. */
import { mkdirSync, openSync, readdirSync } from 'node:fs';
import { run } from '@ns-tool/course';
import { parseMountinfo, propagationOf } from '@ns-tool/mount-table';
import { POLLPRI, sys } from '@ns-tool/syscalls';
import { beforeAll, expect, it } from 'vitest';

const program = `${import.meta.dirname}/propagation.ts`;
const directory = '/mnt/states';
const EMPTY_LINE = /(?<=\n)\n/;
beforeAll(() => mkdirSync(directory));

it('makes mounts in all five states', () => {
  const { status, stdout } = run(program, directory);
  const [table = ''] = stdout.split(EMPTY_LINE);
  const states = parseMountinfo(Buffer.from(table)).map((mount) => [mount.mountPoint, propagationOf(mount)]);
  expect(Object.fromEntries(states)).toEqual({
    '/mnt/states/source': 'shared',
    '/mnt/states/shared': 'shared',
    '/mnt/states/slave': 'slave',
    '/mnt/states/shared-slave': 'shared,slave',
    '/mnt/states/downstream': 'shared,slave',
    '/mnt/states/private': 'private',
    '/mnt/states/unbindable': 'unbindable',
  });
  expect(status).toBe(0);
});

it('shows who receives what is mounted on each', () => {
  const { status, stdout } = run(program, directory);
  const [, received] = stdout.split(EMPTY_LINE);
  expect(received).toBe(`\
source: shared slave shared-slave downstream
shared: source slave shared-slave downstream
slave: none
shared-slave: downstream
downstream: shared-slave
private: none
unbindable: none
`);
  expect(status).toBe(0);
});

it('causes no mount event outside, and leaves nothing in the directory', () => {
  const table = openSync('/proc/self/mountinfo', 'r');
  const { status } = run(program, directory);
  expect(sys.poll([{ fd: table, events: POLLPRI }], 0)).toBe(0);
  expect(readdirSync(directory)).toEqual([]);
  expect(status).toBe(0);
});
