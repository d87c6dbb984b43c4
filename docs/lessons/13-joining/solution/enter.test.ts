/** The tests of enter.ts. */
import { readlinkSync } from 'node:fs';
import { run } from '@ns-tool/course';
import { type Child, MS_PRIVATE, MS_REC, spawn } from '@ns-tool/syscalls';
import { afterAll, beforeAll, expect, it } from 'vitest';

const program = `${import.meta.dirname}/enter.ts`;

// The process whose namespaces are joined. It is there before the tests, and ends after them.
let target: Child;

beforeAll(async () => {
  target = await spawn('sleep', ['60'], {
    namespaces: ['mount', 'uts', 'ipc', 'pid'],
    // It ends with this process, however that ends.
    parentDeathSignal: 'SIGKILL',
    setup: (sys) => {
      sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);
      sys.mount('proc', '/proc', 'proc', 0, null);
      sys.sethostname('target');
    },
  });
});

// Not SIGTERM: the target is process 1 of its pid namespace, and that ignores what it has no handler for.
afterAll(async () => {
  target.kill('SIGKILL');
  await target.exited;
});

it('runs the command under the host name of the target, and ends with its status', () => {
  const { status, stdout } = run(program, `${target.pid}`, 'sh', '-c', 'hostname; exit 7');
  expect(stdout).toBe('target\n');
  expect(status).toBe(7);
});

it('puts the command into all four namespaces of the target', () => {
  const files = ['mnt', 'uts', 'ipc', 'pid'];
  const { stdout } = run(program, `${target.pid}`, 'readlink', ...files.map((file) => `/proc/self/ns/${file}`));
  expect(stdout.trim().split('\n')).toEqual(files.map((file) => readlinkSync(`/proc/${target.pid}/ns/${file}`)));
});

it('runs the command in the root directory', () => {
  const { stdout } = run(program, `${target.pid}`, 'pwd');
  expect(stdout).toBe('/\n');
});

it('tells by its own status of a signal that ended the command', () => {
  const { status } = run(program, `${target.pid}`, 'sh', '-c', 'kill -KILL $$');
  expect(status).toBe(128 + 9);
});
