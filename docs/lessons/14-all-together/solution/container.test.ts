/** The tests of container.ts. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, openSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { run } from '@ns-tool/course';
import { POLLPRI, sys } from '@ns-tool/syscalls';
import { beforeAll, expect, it } from 'vitest';

const program = `${import.meta.dirname}/container.ts`;
const root = '/mnt/root';

// As in lesson 10: a shell, perl for what no shell can do, the libraries of both, and the way out of chroot.
beforeAll(() => {
  const files = execFileSync('ldd', ['/bin/sh', '/usr/bin/perl'], { encoding: 'utf8' }).match(/\/[^\s:]+/g) ?? [];
  for (const file of files) {
    mkdirSync(dirname(root + file), { recursive: true });
    copyFileSync(file, root + file);
  }
  writeFileSync(`${root}/escape`, 'chroot "bin"; chdir ".." for 1..9; chroot "."; exec "/bin/sh", "-c", "echo /*"');
});

it('shows the command its own processes and host name, and ends with its status', () => {
  const show = 'cd /proc; echo [0-9]*; read -r name < sys/kernel/hostname; echo $name; exit 7';
  const { status, stdout } = run(program, root, 'sh', '-c', show);
  expect(stdout).toBe('1\ncontainer\n');
  expect(status).toBe(7);
});

it('gives it namespaces of its own, of every kind', () => {
  const kinds = ['user', 'mnt', 'uts', 'ipc', 'pid', 'net', 'cgroup'];
  const links = 'print map { readlink("/proc/self/ns/$_") . "\n" } @ARGV';
  const inside = run(program, root, 'perl', '-e', links, ...kinds)
    .stdout.trim()
    .split('\n');
  expect(inside).toHaveLength(kinds.length);
  for (const kind of kinds) expect(inside).not.toContain(readlinkSync(`/proc/thread-self/ns/${kind}`));
});

it('leaves it mounts of its own, none of the old root, and no way back', () => {
  const table = 'while IFS=" ," read -r id parent device root point mode rest; do echo $point $mode; done';
  const { stdout } = run(program, root, 'sh', '-c', `${table} < /proc/self/mountinfo`);
  const devices = ['full', 'null', 'random', 'tty', 'urandom', 'zero'].map((name) => `/dev/${name} rw`);
  const mounts = ['/ rw', '/dev rw', ...devices, '/dev/pts rw', '/proc rw', '/sys ro'];
  expect(stdout.trim().split('\n').sort()).toEqual(mounts.sort());
  const names = [...readdirSync(root), 'dev', 'proc', 'sys'].sort();
  expect(run(program, root, 'perl', '/escape').stdout).toBe(`/${names.join(' /')}\n`);
});

it('gives it devices that work, and a loopback that is up', () => {
  const use = '[ -c /dev/null ] && echo lost > /dev/null && ! read -r line < /dev/null && echo works';
  const flags = 'read -r flags < /sys/class/net/lo/flags; echo $flags';
  expect(run(program, root, 'sh', '-c', `${use}; ${flags}`).stdout).toBe('works\n0x9\n');
});

it('takes from it the rights and the environment of outside', () => {
  const rights = 'while read -r name value; do case $name in CapBnd:|NoNewPrivs:) echo $value;; esac; done';
  const names = 'perl -e "print join q( ), sort keys %ENV"';
  process.env.SECRET = 'of outside';
  const { stdout } = run(program, root, 'sh', '-c', `${rights} < /proc/self/status; ${names}`);
  expect(stdout).toBe('0000000000040422\n1\nHOME PATH PWD TERM');
});

it('keeps the directory as it is, and every mount outside', () => {
  const table = openSync('/proc/self/mountinfo', 'r');
  const [names, text] = [readdirSync(root), readFileSync(`${root}/escape`, 'utf8')];
  const write = 'echo new > /new; echo changed > /escape; read -r text < /escape; echo $text';
  expect(run(program, root, 'sh', '-c', write).stdout).toBe('changed\n');
  expect([readdirSync(root), readFileSync(`${root}/escape`, 'utf8')]).toEqual([names, text]);
  expect(sys.poll([{ fd: table, events: POLLPRI }], 0)).toBe(0);
});
