import { chmodSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import {
  AT_FDCWD,
  MS_PRIVATE,
  MS_REC,
  mapSelf,
  O_RDONLY,
  O_TRUNC,
  O_WRONLY,
  P_PID,
  type Recorder,
  type SpawnOptions,
  SyscallError,
  spawn,
  sys,
  WEXITED,
} from '@ns-tool/syscalls';
import { execa } from 'execa';
import { dirSync } from 'tmp-promise';
import { describe, expect, it, onTestFinished } from 'vitest';
import { hasChildren, openFiles, output, rejection } from '../support/children.ts';
import { needsRoot } from '../support/privilege.ts';

function temporaryDirectory(): string {
  const { name, removeCallback } = dirSync({ unsafeCleanup: true, prefix: 'ns-tool-test', mode: 0o755 });
  onTestFinished(removeCallback);
  return name;
}

describe('spawn', () => {
  it('tells the exit status, and the signal that ended a child', async () => {
    expect(await (await spawn('/bin/sh', ['-c', 'exit 7'])).exited).toEqual({ status: 7, signal: null });
    const child = await spawn('sleep', ['30']);
    expect(child.kill('SIGKILL')).toBe(true);
    expect(await child.exited).toEqual({ status: null, signal: 'SIGKILL' });
    expect(child.kill('SIGKILL')).toBe(false);
  });

  it('tells the pid', async () => {
    const child = await spawn('/bin/sh', ['-c', 'echo $$'], { stdio: ['ignore', 'pipe', 2] });
    expect(Number(await text(child.stdout as Readable))).toBe(child.pid);
    await child.exited;
  });

  it('connects pipes in both directions', async () => {
    const child = await spawn('sh', ['-c', 'tr a-z A-Z; echo done >&2'], { stdio: 'pipe' });
    child.stdin?.end('hello');
    expect(await text(child.stdout as Readable)).toBe('HELLO');
    expect(await text(child.stderr as Readable)).toBe('done\n');
    await child.exited;
  });

  it('passes environment, arguments as they are, argv[0] and working directory', async () => {
    const env = { A: 'b c', PATH: process.env.PATH, NOT: undefined };
    expect(await output('env | grep -E "^(A|NOT)="; pwd', { env, cwd: '/usr' })).toBe('A=b c\n/usr\n');
    const args = ['', 'a b', '"\n$x', 'é'];
    const child = await spawn('printf', ['%s|', ...args], { stdio: ['ignore', 'pipe', 2] });
    expect(await text(child.stdout as Readable)).toBe(args.map((arg) => `${arg}|`).join(''));
    expect(await output('echo $0', { argv0: 'my-shell' })).toBe('my-shell\n');
  });

  it('passes the environment of this process byte for byte, with what this program has changed in it', async () => {
    const program = `import('@ns-tool/syscalls').then(({ spawn }) => {
      process.env.CHANGED = 'changed';
      process.env.ADDED = 'added';
      delete process.env.REMOVED;
      spawn('sh', ['-c', 'printf "%s" "$BYTES" | od -An -tx1; echo "$CHANGED $ADDED $REMOVED."; env | wc -l; env -i x=1 | wc -l']);
    })`;
    const script = 'export BYTES=$(printf "\\377a\\200") CHANGED=1 REMOVED=1; exec "$@"';
    const cwd = fileURLToPath(new URL('.', import.meta.url));
    const words = ['-c', script, 'sh', process.execPath, '-e', program];
    const { stdout } = await execa('sh', words, { cwd, extendEnv: false, env: { PATH: process.env.PATH ?? '' } });
    // With PWD, which the shells add, and _ of the first one.
    expect(stdout).toMatch(/^ ff 61 80\nchanged added \.\n[4-6]\n1$/);
  });

  it('has the environment of a worker thread, which is a copy of its own', async () => {
    const program = `
      process.env.OF_WORKER = 'yes';
      import('@ns-tool/syscalls').then(async ({ spawn }) => {
        const child = await spawn('sh', ['-c', 'test "$OF_WORKER" = yes']);
        require('node:worker_threads').parentPort.postMessage((await child.exited).status);
      })`;
    const worker = new Worker(program, { eval: true });
    onTestFinished(async () => void (await worker.terminate()));
    expect(await new Promise((resolve) => worker.once('message', resolve))).toBe(0);
    expect(process.env.OF_WORKER).toBeUndefined();
  });

  it('passes no other descriptor on, whatever its flags', async () => {
    const leaky = sys.openat(AT_FDCWD, '/dev/null', O_RDONLY);
    // The directory that ls reads is the fourth.
    expect(await output('ls /proc/self/fd')).toBe('0\n1\n2\n3\n');
    sys.close(leaky);
  });

  it('passes descriptors under other numbers, also crosswise', async () => {
    const linksOf = (pid: number | string) => [0, 1, 2].map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
    const child = await spawn('sleep', ['30'], { stdio: [1, 0, 'ignore'] });
    const [zero, one] = linksOf('self');
    expect(linksOf(child.pid)).toEqual([one, zero, '/dev/null']);
    child.kill('SIGKILL');
    await child.exited;
  });

  it('looks for the command as execvp(3) does', async () => {
    const directory = temporaryDirectory();
    for (const name of ['a', 'b']) mkdirSync(join(directory, name));
    writeFileSync(join(directory, 'a/tool'), 'echo not executable');
    writeFileSync(join(directory, 'b/tool'), '#!/bin/sh\necho found\n', { mode: 0o755 });
    writeFileSync(join(directory, 'b/script'), 'echo "$0 $1"\n', { mode: 0o755 });
    const run = async (command: string, path: string) => {
      const child = await spawn(command, ['x'], { env: { PATH: path }, stdio: ['ignore', 'pipe', 2] });
      const printed = await text(child.stdout as Readable);
      await child.exited;
      return printed;
    };
    expect(await run('tool', `${directory}/none:${directory}/a:${directory}/b`)).toBe('found\n');
    expect(await run('script', `${directory}/b`)).toBe(`${directory}/b/script x\n`);
    const missing = rejection(run('tool', `${directory}/none`) as never);
    expect(await missing).toMatchObject({ call: 'execve', code: 'ENOENT' });
    const refused = rejection(run('tool', `${directory}/a:${directory}/none`) as never);
    expect(await refused).toMatchObject({ call: 'execve', code: 'EACCES' });
    chmodSync(join(directory, 'a'), 0o755);
  });

  it('rejects with the step that failed in the child, and leaves nothing', async () => {
    const before = openFiles();
    const error = await rejection(
      spawn('true', [], { stdio: 'pipe', setup: (sys) => sys.chdir('/no/such\ndirectory') }),
    );
    expect(error).toBeInstanceOf(SyscallError);
    expect(error).toMatchObject({ message: 'chdir("/no/such\\ndirectory"): No such file or directory (ENOENT)' });
    expect(hasChildren()).toBe(false);
    expect(openFiles()).toBe(before);
  });

  it.each<readonly [what: string, options: object, message: string]>([
    ['a kind of namespace that is none', { namespaces: ['mnt'] }, 'not a kind of namespace: mnt; there are mount, uts'],
    ['one that every object has', { namespaces: ['toString'] }, 'not a kind of namespace: toString'],
    ['one to join', { join: [{ pid: process.pid, kinds: ['mnt'] }] }, 'not a kind of namespace: mnt'],
    ['another call', { namespaces: ['uts'], namespaceCall: 'fork' }, 'not a call that makes namespaces: fork'],
    ['another way', { through: 'tini' }, 'not a program to go through: tini'],
    ['a word for a descriptor', { stdio: ['ignore', 'pipes', 2] }, 'not what a descriptor can be: pipes'],
    ['a stream', { stdio: [0, process.stdout, 2] }, 'not what a descriptor can be: [object Object]; give its fd'],
    ['a pipe that nobody gets', { stdio: ['ignore', 1, 2, 'pipe'] }, 'a pipe is for 0, 1 and 2'],
    ['a user that leaves root', { uid: -1 }, 'not a user ID: -1'],
    ['a group that leaves root', { gid: -1 }, 'not a group ID: -1'],
    ['a user beyond 32 bits', { uid: 2 ** 32 }, 'setresuid: argument 1 must be an ID'],
    ['a signal that is none', { parentDeathSignal: 'SIGNONE' }, 'not a signal: SIGNONE'],
    ['a setup that waits', { setup: async () => {} }, 'calls are recorded at once: an async function is too late'],
    ['something else to do that waits', { beforeJoining: async () => {} }, 'calls are recorded at once'],
  ])('refuses %s, and starts nothing', async (_, options, message) => {
    const before = openFiles();
    const error = await rejection(spawn('sleep', ['0'], { stdio: 'ignore', ...options } as SpawnOptions));
    expect(error).toBeInstanceOf(TypeError);
    expect((error as TypeError).message).toContain(message);
    expect(hasChildren()).toBe(false);
    expect(openFiles()).toBe(before);
  });

  it('refuses to send what is no signal, and sends none to who has ended', async () => {
    let resume: (() => void) | undefined;
    const child = await spawn('sh', ['-c', 'kill -STOP $$'], {
      onStopped: (_signal, go) => {
        resume = go;
        go();
      },
    });
    expect(() => child.kill('SIGNONE' as NodeJS.Signals)).toThrow(new TypeError('not a signal: SIGNONE'));
    await child.exited;
    // Its descriptor may be that of another process by now.
    resume?.();
    expect(child.kill()).toBe(false);
  });

  it('goes on after an error that is allowed, and tells every result', async () => {
    const { steps, exited } = await spawn('true', [], {
      setup(sys) {
        sys.allowing('ENOENT').chdir('/no/such');
        const fd = sys.openat(AT_FDCWD, '/proc/self/comm', O_RDONLY);
        sys.close(fd);
      },
    });
    expect(steps.slice(0, 3).map(({ result }) => result)).toEqual([-2, expect.any(Number), 0]);
    expect(steps[1]?.result).toBeGreaterThan(2);
    expect(steps.at(-1)).toMatchObject({ call: { name: 'execve' } });
    await exited;
  });

  it('runs steps that programs include, wherever they stand', async () => {
    const directory = temporaryDirectory();
    // Strings, bytes, lists of strings, sets of errors; and a command, which takes the place of the one that is named.
    const common = (sys: Recorder) => {
      sys.allowing('EEXIST').mkdirat(AT_FDCWD, 'made', 0o755);
      sys.allowing('ENOENT').chdir('/no/such');
      sys.write(2, Buffer.from('written\n'));
      sys.execve(
        '/bin/sh',
        ['sh', '-c', 'echo "$A $0 $1" > made/said; pwd >> made/said', 'zero', 'one'],
        ['A=variable'],
      );
    };
    writeFileSync(join(directory, 'log'), '');
    for (const before of [1, 0, 3]) {
      const { steps, exited } = await spawn('false', [], {
        stdio: 'ignore',
        setup(sys) {
          for (let i = 0; i < before; i++) sys.chdir('/usr');
          sys.chdir(directory);
          sys.dup3(sys.openat(AT_FDCWD, 'log', O_WRONLY | O_TRUNC), 2, 0);
          sys.include(common);
        },
      });
      expect(await exited).toEqual({ status: 0, signal: null });
      expect(readFileSync(join(directory, 'made/said'), 'utf8')).toBe(`variable zero one\n${directory}\n`);
      expect(readFileSync(join(directory, 'log'), 'utf8')).toBe('written\n');
      const results = steps.slice(before + 3).map(({ call, result }) => [call.name, result]);
      expect(results.slice(0, 4)).toEqual([
        ['mkdirat', before === 1 ? 0 : -17],
        ['chdir', -2],
        ['write', 8],
        ['execve', null],
      ]);
    }
  });

  it('says what was too long without all of it', async () => {
    const error = (await rejection(spawn('true', ['x'.repeat(3_000_000), 'last']))) as SyscallError;
    expect(error).toMatchObject({ call: 'execve', code: 'E2BIG', message: expect.stringMatching(/x….*E2BIG\)$/) });
    expect(error.message.length).toBeLessThan(10_000);
    expect(error.values[1]).toContain('last');
  });

  it('tells of the step that failed, also where it was included', async () => {
    const common = (sys: Recorder) => {
      sys.chdir('/');
      sys.chdir('/no/such');
    };
    for (let i = 0; i < 2; i++) {
      const error = await rejection(spawn('true', [], { setup: (sys) => sys.include(common) }));
      expect(error).toMatchObject({ message: 'chdir("/no/such"): No such file or directory (ENOENT)' });
    }
  });

  it('gives a child fresh signals, and leaves those of this process alone', async () => {
    const signals = () => readFileSync('/proc/thread-self/status', 'utf8').match(/^Sig(Blk|Ign|Cgt):.*$/gm);
    const before = signals();
    const { exited } = await spawn('sh', ['-c', 'kill -PIPE $$; exit 0']);
    expect(await exited).toEqual({ status: null, signal: 'SIGPIPE' });
    expect(await output('grep -hE "^Sig(Blk|Ign)" /proc/self/status')).toBe(
      'SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n',
    );
    expect(signals()?.slice(0, 2)).toEqual(before?.slice(0, 2));
  });

  it('says so where somebody has closed the descriptor of a child, and still hears of others', async () => {
    const [closed, other] = [await spawn('sleep', ['0.2']), await spawn('sleep', ['0.3'])];
    sys.close(closed.pidfd);
    await expect(closed.exited).rejects.toMatchObject({ call: 'waitid' });
    expect(await other.exited).toEqual({ status: 0, signal: null });
    // Nobody else waits for it.
    sys.waitid(P_PID, closed.pid, new Uint8Array(128), WEXITED, null);
  });

  it('leaves no child where who observes it throws', async () => {
    const before = openFiles();
    const observe = () => {
      throw new Error('seen enough');
    };
    expect(await rejection(spawn('sleep', ['1000'], { observe }))).toMatchObject({ message: 'seen enough' });
    expect(hasChildren()).toBe(false);
    expect(openFiles()).toBe(before);
  });

  it('works hundreds of times at once, and leaves no descriptor, mapping or zombie', async () => {
    await output('true');
    // A mapping that is shared and has no file: those that children run in. Node itself has none.
    const sharedMappings = () =>
      readFileSync('/proc/self/maps', 'utf8').match(/ rw-s .*\/dev\/zero \(deleted\)$/gm)?.length;
    const before = { files: openFiles(), mappings: sharedMappings() };
    expect(before.mappings).toBeGreaterThan(0);
    const children = await Promise.all(
      Array.from({ length: 300 }, (_, i) => spawn('/bin/sh', ['-c', `exit ${i % 100}`], { stdio: 'ignore' })),
    );
    const ends = await Promise.all(children.map(({ exited }) => exited));
    expect(ends.map(({ status }) => status)).toEqual(ends.map((_, i) => i % 100));
    expect(hasChildren()).toBe(false);
    expect(openFiles()).toBe(before.files);
    expect(sharedMappings()).toBe(before.mappings);
  });

  it('works while signals arrive all the time, which reach this process and no child', async () => {
    const program = `
      let signals = 0;
      process.on('SIGUSR2', () => signals++);
      import('@ns-tool/syscalls').then(async ({ spawn }) => {
        // With pauses: libuv reads its pipe for signals until it is empty, and looks at nothing else before.
        const many = (process.pid + ' ').repeat(500);
        const storm = await spawn('sh', ['-c', 'while kill -USR2 ' + many + '; do sleep 0.001; done 2>/dev/null']);
        const ends = {};
        for (let i = 0; i < 80; i++) {
          const child = await spawn('true', [], { parentDeathSignal: i % 2 ? 'SIGKILL' : undefined });
          const { status, signal } = await child.exited;
          ends[status ?? signal] = (ends[status ?? signal] ?? 0) + 1;
        }
        storm.kill('SIGKILL');
        await storm.exited;
        console.log(JSON.stringify({ ends, stormy: signals > 100 }));
      });`;
    const cwd = fileURLToPath(new URL('.', import.meta.url));
    const { stdout } = await execa(process.execPath, ['-e', program], { cwd, timeout: 20_000 });
    expect(JSON.parse(stdout)).toEqual({ ends: { 0: 80 }, stormy: true });
  });

  it('runs no handler of this process in a child, whose memory would be this one', async () => {
    const program = `
      let handled = 0;
      process.on('SIGWINCH', () => handled++);
      import('@ns-tool/syscalls').then(async ({ AT_FDCWD, O_DIRECTORY, O_RDONLY, spawn }) => {
        const toItself = (sys) =>
          sys.pidfd_send_signal(sys.openat(AT_FDCWD, '/proc/self', O_RDONLY | O_DIRECTORY), 28, null, 0);
        const { exited, steps } = await spawn('true', [], { setup: toItself });
        const { status } = await exited;
        // What a handler of libuv has written to its pipe, is read in the next turn.
        setTimeout(() => console.log(JSON.stringify({ status, sent: steps[1].result, handled })), 50);
      });`;
    const cwd = fileURLToPath(new URL('.', import.meta.url));
    const { stdout } = await execa(process.execPath, ['-e', program], { cwd, timeout: 20_000 });
    expect(JSON.parse(stdout)).toEqual({ status: 0, sent: 0, handled: 0 });
  });

  it('hears of an end also where libuv has lost the signal for it', async () => {
    const program = `
      process.on('SIGUSR2', () => {});
      import('@ns-tool/syscalls').then(async ({ spawn }) => {
        // libuv keeps signals in a pipe until it is their turn, and drops what finds that full.
        for (let i = 0; i < 10_000; i++) process.kill(process.pid, 'SIGUSR2');
        const child = await spawn('sleep', ['0.1']);
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
        console.log(JSON.stringify(await child.exited));
      });`;
    const cwd = fileURLToPath(new URL('.', import.meta.url));
    const { stdout } = await execa(process.execPath, ['-e', program], { cwd, timeout: 20_000 });
    expect(JSON.parse(stdout)).toEqual({ status: 0, signal: null });
  });

  it('takes a program larger than the usual block of memory', async () => {
    const long = 'x'.repeat(100_000);
    const child = await spawn('printf', ['%s', long], { stdio: ['ignore', 'pipe', 2] });
    expect(await text(child.stdout as Readable)).toBe(long);
  });

  it('has no page that is both writable and executable', async () => {
    await output('true');
    const maps = readFileSync('/proc/self/maps', 'utf8').split('\n');
    expect(maps.some((line) => / r-xp 00000000 00:00 0\s*$/.test(line))).toBe(true);
    // V8 has pages of its own for code that it compiles; ours are small and have no name.
    const small = maps.filter((line) => / rwxp 00000000 00:00 0\s*$/.test(line)).map((line) => line.split(/[- ]/));
    expect(small.filter(([from = '', to = '']) => Number.parseInt(to, 16) - Number.parseInt(from, 16) <= 4096)).toEqual(
      [],
    );
  });

  it('works in a worker thread', async () => {
    const worker = new Worker(
      `const { parentPort } = require('node:worker_threads');
       import('@ns-tool/syscalls').then(async ({ spawn }) => {
         const child = await spawn('/bin/sh', ['-c', 'exit 5']);
         parentPort.postMessage(await child.exited);
       });`,
      { eval: true },
    );
    expect(await new Promise((resolve) => worker.once('message', resolve))).toEqual({ status: 5, signal: null });
    await worker.terminate();
  });

  it('keeps a program alive until its child has ended, and not longer', async () => {
    const script = `import('@ns-tool/syscalls').then(async ({ spawn }) => {
      const child = await spawn('sleep', ['0.2']);
      console.log((await child.exited).status);
    });`;
    const cwd = fileURLToPath(new URL('../..', import.meta.url));
    const { stdout } = await execa(process.execPath, ['-e', script], { cwd, timeout: 10_000 });
    expect(stdout).toBe('0');
  });
});

