/**
 * The program between a child and its command: that its bytes are its sources, and that it does what they say.
 *
 * It is executed as PID 1 of a namespace, and what it answers goes to a file. The architecture that is not this machine's is
 * assembled across and runs under qemu-user, where these are installed.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, closeSync, mkdtempSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import {
  type Architecture,
  AT_FDCWD,
  mapSelf,
  O_CLOEXEC,
  O_NOCTTY,
  O_RDWR,
  type Recorder,
  type SpawnOptions,
  spawn,
  sys,
  TIOCGPTPEER,
  TIOCSCTTY,
  TIOCSPTLCK,
} from '@ns-tool/syscalls';
import { beforeAll, describe, expect, it } from 'vitest';
import { initFile } from '../../packages/syscalls/src/init/code.ts';
import { type Change, emulatorOf, hexLines, mistaken, toolFor } from '../support/assembly.ts';
import { isAssertion } from '../support/assertion.ts';
import { scratchDirectory } from '../support/scratch.ts';

const scratch = scratchDirectory();

// -- running it

interface Start {
  /** What it is started through, in the place of its own file. */
  readonly launcher?: readonly string[];
  readonly options?: SpawnOptions;
  /** Told of the output so far, and of the process. */
  readonly onOutput?: (output: string, pid: number) => void;
}

interface Ended {
  /** Null if it did not end. */
  readonly status: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly answers: readonly number[];
}

/** The program under test: its file, and what runs that. */
class Subject {
  constructor(
    readonly file: string,
    readonly emulator: readonly string[],
    /** How long a run may take, in milliseconds. */
    readonly patience: number,
  ) {}

  get isNative(): boolean {
    return this.emulator.length === 0;
  }

  /** Executes it with these arguments after NAME, as PID 1, where descriptor 3 is a file for the answers. */
  async run(args: readonly string[], { launcher = [], options, onOutput }: Start = {}): Promise<Ended> {
    const answers = `${this.file}.answers`;
    const fd = openSync(answers, 'w');
    const [command = '', ...rest] = [...launcher, ...this.emulator, this.file, ...args];
    const isRoot = process.geteuid?.() === 0;
    const child = await spawn(command, rest, {
      namespaces: [...(isRoot ? [] : (['user'] as const)), 'mount', 'pid'],
      ...(!isRoot && { idMaps: mapSelf() }),
      env: { PATH: process.env.PATH, A: 'one' },
      stdio: ['ignore', 'pipe', 2, fd],
      parentDeathSignal: 'SIGKILL',
      // A broken one may send signals to its process group, which must not be that of the tests.
      newSession: true,
      setup: mountProc,
      ...(this.isNative && launcher.length === 0 && { argv0: 'ns-tool-init' }),
      ...options,
    });
    closeSync(fd);
    let stdout = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      onOutput?.(stdout, child.pid);
    });
    let hung = false;
    const patience = setTimeout(() => {
      hung = true;
      child.kill('SIGKILL');
    }, this.patience);
    const [exit] = await Promise.all([child.exited, ended(child.stdout)]);
    clearTimeout(patience);
    const words = readFileSync(answers);
    return {
      ...(hung ? { status: null, signal: null } : exit),
      stdout,
      answers: Array.from({ length: words.length / 4 }, (_, i) => words.readInt32LE(i * 4)),
    };
  }

  /** Lets it become `sh -c SCRIPT`. */
  sealed = (script: string, start?: Start) => this.run(['0', '3', '1', '/bin/sh', 'sh', '-c', script], start);
  /** Lets it be the init of `sh -c SCRIPT`. */
  init = (script: string, start?: Start) => this.run(['1', '3', '1', '/bin/sh', 'sh', '-c', script], start);
}

function mountProc(sys: Recorder): void {
  sys.mount(null, '/', null, 0x44000 /* MS_REC | MS_PRIVATE */, null);
  sys.mount('proc', '/proc', 'proc', 0, null);
}

function ended(stream: Readable | null): Promise<unknown> {
  return new Promise((resolve) => (stream === null || stream.closed ? resolve(null) : stream.once('close', resolve)));
}

// -- what it promises

interface Check {
  readonly name: string;
  /** What the check needs that qemu-user does not have. */
  readonly native?: string;
  check(subject: Subject): Promise<void>;
}

