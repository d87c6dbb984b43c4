/** The tests of root.ts. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, openSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { run } from '@ns-tool/course';
import { POLLPRI, sys } from '@ns-tool/syscalls';
import { beforeAll, expect, it } from 'vitest';

const program = `${import.meta.dirname}/root.ts`;
const root = '/mnt/root';

// The least in which a command can run: a shell, perl for what no shell can do, the libraries of both, and /proc.
beforeAll(() => {
  const files = execFileSync('ldd', ['/bin/sh', '/usr/bin/perl'], { encoding: 'utf8' }).match(/\/[^\s:]+/g) ?? [];
  for (const file of files) {
    mkdirSync(dirname(root + file), { recursive: true });
    copyFileSync(file, root + file);
  }
  mkdirSync(`${root}/proc`);
  sys.mount('proc', `${root}/proc`, 'proc', 0, null);
});

it('shows the command the directory as / and as its working directory, and ends with its status', () => {
  const names = readdirSync(root).sort();
  const { status, stdout } = run(program, root, '/bin/sh', '-c', 'echo *; echo /*; exit 7');
  expect(stdout).toBe(`${names.join(' ')}\n/${names.join(' /')}\n`);
  expect(status).toBe(7);
});

it('leaves the command the mounts of the directory, and none of the old root', () => {
  const points = 'while read -r id parent device root point rest; do echo $point; done < /proc/self/mountinfo';
  const { stdout } = run(program, root, '/bin/sh', '-c', points);
  expect(stdout).toBe('/\n/proc\n');
});

it('leaves no way out: not by chroot, not by an open directory', () => {
  const calls = 'chroot "bin"; chdir ".." for 1..9; chroot "."; exec "/bin/sh", "-c", "echo /*"';
  writeFileSync(`${root}/escape`, calls);
  const { stdout } = run(program, root, '/usr/bin/perl', '/escape');
  expect(stdout).toBe(`/${readdirSync(root).sort().join(' /')}\n`);
  const enter = 'for open in /proc/self/fd/*; do cd $open/ && echo *; done; echo end';
  expect(run(program, root, '/bin/sh', '-c', enter).stdout).toBe('end\n');
});

it('causes no mount event outside', () => {
  const table = openSync('/proc/self/mountinfo', 'r');
  const { status } = run(program, root, '/bin/sh', '-c', 'exit 0');
  expect(sys.poll([{ fd: table, events: POLLPRI }], 0)).toBe(0);
  expect(status).toBe(0);
});
