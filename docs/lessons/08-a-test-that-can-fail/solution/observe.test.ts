/** The tests of observe.ts. */
import { openSync } from 'node:fs';
import { run } from '@ns-tool/course';
import { POLLPRI, sys } from '@ns-tool/syscalls';
import { expect, it } from 'vitest';

const program = `${import.meta.dirname}/observe.ts`;

/** A command that mounts in a mount namespace of its own, which is cut off from its parent's, or is not. */
function unshare(propagation: 'private' | 'unchanged', script: string): string[] {
  return ['unshare', '--mount', '--propagation', propagation, 'sh', '-c', script];
}

it('sees nothing of a command that mounts in a namespace of its own', () => {
  const { stdout } = run(program, ...unshare('private', 'mount -t tmpfs isolated /mnt'));
  expect(stdout).toBe('event: no\ntable: same\n');
});

it('sees a leak that stays', () => {
  const { stdout } = run(program, ...unshare('unchanged', 'mount -t tmpfs leaked /mnt'));
  expect(stdout).toBe('event: yes\ntable: changed\n');
});

it('sees a leak that is undone', () => {
  const { stdout } = run(program, ...unshare('unchanged', 'mount -t tmpfs leaked /mnt && umount /mnt'));
  expect(stdout).toBe('event: yes\ntable: same\n');
});

it('keeps what leaks to itself', () => {
  const table = openSync('/proc/self/mountinfo', 'r');
  const { stdout } = run(program, ...unshare('unchanged', 'mount -t tmpfs leaked /mnt'));
  expect(stdout).toContain('event: yes');
  expect(sys.poll([{ fd: table, events: POLLPRI }], 0)).toBe(0);
});

it('ends with the status of the command', () => {
  expect(run(program, 'sh', '-c', 'exit 3').status).toBe(3);
});