/** The errnos after which execvp(3) tries the next directory: ENOENT, EACCES, ENODEV, ENOTDIR, ETIMEDOUT, ESTALE. */
const TRY_NEXT = [2, 13, 19, 20, 110, 116];

/** `launcher ERRNO PROGRAM ARGUMENT…`: executes a program for which execve(2) fails with that errno. */
const LAUNCHER = `
  #define _GNU_SOURCE
  #include <linux/audit.h>
  #include <linux/filter.h>
  #include <linux/seccomp.h>
  #include <stdlib.h>
  #include <sys/prctl.h>
  #include <sys/syscall.h>
  #include <unistd.h>

  int main(int argc, char **argv, char **envp) {
    struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_execve, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | atoi(argv[1])),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { 4, filter };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 1;
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) return 2;
    syscall(__NR_execveat, -100, argv[2], argv + 2, envp, 0);
    return 3;
  }
`;
const launcher = join(scratch, 'launcher');
const hasCompiler = whyMissing('gcc') === null;
if (hasCompiler) beforeAll(() => run('gcc', ['-x', 'c', '-o', launcher, '-'], LAUNCHER));
const traced = join(scratch, 'traced');
const TRACED = fileURLToPath(new URL('traced.c', import.meta.url));
if (hasCompiler) beforeAll(() => run('gcc', ['-o', traced, TRACED]));

/** A signal that a shell can trap and that is not for an init itself: not SIGKILL, SIGCHLD, SIGSTOP, nor libc's own two. */
const SIGNALS = Array.from({ length: 64 }, (_, i) => i + 1).filter((signal) => ![9, 17, 19, 32, 33].includes(signal));

const STATUS = 'grep -E "Sig(Blk|Ign)" /proc/self/status';
const NO_SIGNALS = 'SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n';

/** Fields of proc_pid_stat(5) of the shell: (5) pgrp, (6) session, (8) tpgid. */
const JOB = 'read -r pid name state ppid pgrp session tty tpgid rest < /proc/self/stat';

