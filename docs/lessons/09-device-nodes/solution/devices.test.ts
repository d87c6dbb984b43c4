/** The tests of devices.ts. */
import { mkdirSync, openSync, readdirSync } from 'node:fs';
import { run } from '@ns-tool/course';
import { POLLPRI, sys } from '@ns-tool/syscalls';
import { beforeAll, expect, it } from 'vitest';

const program = `${import.meta.dirname}/devices.ts`;
const directory = '/mnt/dev';

beforeAll(() => {
  mkdirSync(directory);
  // The strictest umask that people have, so that the program cannot rely on a mild one.
  sys.umask(0o077);
});

it('gives the command a directory with the names that programs expect, and ends with its status', () => {
  const { status, stdout } = run(program, directory, 'sh', '-c', `ls ${directory}; exit 7`);
  expect(stdout.trim().split('\n').join(' ')).toBe('fd full null ptmx pts random stderr stdin stdout tty urandom zero');
  expect(status).toBe(7);
});

it('makes each of them the device that its name promises, for everybody', () => {
  const show = 'stat -L -c "%n %A %t:%T" null zero full random urandom tty ptmx';
  const { stdout } = run(program, directory, 'sh', '-c', `cd ${directory} && ${show} && umask`);
  expect(stdout.split('\n')).toEqual([
    'null crw-rw-rw- 1:3',
    'zero crw-rw-rw- 1:5',
    'full crw-rw-rw- 1:7',
    'random crw-rw-rw- 1:8',
    'urandom crw-rw-rw- 1:9',
    'tty crw-rw-rw- 5:0',
    'ptmx crw-rw-rw- 5:2',
    '0077',
    '',
  ]);
});

it('makes devices that can be opened, and nothing outside', () => {
  const table = openSync('/proc/self/mountinfo', 'r');
  const use = 'echo lost > null && cat null && head -c 2 zero | od -A n -t u1';
  const { stdout } = run(program, directory, 'sh', '-c', `cd ${directory} && ${use}`);
  expect(stdout).toBe('   0   0\n');
  expect(readdirSync(directory)).toEqual([]);
  expect(sys.poll([{ fd: table, events: POLLPRI }], 0)).toBe(0);
});
