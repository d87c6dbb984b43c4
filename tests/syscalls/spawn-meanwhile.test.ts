/** What `spawn` does while the child makes its namespaces: two lists of steps, of which the second is written by then. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  AT_FDCWD,
  CLONE_VFORK,
  cloneFlagsOf,
  mapSelf,
  O_WRONLY,
  programOf,
  type Recorder,
  type SpawnOptions,
  showProgram,
  spawn,
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

const nothing = () => {};
const isRoot = process.geteuid?.() === 0;

/** As whoever runs the tests. */
const OWN: SpawnOptions = isRoot ? {} : { idMaps: mapSelf() };
const namespacesWith = (...kinds: ('mount' | 'uts' | 'ipc' | 'net' | 'pid' | 'cgroup')[]) => ({
  ...OWN,
  namespaces: [...(isRoot ? [] : (['user'] as const)), ...kinds],
});

describe('meanwhile', () => {
  it('is done when there is a child, before anything of setup is asked', async () => {
    const done: string[] = [];
    const note = (what: string) => done.push(hasChildren() ? `${what}, with a child` : what);
    const directory = join(temporaryDirectory(), 'made');
    const printed = await output('pwd; hostname', {
      ...namespacesWith('uts', 'pid'),
      beforeJoining: () => note('before'),
      meanwhile: () => {
        note('meanwhile');
        mkdirSync(directory);
      },
      setup: (sys) => {
        note('setup');
        sys.chdir(directory);
        sys.sethostname('inside');
      },
    });
    expect(done).toEqual(['before', 'meanwhile, with a child', 'setup, with a child']);
    expect(printed).toBe(`${directory}\ninside\n`);
  });

  it('leaves to the child what it can make itself', async () => {
    const options = { ...namespacesWith('mount', 'uts', 'ipc', 'net', 'pid', 'cgroup'), meanwhile: nothing };
    const own = ['mnt', 'uts', 'ipc', 'net', 'pid', 'cgroup'];
    const list = `readlink ${own.map((kind) => `/proc/self/ns/${kind}`).join(' ')}; echo $$`;
    const outside = (await output(list)).split('\n');
    const inside = (await output(list, options)).split('\n');
    expect(inside.slice(0, 6).filter((link) => outside.includes(link))).toEqual([]);
    expect(inside[6]).toBe('1');
    const unshare = showProgram(programOf('true', [], options)).filter((line) => line.startsWith('unshare'));
    expect(unshare).toEqual(['unshare(CLONE_NEWNS|CLONE_NEWCGROUP|CLONE_NEWUTS|CLONE_NEWIPC|CLONE_NEWNET)']);
    expect(cloneFlagsOf(options) & CLONE_VFORK).toBe(0);
  });

  it.each<readonly [string, (fail: () => never) => SpawnOptions]>([
    ['it', (meanwhile) => ({ meanwhile })],
    ['setup then', (setup) => ({ meanwhile: nothing, setup })],
  ])('ends the child if %s throws, and leaves nothing', async (_, failing) => {
    const before = openFiles();
    const failure = new Error('not so');
    const fail = () => {
      throw failure;
    };
    for (const through of [undefined, 'sealed'] as const) {
      const options = { ...namespacesWith('mount', 'pid'), stdio: 'pipe', ...(through && { through }) } as const;
      expect(await rejection(spawn('true', [], { ...options, ...failing(fail) }))).toBe(failure);
      expect(hasChildren()).toBe(false);
      expect(openFiles()).toBe(before);
    }
  });

  it('tells of a namespace that the child could not make', async () => {
    const before = openFiles();
    let isDone = false;
    const error = await rejection(
      spawn('true', [], {
        ...namespacesWith('uts', 'pid'),
        // Without its capabilities it may make none.
        beforeJoining: dropAll,
        meanwhile: () => {
          isDone = true;
        },
      }),
    );
    expect(error).toMatchObject({ message: 'unshare(CLONE_NEWUTS): Operation not permitted (EPERM)' });
    expect([isDone, hasChildren(), openFiles()]).toEqual([true, false, before]);
  });

  it('tells why it failed, also where who observes the child fails on that', async () => {
    const failing = (message: string) => () => {
      throw new Error(message);
    };
    const options = { ...namespacesWith('uts'), meanwhile: failing('first'), observe: failing('second') };
    expect(await rejection(spawn('true', [], options))).toMatchObject({ message: 'first' });
    expect(hasChildren()).toBe(false);
  });

  it('lets setup use what was opened before', async () => {
    const file = join(temporaryDirectory(), 'written');
    writeFileSync(file, '');
    let fd = -1;
    const options: SpawnOptions = {
      ...namespacesWith('uts'),
      beforeJoining: (sys) => {
        fd = sys.openat(AT_FDCWD, file, O_WRONLY);
      },
      meanwhile: nothing,
      setup: (sys) => {
        const other = sys.openat(AT_FDCWD, '/dev/null', O_WRONLY);
        sys.write(other, 'nothing');
        sys.write(fd, 'something');
      },
    };
    const { steps, exited } = await spawn('/bin/true', [], options);
    await exited;
    expect(readFileSync(file, 'utf8')).toBe('something');
    const results = steps.flatMap(({ call, result }) => (call.name === 'write' && !call.aside ? [result] : []));
    expect(results.slice(-2)).toEqual([7, 9]);
    expect(steps.at(-1)).toMatchObject({ call: { name: 'execve' }, result: null });
    expect(steps.filter(({ result }) => result === null)).toHaveLength(1);
  });

  it('takes a program of any length, and lists of other lengths in turn', async () => {
    for (const length of [1, 3000, 2, 40]) {
      const setup = (sys: Recorder) => {
        for (let i = 0; i < length; i++) sys.chdir(i % 2 === 0 ? '/usr' : '/');
      };
      const env = { LONG: 'x'.repeat(length * 40) };
      const printed = await output('pwd; echo $' + '{#LONG}', {
        ...namespacesWith('uts'),
        env,
        setup,
        meanwhile: nothing,
      });
      expect(printed).toBe(`${length % 2 === 0 ? '/' : '/usr'}\n${length * 40}\n`);
      expect(await output('pwd', { setup: (sys) => sys.chdir('/etc') })).toBe('/etc\n');
    }
  });

  it('is done before there is a child that joins cgroups: that has memory of its own', async () => {
    const done: string[] = [];
    const options = {
      cgroups: ['/no/such\ncgroup'],
      meanwhile: () => void done.push(`meanwhile ${hasChildren()}`),
      setup: () => void done.push('setup'),
    };
    expect(await rejection(spawn('true', [], options))).toMatchObject({ call: 'openat', code: 'ENOENT' });
    expect(done).toEqual(['meanwhile false', 'setup']);
  });

  // The child's memory was that of another before.
  it('ends the child where this process is killed meanwhile: it makes nothing of setup', async () => {
    const directory = temporaryDirectory();
    const program = `
      import { spawn } from '@ns-tool/syscalls';
      const options = (name, meanwhile) => ({
        ...${JSON.stringify(namespacesWith('uts', 'pid'))},
        stdio: 'inherit',
        meanwhile,
        setup: (sys) => sys.mkdirat(-100, ${JSON.stringify(directory)} + '/' + name, 0o700),
      });
      await (await spawn('true', [], options('first', () => {}))).exited;
      const { rmdirSync } = await import('node:fs');
      await spawn('true', [], options('second', () => {
        rmdirSync(${JSON.stringify(directory)} + '/first');
        console.log('meanwhile');
        process.kill(process.pid, 'SIGKILL');
      }));
    `;
    const cwd = fileURLToPath(new URL('.', import.meta.url));
    // Its output is at its end when the child's is.
    const { signal, stdout } = await execa(process.execPath, ['--input-type=module', '-e', program], {
      cwd,
      reject: false,
    });
    expect({ signal, stdout }).toEqual({ signal: 'SIGKILL', stdout: 'meanwhile' });
    expect([existsSync(join(directory, 'first')), existsSync(join(directory, 'second'))]).toEqual([false, false]);
  });

  it.skipIf(needsRoot('ID maps from outside'))('waits for IDs that are mapped from outside, too', async () => {
    const range = [{ inside: 0, outside: 100_000, count: 1000 }];
    const printed = await output('id -u; hostname; cat /proc/self/uid_map', {
      namespaces: ['user', 'uts', 'pid', 'net'],
      idMaps: { uid: range, gid: range },
      meanwhile: nothing,
      setup: (sys) => sys.sethostname('inside'),
      uid: 7,
      gid: 8,
      groups: [],
    });
    expect(printed).toMatch(/^7\ninside\n\s+0\s+100000\s+1000\n$/);
  });
});

/** Takes all capabilities away: capset(2), with sets of zeros. */
function dropAll(sys: Recorder): void {
  const header = new Uint8Array(Uint32Array.of(0x20080522, 0).buffer);
  sys.capset(header, new Uint8Array(24));
}