const checks: readonly Check[] = [
  {
    name: 'becomes the first candidate that there is, with its arguments and the environment',
    async check(subject) {
      const script = 'echo $0 $1 $2 $A $$; exit 3';
      const args = ['/none/sh', '/etc/passwd/sh', '/bin/sh', '/bin/false', 'name', '-c', script, 'zero', 'a b', ''];
      expect(await subject.run(['0', '3', '4', ...args])).toEqual({
        status: 3,
        signal: null,
        stdout: 'zero a b one 1\n',
        answers: [0, -2, -20],
      });
    },
  },
  {
    name: 'reads numbers of several digits',
    async check(subject) {
      const paths = Array.from({ length: 12 }, (_, i) => (i < 10 ? '/none' : '/bin/sh'));
      const fd = openSync(`${subject.file}.other`, 'w');
      const stdio = ['ignore', 'pipe', 2, ...Array(9).fill('ignore'), fd] as const;
      const { status, answers } = await subject.run(
        ['0', '12', '12', ...paths, 'sh', '-c', '[ ! -e /proc/self/fd/12 ]'],
        {
          options: { stdio },
        },
      );
      closeSync(fd);
      expect({ status, answers }).toEqual({ status: 0, answers: [] });
      expect(readFileSync(`${subject.file}.other`).length).toBe(4 * 11);
    },
  },
  {
    name: 'says what each candidate has failed with, and ends with 127',
    async check(subject) {
      for (const stays of ['0', '1']) {
        const { status, answers } = await subject.run([stays, '3', '3', '/none', '/etc/passwd', '/none', 'sh']);
        expect({ status, answers }).toEqual({ status: 127, answers: [0, ...(stays === '1' ? [0] : []), -2, -13, -2] });
      }
    },
  },
  {
    name: 'ends with 127 where its arguments make no sense, and executes nothing',
    async check(subject) {
      const rest = ['/bin/sh', 'sh', '-c', 'echo executed'];
      for (const args of [[], ['0', '3', '1', '/bin/sh'], ['0', '3', '0', ...rest], ['0', '3', '4', ...rest]]) {
        expect(await subject.run(args)).toEqual({ status: 127, signal: null, stdout: '', answers: [] });
      }
      // With three candidates, one argument is left.
      expect(await subject.run(['0', '3', '3', '/none', '/none', '/bin/true', 'true'])).toMatchObject({ status: 0 });
    },
  },
  {
    name: 'leaves the command no descriptor of its own, and the pipe neither',
    async check(subject) {
      for (const stays of ['0', '1']) {
        const script = '[ ! -e /proc/self/fd/3 ] && echo closed';
        expect(await subject.run([stays, '3', '1', '/bin/sh', 'sh', '-c', script])).toMatchObject({
          stdout: 'closed\n',
        });
      }
    },
  },
  {
    name: 'as an init closes the pipe itself',
    native: 'descriptors of its own',
    async check(subject) {
      // Not before the command runs, or not long before.
      const script =
        'i=0; until set -- /proc/1/fd/*; [ $# = 3 ] || [ $((i += 1)) -gt 100 ]; do sleep 0.02; done; echo $*';
      expect((await subject.init(script)).stdout).toBe('/proc/1/fd/0 /proc/1/fd/1 /proc/1/fd/2\n');
    },
  },
  {
    name: 'as an init is PID 1 with the command as its child, whose status it ends with',
    async check(subject) {
      const { stdout, ...rest } = await subject.init('echo $PPID $A; [ $$ != 1 ] && exit 7');
      expect({ stdout, ...rest }).toEqual({ stdout: '1 one\n', status: 7, signal: null, answers: [0, 0] });
      expect(await subject.init('exit 0')).toMatchObject({ status: 0 });
      expect(await subject.init('exit 255')).toMatchObject({ status: 255 });
    },
  },
  {
    name: 'as an init ends with 128 + n for signal n, with or without a core',
    async check(subject) {
      // qemu-user has another meaning for the last one.
      for (const signal of [1, 6, 9, 15, ...(subject.isNative ? [64] : [])]) {
        const { status } = await subject.init(`ulimit -c 0; kill -${signal} $$`);
        expect({ signal, status }).toEqual({ signal, status: 128 + signal });
      }
    },
  },
  {
    name: 'as an init lets a command go on that has asked to be traced by it',
    native: 'ptrace(2)',
    async check(subject) {
      if (!hasCompiler) return;
      const start = (...args: string[]) => subject.run(['1', '3', '1', traced, 'traced', ...args]);
      expect(await start('10', '12')).toMatchObject({ stdout: 'got 10\ngot 12\ngoes on\n', status: 7 });
      expect(await subject.run(['1', '3', '1', traced, traced, 'exec'])).toMatchObject({
        stdout: 'goes on\n',
        status: 7,
      });
    },
  },
  {
    name: 'gives the command no blocked signal',
    async check(subject) {
      expect((await subject.sealed(STATUS)).stdout).toBe(NO_SIGNALS);
      expect((await subject.init(STATUS)).stdout).toBe(NO_SIGNALS);
    },
  },
  {
    name: 'as an init has a name, and shows no more',
    native: 'a name of its own',
    async check(subject) {
      for (const env of [{ PATH: process.env.PATH }, {}]) {
        const script = 'tr "\\0" "|" < /proc/1/cmdline; echo; cat /proc/1/comm';
        const { stdout } = await subject.init(script, { options: { env } });
        expect(stdout.replace(/\|$/m, '')).toBe('ns-tool-init\nns-tool-init\n');
      }
    },
  },
  {
    name: 'as an init reaps all orphans',
    async check(subject) {
      // Their number, as their parents have it, until nobody is left but the init, the shell and its cat.
      const script = `for i in 1 2 3 4 5 6 7 8 9 10 11 12; do (sleep 0.0$i & sleep 0.0$i & :); done
        i=0; until set -- /proc/[0-9]*; [ $# -le 3 ] || [ $((i += 1)) -gt 100 ]; do sleep 0.02; done
        grep -l "^State:.Z" /proc/[0-9]*/status; exit 5`;
      expect(await subject.init(script)).toMatchObject({ stdout: '', status: 5 });
    },
  },
  {
    name: 'as an init reaps orphans of whose ends it has heard once for all',
    async check(subject) {
      // While the init is stopped, their signals become one.
      const script = `for i in 1 2 3 4; do (sleep 100 & echo $! >> orphans); done; orphans=$(cat orphans); echo ready
        until grep -q "^State:.T" /proc/1/status; do sleep 0.01; done; kill -9 $orphans
        for pid in $orphans; do until grep -q "^State:.Z" /proc/$pid/status; do sleep 0.01; done; done; kill -CONT 1
        i=0; until set -- /proc/[0-9]*; [ $# -le 3 ] || [ $((i += 1)) -gt 50 ]; do sleep 0.02; done
        grep -l "^State:.Z" /proc/[0-9]*/status; exit 5`;
      const stopped = await subject.init(script, {
        options: { cwd: mkdtempSync(join(scratch, 'orphans-')) },
        onOutput: (_, pid) => process.kill(pid, 'SIGSTOP'),
      });
      expect(stopped).toMatchObject({ stdout: 'ready\n', status: 5 });
    },
  },
  {
    name: 'as an init passes on every signal, once',
    async check(subject) {
      // qemu-user keeps some of the last ones for itself.
      const signals = subject.isNative ? SIGNALS : SIGNALS.filter((signal) => signal < 32);
      const traps = signals.map((signal) => `trap 'echo got ${signal}' ${signal}`);
      const sent = [...signals.filter((signal) => signal !== 15), 15];
      let count = 0;
      const { stdout, status } = await subject.init(
        `${traps.join('\n')}\ntrap 'exit 6' 15\necho ready; while :; do sleep 0.01; done`,
        {
          // One after the other: of those that wait, the kernel delivers the lowest first.
          onOutput(output, pid) {
            for (; count < output.split('\n').length - 1 && count < sent.length; count++)
              process.kill(pid, sent[count]);
          },
        },
      );
      const got = sent.slice(0, -1).map((signal) => `got ${signal}\n`);
      expect({ stdout, status }).toEqual({ stdout: ['ready\n', ...got].join(''), status: 6 });
    },
  },
  {
    name: 'as an init that leads a session passes on what keys send to all of the process group, and nothing else',
    async check(subject) {
      const trap = (who: string) => `for name in INT QUIT TERM; do trap "echo ${who} $name" $name; done`;
      const folder = mkdtempSync(join(scratch, 'group-'));
      const script = `${trap('outer')}; sh -c '${trap('inner')}; echo ready; until [ -e over ]; do sleep 0.01; done'`;
      const next: [after: string, act: (pid: number) => void][] = [
        ['ready', (pid) => process.kill(pid, 'SIGTERM')],
        ['ready', (pid) => process.kill(pid, 'SIGINT')],
        ['inner INT', (pid) => process.kill(pid, 'SIGQUIT')],
        ['inner QUIT', () => writeFileSync(join(folder, 'over'), '')],
      ];
      // The outer one says so once the inner one has ended, for which it waits.
      const { stdout } = await subject.init(script, {
        options: { cwd: folder },
        onOutput(output, pid) {
          for (; next[0] !== undefined && output.includes(next[0][0]); next.shift()) next[0][1](pid);
        },
      });
      const heard = ['inner INT', 'inner QUIT', 'outer INT', 'outer QUIT', 'outer TERM'];
      expect(stdout.split('\n').sort()).toEqual(['', ...heard, 'ready']);
    },
  },
  {
    name: 'as an init goes on while the command is stopped, and lets it go on',
    async check(subject) {
      for (const signal of ['STOP']) {
        // Whoever stops it waits until it is stopped; sent to PID 1, SIGCONT is for the command.
        const script = `(until grep -q "^State:.T" /proc/$$/status; do sleep 0.01; done; kill -CONT 1) &
          kill -${signal} $$; echo goes on; exit 4`;
        expect(await subject.init(script)).toMatchObject({ stdout: 'goes on\n', status: 4 });
      }
    },
  },
  {
    name: 'as an init that leads a session makes the command lead another, with the terminal',
    async check(subject) {
      const { master, slave } = openTerminal();
      try {
        const options: SpawnOptions = {
          stdio: [slave, 'pipe', 2, 'ignore'],
        };
        const script = `${JOB}; [ $session = $$ ] && [ $pgrp = $$ ] && [ $tpgid = $$ ] && echo foreground; ${STATUS}`;
        const { stdout } = await subject.init(script, { options });
        expect(stdout).toBe(`foreground\n${NO_SIGNALS}`);
      } finally {
        closeSync(slave);
        closeSync(master);
      }
    },
  },
  {
    name: 'as an init that leads a session leaves a hangup to the command',
    async check(subject) {
      const { master, slave } = openTerminal();
      let isOpen = true;
      const options: SpawnOptions = {
        stdio: [slave, 'pipe', 2, 'ignore'],
      };
      // It is told to the leader of the session alone.
      const script = 'trap "exit 9" HUP; echo ready; while :; do sleep 0.01; done';
      const { status } = await subject.init(script, {
        options,
        onOutput() {
          if (isOpen) closeSync(master);
          isOpen = false;
        },
      });
      if (isOpen) closeSync(master);
      closeSync(slave);
      expect(status).toBe(9);
    },
  },
  {
    name: "as an init in somebody else's session stays in its process group, and leaves it to the terminal to send signals",
    async check(subject) {
      const { master, slave } = openTerminal();
      let typed = false;
      try {
        // The init is stopped until the command has dealt with what the terminal has sent both. Of the signals that wait for
        // it then, it takes the lowest first.
        const command = `trap 'echo interrupted' INT; trap 'echo asked' QUIT; trap 'exit 8' USR1; ${JOB}; [ $tpgid = $pgrp ] && [ $$ != $pgrp ] || exit
          kill -STOP $PPID; until grep -q "^State:.T" /proc/$PPID/status; do sleep 0.01; done; echo ready
          until [ -e typed ]; do sleep 0.01; done; kill -QUIT $PPID; kill -USR1 $PPID; kill -CONT $PPID; while :; do sleep 0.01; done`;
        const words = [...subject.emulator, subject.file, '1', '9', '1', '/bin/sh', 'sh', '-c', command];
        const shell = `trap : INT; ${words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')}; echo $?`;
        const folder = mkdtempSync(join(scratch, 'session-'));
        const child = await spawn('sh', ['-c', shell], {
          namespaces: process.geteuid?.() === 0 ? ['mount', 'pid'] : ['user', 'mount', 'pid'],
          ...(process.geteuid?.() !== 0 && { idMaps: mapSelf() }),
          newSession: true,
          cwd: folder,
          stdio: [slave, 'pipe', 2],
          parentDeathSignal: 'SIGKILL',
          setup(sys) {
            mountProc(sys);
            sys.ioctl(slave, TIOCSCTTY, 0);
          },
        });
        let stdout = '';
        child.stdout?.setEncoding('utf8').on('data', (text: string) => {
          stdout += text;
          if (stdout.startsWith('ready\n') && !typed) {
            typed = true;
            sys.write(master, '\x03');
          }
          if (stdout.includes('interrupted')) writeFileSync(join(folder, 'typed'), '');
        });
        const patience = setTimeout(() => child.kill('SIGKILL'), subject.patience);
        await Promise.all([child.exited, ended(child.stdout)]);
        clearTimeout(patience);
        expect(stdout).toBe('ready\ninterrupted\nasked\n8\n');
      } finally {
        closeSync(slave);
        closeSync(master);
      }
    },
  },
  {
    name: 'tries the next candidate after the errors of execvp(3), and after no other',
    native: 'a seccomp filter',
    async check(subject) {
      if (!hasCompiler) return;
      for (const errno of [...Array.from({ length: 133 }, (_, i) => i + 1), 256 + 2, 4095]) {
        const { status, answers } = await subject.run(['0', '3', '3', '/a', '/b', '/c', 'sh'], {
          launcher: [launcher, String(errno)],
        });
        const times = TRY_NEXT.includes(errno) ? 3 : 1;
        expect({ errno, status, answers }).toEqual({ errno, status: 127, answers: [0, ...Array(times).fill(-errno)] });
      }
    },
  },
];

