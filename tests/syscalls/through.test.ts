/** `spawn` through the small program: the same as without it, but for what stands behind /proc/PID/exe meanwhile. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  openSync,
  readdirSync,
  readlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import {
  F_GET_SEALS,
  F_SEAL_GROW,
  F_SEAL_SEAL,
  F_SEAL_SHRINK,
  F_SEAL_WRITE,
  mapSelf,
  programOf,
  type SpawnOptions,
  type Stdio,
  type SyscallError,
  showProgram,
  spawn,
  sys,
  type Through,
} from '@ns-tool/syscalls';
import { beforeAll, describe, expect, it } from 'vitest';
import { needsCompiler } from '../support/compiler.ts';
import { needsRoot } from '../support/privilege.ts';
import { scratchDirectory } from '../support/scratch.ts';

const scratch = scratchDirectory();
const FILES = {
  found: ['#!/bin/sh\n', 0o755],
  text: ['', 0o644],
  bad: ['#!/none\n', 0o755],
  damaged: ['\x7fELF\0', 0o755],
  script: ['echo $1', 0o755],
} as const;
const file = (name: string) => join(scratch, name);
beforeAll(() => {
  for (const [name, [content, mode]] of Object.entries(FILES)) writeFileSync(file(name), content, { mode });
});

const isRoot = process.geteuid?.() === 0;
const inPidNamespace: SpawnOptions = {
  namespaces: [...(isRoot ? [] : (['user'] as const)), 'pid'],
  ...(!isRoot && { idMaps: mapSelf() }),
};
const WAYS: readonly Through[] = ['sealed', 'init'];

describe.each(WAYS)('through %s', (through) => {
  const options: SpawnOptions = { ...inPidNamespace, through };
  const outcome = async (script: string, more: SpawnOptions = {}) => {
    const child = await spawn('sh', ['-c', script], { ...options, stdio: ['ignore', 'pipe', 2], ...more });
    const [stdout, exit] = await Promise.all([text(child.stdout as Readable), child.exited]);
    return { stdout, ...exit, child };
  };

  it('the command runs, with its name, arguments, environment and status', async () => {
    const child = await spawn('sh', ['-c', 'echo "$0|$1|$A"; exit 4', 'a b', ''], {
      ...options,
      argv0: 'name',
      env: { PATH: process.env.PATH, A: 'one' },
      stdio: ['ignore', 'pipe', 2],
    });
    expect(await text(child.stdout as Readable)).toBe('a b||one\n');
    expect(await child.exited).toEqual({ status: 4, signal: null });
  });

  it('the environment is that of this process where none is given', async () => {
    process.env.NS_TOOL_TEST = 'given on';
    expect((await outcome('echo $NS_TOOL_TEST')).stdout).toBe('given on\n');
    delete process.env.NS_TOOL_TEST;
  });

  it('the steps say which candidates were tried, up to the one that it became', async () => {
    const { steps, exited } = await spawn('found', [], { ...options, env: { PATH: `/none:${scratch}:/never` } });
    await exited;
    const shown = steps.slice(steps.findIndex(({ call }) => call.name === 'execveat'));
    expect(shown.map(({ call, result }) => [call.name, result])).toEqual([
      ['execveat', 0],
      ...(through === 'init' ? [['clone', 0]] : []),
      ['execve', -2],
      ['execve', null],
      ['execve', null],
    ]);
    const program = programOf('found', [], { ...options, env: { PATH: '/a:/b' } });
    expect(showProgram(program).slice(-2)[1]).toMatch(/^execve\("\/b\/found", \["found"\]/);
  });

  const searched = { env: { PATH: `/none:${scratch}` } };
  it.each<[string, string, readonly string[], SpawnOptions]>([
    ['missing', 'no-such-command', [], searched],
    ['no name at all', '', [], searched],
    ['a directory', '/etc', [], {}],
    ['not executable', file('text'), [], {}],
    ['found, but not executable', 'text', [], { env: { PATH: `${scratch}:/none` } }],
    ['below a file', '/etc/passwd/x', [], {}],
    ['without its interpreter', file('bad'), [], {}],
    ['a damaged program', file('damaged'), ['x'.repeat(10)], { argv0: 'a' }],
    ['an argument too long', '/bin/true', ['x'.repeat(200_000)], {}],
    ['too many arguments', '/bin/true', Array(40).fill('x'.repeat(100_000)), {}],
  ])('the error is the same for what is %s', async (_, command, args, more) => {
    const errors = [];
    for (const way of [undefined, through]) {
      const all = { ...inPidNamespace, ...more, ...(way !== undefined && { through: way }) };
      errors.push(await spawn(command, args, { stdio: 'ignore', ...all }).then(({ exited }) => exited, told));
    }
    expect(errors[1]).toEqual(errors[0]);
  });

  it('a script without `#!` is run by the shell', async () => {
    const child = await spawn(file('script'), ['word'], { ...options, stdio: ['ignore', 'pipe', 2] });
    expect(await text(child.stdout as Readable)).toBe('word\n');
    await child.exited;
  });

  it('the command has its descriptors and no other, also if there are many', async () => {
    const fd = openSync('/dev/null', 'r');
    for (const count of [3, 4, 50]) {
      const stdio: Stdio[] = ['ignore', 'pipe', 2, ...Array(count - 3).fill(fd)];
      const child = await spawn('ls', ['/proc/self/fd'], { ...options, stdio });
      // The last is of the directory that it reads.
      const expected = Array.from({ length: count + 1 }, (_, fd) => String(fd));
      const listed = (await text(child.stdout as Readable)).trim().split('\n');
      expect(listed.sort()).toEqual(expected.sort());
      await child.exited;
    }
    closeSync(fd);
  });

  it('nothing is left here', async () => {
    await outcome('true');
    const before = readdirSync('/proc/self/fd').length;
    for (let i = 0; i < 50; i++) {
      await outcome('true');
      await spawn('none', [], options).catch(() => {});
    }
    expect(readdirSync('/proc/self/fd').length).toBe(before);
  });

  it.skipIf(needsRoot('maps from outside'))('it works where this process has something to do first', async () => {
    const ids = [
      { inside: 0, outside: 1000, count: 1 },
      { inside: 1, outside: 2000, count: 5 },
    ];
    const { stdout } = await outcome('wc -l < /proc/self/uid_map', {
      namespaces: ['user', 'pid'],
      idMaps: { uid: ids, gid: ids },
    });
    expect(stdout.trim()).toBe('2');
  });
});

it('the small program is a sealed file: what it is, nobody can change', async () => {
  const child = await spawn('sh', ['-c', 'echo; sleep 100'], {
    ...inPidNamespace,
    through: 'init',
    stdio: ['ignore', 'pipe', 2],
  });
  await new Promise((resolve) => child.stdout?.once('data', resolve));
  const exe = `/proc/${child.pid}/exe`;
  try {
    expect(readlinkSync(exe)).toMatch(/^\/memfd:ns-tool-init/);
    const fd = openSync(exe, 'r');
    expect(sys.fcntl(fd, F_GET_SEALS, 0)).toBe(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
    closeSync(fd);
    // It could be opened for writing once nobody executes it.
    const write = () => {
      const fd = openSync(exe, 'r+');
      try {
        writeSync(fd, 'x');
      } finally {
        closeSync(fd);
      }
    };
    expect(write).toThrow(/ETXTBSY|EPERM/);
    expect(() => truncateSync(exe, 0)).toThrow(/ETXTBSY|EPERM/);
    // What is done with the file of one child is not seen by the next.
    chmodSync(exe, 0);
    const next = await spawn('true', [], { ...inPidNamespace, through: 'sealed' });
    expect(await next.exited).toEqual({ status: 0, signal: null });
  } finally {
    child.kill('SIGKILL');
    await child.exited;
  }
});

/** `launcher PROGRAM ARGUMENT…`: as on a kernel before Linux 6.3, which does not know MFD_EXEC. */
const OLD_KERNEL = `
  #include <linux/audit.h>
  #include <linux/filter.h>
  #include <linux/seccomp.h>
  #include <sys/prctl.h>
  #include <sys/syscall.h>
  #include <unistd.h>

  int main(int argc, char **argv) {
    struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_memfd_create, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 24), /* the lower half of the second argument */
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x10, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 22),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { 6, filter };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 101;
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) return 102;
    execv(argv[1], argv + 1);
    return 103;
  }
`;

