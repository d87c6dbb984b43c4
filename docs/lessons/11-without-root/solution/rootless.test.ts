/** The tests of rootless.ts. */
import { mkdirSync, openSync, readdirSync, statSync } from 'node:fs';
import { run } from '@ns-tool/course';
import { POLLPRI, sys } from '@ns-tool/syscalls';
import { beforeEach, expect, it } from 'vitest';

const program = `${import.meta.dirname}/rootless.ts`;
const directory = '/mnt/directory';

beforeEach(() => {
  mkdirSync(directory, { recursive: true });
});

it('runs the command as root, and ends with its status', () => {
  const { status, stdout } = run(program, directory, 'sh', '-c', 'id -u; id -g; exit 7');
  expect(stdout).toBe('0\n0\n');
  expect(status).toBe(7);
});

it('makes it root of a user namespace with one user and one group, who are those outside', () => {
  const command = 'cd /proc/self; cat uid_map gid_map setgroups; touch /mnt/file';
  const { stdout } = run(program, directory, 'sh', '-c', command);
  const [uid, gid] = [process.getuid?.(), process.getgid?.()];
  expect(stdout.split(/\s+/).join(' ')).toBe(` 0 ${uid} 1 0 ${gid} 1 deny `);
  expect(statSync('/mnt/file')).toMatchObject({ uid, gid });
});

it('gives the command a tmpfs of its own, and mounts that no mount outside reaches', () => {
  const table = openSync('/proc/self/mountinfo', 'r');
  const { stdout } = run(program, directory, 'sh', '-c', `touch ${directory}/file; cat /proc/self/mountinfo`);
  expect(stdout).toMatch(/ \/mnt\/directory rw,nosuid,nodev,\S+ - tmpfs /);
  expect(stdout).not.toMatch(/ (shared|master):/);
  expect(readdirSync(directory)).toEqual([]);
  expect(sys.poll([{ fd: table, events: POLLPRI }], 0)).toBe(0);
});

it('ends with 128 and the number of the signal that has ended the command', () => {
  expect(run(program, directory, 'sh', '-c', 'kill -TERM $$').status).toBe(128 + 15);
});