function openTerminal(): { master: number; slave: number } {
  const master = sys.openat(AT_FDCWD, '/dev/ptmx', O_RDWR | O_NOCTTY | O_CLOEXEC);
  sys.ioctl(master, TIOCSPTLCK, new Uint8Array(8));
  return { master, slave: sys.ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC) };
}

// -- mistakes

interface Mutant extends Partial<Readonly<Record<Architecture, Change>>> {
  readonly name: string;
  readonly native?: string;
}

const inBoth = (from: string, to: string) => ({ x64: [from, to], arm64: [from, to] }) as const;

const mutants: readonly Mutant[] = [
  { name: 'no candidate follows after ENOENT', ...inBoth('1 << 2 | 1 << 13', '1 << 13') },
  { name: 'no candidate follows after ESTALE', native: 'seccomp', ...inBoth('| 1 << (116 - 64)', '') },
  {
    name: 'a candidate follows after EPERM',
    native: 'seccomp',
    ...inBoth('1 << 2 | 1 << 13', '1 << 1 | 1 << 2 | 1 << 13'),
  },
  {
    name: 'errnos beyond the set are looked up',
    native: 'seccomp',
    x64: ['cmp $128, %eax', 'and $127, %eax; cmp $128, %eax'],
    arm64: ['cmp w1, #4', 'and w1, w1, #3; cmp w1, #4'],
  },
  {
    name: 'a candidate too many is tried',
    x64: ['dec %r15d\n jz fail', 'dec %r15d\n js fail'],
    arm64: ['subs w20, w20, #1\n b.eq fail', 'subs w20, w20, #1\n b.mi fail'],
  },
  {
    name: 'the first candidate is tried again and again',
    x64: ['add $8, %rbx', 'nop'],
    arm64: ['ldr x0, [x19], #8', 'ldr x0, [x19]'],
  },
  {
    name: 'the command gets the candidates as its arguments',
    x64: ['lea (%rbx,%r15,8), %r13', 'mov %rbx, %r13'],
    arm64: ['add x21, x19, x20, lsl #3', 'mov x21, x19'],
  },
  {
    name: 'the command gets no environment',
    x64: ['mov %r14, %rdx', 'xor %edx, %edx'],
    arm64: ['mov x2, x22', 'mov x2, #0'],
  },
  {
    name: 'the environment begins a word later',
    x64: ['lea 16(%rsp,%rdx,8)', 'lea 24(%rsp,%rdx,8)'],
    arm64: ['add x9, sp, #16', 'add x9, sp, #24'],
  },
  {
    name: 'too few arguments are taken for enough',
    x64: ['jle fail', 'nop'],
    arm64: ['b.le fail', 'nop'],
  },
  {
    name: 'no candidate is one',
    x64: ['jae fail # Unsigned', 'jg fail # Unsigned'],
    arm64: ['b.hs fail // Unsigned', 'b.gt fail // Unsigned'],
  },
  {
    name: 'as many candidates as arguments',
    x64: ['sub $5, %rdx', 'sub $4, %rdx'],
    arm64: ['subs x10, x10, #5', 'subs x10, x10, #4'],
  },
  { name: 'numbers have one digit', x64: ['jmp digit', 'nop'], arm64: ['b digit', 'nop'] },
  { name: 'numbers in octal', x64: ['lea (%rax,%rax,4)', 'lea (,%rax,4)'], arm64: ['mov w2, #10', 'mov w2, #8'] },
  { name: 'the command has the pipe', ...inBoth('.set FD_CLOEXEC, 1', '.set FD_CLOEXEC, 0') },
  {
    name: 'nothing says that it has been executed',
    x64: ['xor %eax, %eax\n call answer', 'xor %eax, %eax'],
    arm64: ['mov x0, #0\n bl answer', 'mov x0, #0'],
  },
  {
    name: 'nothing says that an init has made a child',
    x64: ['jg init\n call answer', 'jg init'],
    arm64: ['b.gt init\n bl answer', 'b.gt init'],
  },
  {
    name: 'it always stays',
    x64: ['test %ebp, %ebp\n jz execute', 'nop'],
    arm64: ['cbz w24, execute', 'nop'],
  },
  {
    name: 'it never stays',
    x64: ['test %ebp, %ebp\n jz execute', 'jmp execute'],
    arm64: ['cbz w24, execute', 'b execute'],
  },
  { name: 'an end is not heard of', ...inBoth('.set SIGCHLD, 17', '.set SIGCHLD, 16') },
  {
    name: 'an init keeps the pipe',
    native: 'descriptors',
    x64: ['call_kernel 3 ', 'nop '],
    arm64: ['call_kernel 57 ', 'nop '],
  },
  { name: 'an init has another name', native: 'a name', ...inBoth('.set PR_SET_NAME, 15', '.set PR_SET_NAME, 16') },
  {
    name: 'an init shows its arguments',
    native: 'a name',
    x64: ["movb $'.', (%rdi)", 'nop'],
    arm64: ['strb w1, [x27, #-1]!', 'sub x27, x27, #1'],
  },
  {
    name: 'the last argument of the command has no end',
    x64: ['movb $0, (%rdi)', 'nop'],
    arm64: ['strb wzr, [x27]', 'nop'],
  },
  {
    name: 'signals are not blocked in an init',
    x64: ['push $-1', 'push $0'],
    arm64: ['mov x0, #-1 // All', 'mov x0, #0 // All'],
  },
  {
    name: 'the command has all signals blocked',
    x64: ['push $0', 'push $-1'],
    arm64: ['str xzr, [sp, #-16]!', 'mov x0, #-1; str x0, [sp, #-16]!'],
  },
  { name: 'no signal is passed on', x64: ['call_kernel 62 ', 'nop '], arm64: ['call_kernel 129 ', 'nop '] },
  {
    name: 'signals go to its own process group',
    x64: ['mov %r15d, %edi\n mov %eax, %esi', 'xor %edi, %edi\n mov %eax, %esi'],
    arm64: ['mov w0, w20', 'mov w0, #0'],
  },
  { name: 'every signal goes to a process group', x64: ['ja pass', 'nop'], arm64: ['b.hi pass', 'nop'] },
  { name: 'SIGQUIT goes to the command alone', x64: ['ja pass', 'jae pass'], arm64: ['b.hi pass', 'b.hs pass'] },
  { name: 'what keys send goes to the command alone', x64: ['neg %edi', 'nop'], arm64: ['neg w0, w20', 'nop'] },
  { name: 'it goes to a process group that there is not', x64: ['jnz pass', 'nop'], arm64: ['cbnz w24, pass', 'nop'] },
  {
    name: 'one child is reaped each time',
    x64: ['jne reap', 'jne wait'],
    arm64: ['b.ne reap', 'b.ne wait'],
  },
  {
    name: 'a command that is traced is taken for one that has ended',
    native: 'ptrace',
    x64: ['jne ended', 'jmp ended'],
    arm64: ['b.ne ended', 'b ended'],
  },
  {
    name: 'a command that is traced gets no signal',
    native: 'ptrace',
    x64: ['movzbl 1(%rsp), %r10d', 'xor %r10d, %r10d'],
    arm64: ['ldrb w3, [sp, #1]', 'mov w3, #0'],
  },
  {
    name: 'a command that is traced dies of execve(2)',
    native: 'ptrace',
    x64: ['cmove %edx, %r10d', 'nop'],
    arm64: ['csel w3, wzr, w3, eq', 'nop'],
  },
  { name: 'it waits for a child until that ends', ...inBoth('.set WNOHANG, 1', '.set WNOHANG, 0') },
  { name: 'any child is taken for the command', x64: ['jne reap', 'nop'], arm64: ['b.ne reap', 'nop'] },
  { name: 'the status is the signal', x64: ['shr $8, %edi', 'nop'], arm64: ['ubfx w0, w1, #8, #8', 'mov w0, w1'] },
  { name: 'a death is a status', x64: ['jz exit', 'jmp exit'], arm64: ['b.eq exit', 'b exit'] },
  {
    name: 'the signal alone is the status',
    x64: ['lea 128(%rax)', 'lea 0(%rax)'],
    arm64: ['add w0, w1, #128', 'add w0, w1, #0'],
  },
  {
    name: 'it takes the terminal without leading the session',
    x64: ['jnz unblock', 'nop'],
    arm64: ['cbnz w24, unblock', 'nop'],
  },
  {
    name: 'it does not take the terminal',
    x64: ['jnz unblock', 'jmp unblock'],
    arm64: ['cbnz w24, unblock', 'b unblock'],
  },
  {
    name: 'the command stays in the session of its parent',
    x64: ['call_kernel 112 ', 'nop '],
    arm64: ['call_kernel 157 ', 'nop '],
  },
  {
    name: 'the command gets a session without the terminal',
    x64: ['call_kernel 16 ', 'nop '],
    arm64: ['call_kernel 29 ', 'nop '],
  },
  {
    name: 'what the terminal has sent is sent again',
    x64: ['cmpl $SI_KERNEL', 'cmpl $-100'],
    arm64: ['cmp w1, #SI_KERNEL', 'cmp w1, #100'],
  },
];