it.skipIf(needsCompiler('a kernel without MFD_EXEC'))('works on a kernel that does not know MFD_EXEC', () => {
  const launcher = file('launcher');
  execFileSync('gcc', ['-x', 'c', '-o', launcher, '-'], { input: OLD_KERNEL });
  const script = `import('@ns-tool/syscalls').then(async ({ spawn, sys }) => {
    try {
      sys.memfd_create('x', 0x10);
    } catch (error) {
      console.log(error.code);
    }
    const { status } = await (await spawn('sh', ['-c', 'exit 5'], { through: 'sealed' })).exited;
    process.exit(status);
  })`;
  const { status, stdout } = spawnSync(launcher, [process.execPath, '-e', script], { encoding: 'utf8' });
  expect({ status, stdout }).toEqual({ status: 5, stdout: 'EINVAL\n' });
});

it('the small program has nothing of this process in its memory', async () => {
  const script = 'readlink /proc/$PPID/exe; sed "s/.* //" /proc/$PPID/maps | grep -v "^\\[" | sort -u';
  const { exited, stdout } = await spawn('sh', ['-c', script], { through: 'init', stdio: ['ignore', 'pipe', 2] });
  expect(await text(stdout as Readable)).toBe('/memfd:ns-tool-init (deleted)\n(deleted)\n');
  await exited;
});

/** What is told of an error, without the megabytes of arguments. */
function told({ name, call, code, message }: SyscallError): object {
  return { name, call, code, begins: message.slice(0, 100), ends: message.slice(-100) };
}