const KINDS = ['mount', 'uts', 'ipc', 'net', 'pid', 'user', 'cgroup'] as const;

describe.skipIf(needsRoot('spawn in new namespaces, and with other IDs'))('spawn, as root', () => {
  const ids = (links: string) =>
    Object.fromEntries(
      links
        .trim()
        .split('\n')
        .map((line) => line.split(' ')),
    );
  const list = 'for n in mnt uts ipc net pid user cgroup; do echo "$n $(readlink /proc/self/ns/$n)"; done';
  const fileOf = { mount: 'mnt' } as Record<string, string>;

  it.each(KINDS)('makes a new namespace of kind %s and no other', async (kind) => {
    const before = ids(await output(list));
    const inside = ids(await output(list, { namespaces: [kind], ...(kind === 'user' && { idMaps: mapSelf() }) }));
    const name = fileOf[kind] ?? kind;
    expect(inside[name]).not.toBe(before[name]);
    expect({ ...inside, [name]: null }).toEqual({ ...before, [name]: null });
    expect(ids(await output(list))).toEqual(before);
  });

  it('makes them all at once, with a setup in them', async () => {
    const printed = await output(
      'hostname; echo $$; cat /proc/self/uid_map; grep -c . /proc/self/mounts; ls /proc | grep -c "^[0-9]"',
      {
        namespaces: KINDS,
        idMaps: mapSelf(),
        setup(sys) {
          sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);
          sys.mount('proc', '/proc', 'proc', 0, null);
          sys.sethostname('inside');
        },
      },
    );
    expect(printed).toMatch(/^inside\n1\n\s+0\s+0\s+1\n\d+\n[1-4]\n$/);
  });

  it('maps ranges of IDs from outside', async () => {
    const range = [{ inside: 0, outside: 100_000, count: 1000 }];
    const printed = await output('id -u; id -g; cat /proc/self/uid_map', {
      namespaces: ['user'],
      idMaps: { uid: range, gid: range },
      uid: 7,
      gid: 8,
      groups: [],
    });
    expect(printed).toMatch(/^7\n8\n\s+0\s+100000\s+1000\n$/);
  });

  it('says which map was refused, and leaves nothing', async () => {
    const before = openFiles();
    const bad = [{ inside: 0, outside: 0, count: 0 }];
    const options = { namespaces: ['user'], idMaps: { uid: bad, gid: bad } } as const;
    const observe = () => {
      throw new Error('of who observes the child that has failed');
    };
    for (const more of [{}, { observe }]) {
      const error = await rejection(spawn('true', [], { ...options, ...more }));
      expect(error).toMatchObject({ call: 'write', code: 'EINVAL' });
    }
    expect(hasChildren()).toBe(false);
    expect(openFiles()).toBe(before);
  });

  it('sets groups, group and user, without harm to this process', async () => {
    const options = { uid: 54321, gid: 54322, groups: [54323] };
    expect(await output('id -u; id -g; id -G', options)).toBe('54321\n54322\n54322 54323\n');
    // A process that is not dumpable could not even look at itself any more.
    expect(readlinkSync('/proc/self/exe')).toBe(process.execPath);
    expect(readFileSync('/proc/self/status', 'utf8')).toMatch(/^Uid:\t0\t0\t0\t0$/m);
  });

  it('ends privileges by execve, and starts a session', async () => {
    expect(await output('grep NoNewPrivs /proc/self/status', { noNewPrivileges: true })).toBe('NoNewPrivs:\t1\n');
    expect(await output('cut -d" " -f6 /proc/$$/stat | grep -qx $$ && echo leader', { newSession: true })).toBe(
      'leader\n',
    );
  });

  it('looks for the command in the root of the child', async () => {
    const error = await rejection(
      spawn('sh', [], {
        namespaces: ['mount'],
        setup(sys) {
          sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);
          sys.mount('empty', '/tmp', 'tmpfs', 0, null);
          sys.chroot('/tmp');
        },
      }),
    );
    expect(error).toMatchObject({ call: 'execve', code: 'ENOENT' });
  });
});