/** The tools for one architecture. */
class Toolchain {
  readonly native: boolean;
  private count = 0;

  constructor(readonly architecture: Architecture) {
    this.native = process.arch === architecture;
  }

  /** Why there is no assembler here, or null. */
  whyNoAssembler(): string | null {
    return (
      ['as', 'objcopy'].map((name) => whyMissing(toolFor(this.architecture, name))).find((why) => why !== null) ?? null
    );
  }

  /** Why its code cannot be run here, or null. */
  whyNoRun(): string | null {
    return this.native ? null : whyMissing(emulatorOf(this.architecture));
  }

  assemble(source: string): Buffer {
    const [object, code] = [this.file('object'), this.file('code')];
    run(toolFor(this.architecture, 'as'), ['-o', object, '-'], source);
    run(toolFor(this.architecture, 'objcopy'), ['--output-target=binary', '--only-section=.text', object, code]);
    return readFileSync(code);
  }

  subject(code: Uint8Array, patience: number): Subject {
    const file = this.file(`init-${this.count++}`);
    writeFileSync(file, code);
    chmodSync(file, 0o755);
    return new Subject(file, this.native ? [] : [emulatorOf(this.architecture)], patience);
  }

  private file(name: string): string {
    return join(scratch, `${this.architecture}-${name}`);
  }
}

function whyMissing(command: string): string | null {
  return spawnSync(command, ['--version']).status === 0 ? null : `${command} is not installed`;
}

function run(command: string, args: readonly string[], input = ''): void {
  const { status, stderr } = spawnSync(command, args, { input });
  if (status !== 0) throw new Error(`${command}: ${stderr}`);
}

/** The first check that a program fails, or null. Red is an assertion that fails, not a crash of the test. */
async function firstFailure(subject: Subject): Promise<string | null> {
  for (const { name, check, native } of checks) {
    if (native !== undefined && !subject.isNative) continue;
    try {
      await check(subject);
    } catch (error) {
      if (!isAssertion(error)) throw error;
      return name;
    }
  }
  return null;
}

const SOURCES = new URL('../../packages/syscalls/src/init/', import.meta.url);

/** How long the program may take for a check; and a broken one, which may never end. In milliseconds. */
const PATIENCE = 20_000;
const PATIENCE_WITH_MUTANTS = 1500;

for (const [architecture, file] of [
  ['x64', 'x86-64.S'],
  ['arm64', 'arm64.S'],
] as const) {
  const source = readFileSync(new URL(file, SOURCES), 'utf8');
  const toolchain = new Toolchain(architecture);
  const [noAssembler, noRun] = [toolchain.whyNoAssembler(), toolchain.whyNoRun()];

  /** Says so where something is skipped. */
  const skips = (what: string, why: string | null): boolean => {
    if (why !== null) console.warn(`skipped for the init of ${architecture}: ${what}: ${why}`);
    return why !== null;
  };
  if (!hasCompiler) skips('a check', 'gcc is not installed');
  if (!toolchain.native && noRun === null) {
    for (const { native } of checks) if (native) skips('what needs it', `qemu-user has not ${native}`);
  }

  describe(`the init for ${architecture}`, () => {
    it.skipIf(skips('the comparison with the source', noAssembler))('is its source, assembled', () => {
      expect(hexLines(initFile[architecture])).toBe(hexLines(toolchain.assemble(source)));
    });

    describe.skipIf(skips('the checks', noRun))('the program', () => {
      for (const { name, native, check } of checks) {
        it.skipIf(native !== undefined && !toolchain.native)(name, () =>
          check(toolchain.subject(initFile[architecture], PATIENCE)),
        );
      }
    });

    describe.skipIf(skips('the mutants', noAssembler ?? noRun))('some check turns red when', () => {
      for (const { name, native, [architecture]: change } of mutants) {
        if (change === undefined) continue;
        it.skipIf(native !== undefined && !toolchain.native)(name, async () => {
          const mutant = toolchain.subject(toolchain.assemble(mistaken(source, change)), PATIENCE_WITH_MUTANTS);
          expect(await firstFailure(mutant), 'the check that turns red').not.toBeNull();
        });
      }
    });
  });
}
