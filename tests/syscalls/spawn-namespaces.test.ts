/** spawn() and namespaces: made in each way, joined in each way, with clocks and capabilities. */
import { mkdirSync, readFileSync, readlinkSync } from 'node:fs';
import {
  AT_FDCWD,
  CAPABILITIES,
  type Capability,
  type Child,
  type Joined,
  MS_PRIVATE,
  MS_REC,
  mapSelf,
  NAMESPACE_KINDS,
  type NamespaceKind,
  namespaceFile,
  O_CLOEXEC,
  O_RDONLY,
  programOf,
  type SpawnOptions,
  showProgram,
  spawn,
  sys,
} from '@ns-tool/syscalls';
import { dirSync } from 'tmp-promise';
import { describe, expect, it, onTestFinished } from 'vitest';
import { firstRangeOf } from '../../packages/syscalls/src/spawn/subordinate-ids.ts';
import { hasChildren, openFiles, output, rejection } from '../support/children.ts';
import { needsRoot } from '../support/privilege.ts';

type Ids = Record<NamespaceKind, string>;

const LIST = `for n in ${NAMESPACE_KINDS.map(namespaceFile).join(' ')}; do readlink /proc/self/ns/$n; done`;

/** The ids of the eight namespaces that a command finds itself in. */
async function idsInside(options: SpawnOptions): Promise<Ids> {
  return idsIn((await output(LIST, options)).trim().split('\n'));
}

function idsOf(pid: number): Ids {
  return idsIn(NAMESPACE_KINDS.map((kind) => readlinkSync(`/proc/${pid}/ns/${namespaceFile(kind)}`)));
}

function idsIn(links: readonly string[]): Ids {
  return Object.fromEntries(NAMESPACE_KINDS.map((kind, i) => [kind, links[i]])) as Ids;
}

/** The kinds in which two processes differ. */
function kindsThatDiffer(a: Ids, b: Ids): NamespaceKind[] {
  return NAMESPACE_KINDS.filter((kind) => a[kind] !== b[kind]);
}

/** A process with namespaces of its own of all kinds, until the test is over. */
async function resident(options: SpawnOptions = {}): Promise<Child> {
  const child = await spawn('sleep', ['1000'], {
    namespaces: NAMESPACE_KINDS,
    idMaps: mapSelf(),
    parentDeathSignal: 'SIGKILL',
    ...options,
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await child.exited;
  });
  return child;
}

const OWN = idsOf(process.pid);

/** Says its permitted capabilities; and once more when none of them is effective. */
const SAY_PERMITTED = `
  const { permittedCapabilities, sys } = await import('@ns-tool/syscalls');
  console.log(permittedCapabilities().join());
  const [header, sets] = [new Uint8Array(Uint32Array.of(0x20080522, 0).buffer), new Uint32Array(6)];
  sys.capget(header, new Uint8Array(sets.buffer));
  sets[0] = sets[3] = 0;
  sys.capset(header, new Uint8Array(sets.buffer));
  console.log(permittedCapabilities().join());
`;

describe.skipIf(needsRoot('spawn and namespaces'))('spawn', () => {
  describe.each(['clone', 'unshare', 'clone3'] as const)('makes namespaces by %s', (namespaceCall) => {
    it('of all kinds at once', async () => {
      const inside = await idsInside({ namespaces: NAMESPACE_KINDS, namespaceCall, idMaps: mapSelf() });
      expect(kindsThatDiffer(inside, OWN)).toEqual([...NAMESPACE_KINDS]);
    });

    it('of each kind alone', async () => {
      for (const kind of NAMESPACE_KINDS) {
        expect(kindsThatDiffer(await idsInside({ namespaces: [kind], namespaceCall }), OWN)).toEqual([kind]);
      }
    });

    it('and the command is process 1 of a pid namespace, a child of this one, with a status', async () => {
      const before = openFiles();
      const script = 'test $$ = 1 && exit 7';
      const child = await spawn('sh', ['-c', script], { namespaces: ['pid'], namespaceCall });
      expect(await child.exited).toEqual({ status: 7, signal: null });
      expect(hasChildren()).toBe(false);
      expect(openFiles()).toBe(before);
    });

    it('and tells the step that failed, and leaves nothing', async () => {
      const before = openFiles();
      const options = { namespaces: ['pid', 'mount'], namespaceCall } as const;
      const missing = await rejection(spawn('/no/such/command', [], options));
      expect(missing).toMatchObject({ call: 'execve', code: 'ENOENT' });
      const refused = await rejection(spawn('true', [], { ...options, setup: (sys) => sys.chdir('/no/such') }));
      expect(refused).toMatchObject({ call: 'chdir', code: 'ENOENT' });
      expect(hasChildren()).toBe(false);
      expect(openFiles()).toBe(before);
    });
  });

  it('forks in the child only for a pid namespace that it makes or joins itself', () => {
    const forks = (options: SpawnOptions) =>
      showProgram(programOf('true', [], options)).filter((line) => line.startsWith('clone')).length;
    expect(forks({ namespaces: ['pid'] })).toBe(0);
    expect(forks({ namespaces: ['uts'], namespaceCall: 'unshare' })).toBe(0);
    expect(forks({ namespaces: ['pid'], namespaceCall: 'unshare' })).toBe(1);
    expect(forks({ namespaces: ['uts'], namespaceCall: 'clone3' })).toBe(1);
    expect(forks({ join: [{ pid: 1, kinds: ['net'] }] })).toBe(0);
    expect(forks({ join: [{ pid: 1, kinds: ['net', 'pid'] }] })).toBe(1);
  });

  describe('sets the clocks of a time namespace', () => {
    const uptime = async (options: SpawnOptions) =>
      Number((await output('cut -d" " -f1 /proc/uptime', options)).trim());
    const offsets = (options: SpawnOptions) => output('tr -s " " < /proc/self/timens_offsets', options);

    it('for the command itself', async () => {
      const namespaces = ['time'] as const;
      expect(await offsets({ namespaces, timeOffsets: { monotonic: 5000, boottime: 1000.25 } })).toBe(
        'monotonic 5000 0\nboottime 1000 250000000\n',
      );
      expect(await offsets({ namespaces, timeOffsets: { boottime: -0.25 } })).toBe(
        'monotonic 0 0\nboottime -1 750000000\n',
      );
      const ahead = (await uptime({ namespaces, timeOffsets: { boottime: 1_000_000 } })) - (await uptime({}));
      expect(Math.abs(ahead - 1_000_000)).toBeLessThan(100);
    });

    it('in a user namespace, and with a fork', async () => {
      const made = { namespaces: ['user', 'time', 'pid'], idMaps: mapSelf(), timeOffsets: { monotonic: 7 } } as const;
      for (const namespaceCall of ['clone', 'unshare'] as const) {
        expect(await offsets({ ...made, namespaceCall })).toBe('monotonic 7 0\nboottime 0 0\n');
      }
    });

    it('and refuses what is no time', () => {
      expect(() => programOf('true', [], { timeOffsets: { monotonic: Number.NaN } })).toThrow(TypeError);
    });
  });

  describe('joins the namespaces of a process', () => {
    it('each kind alone, by pid', async () => {
      const { pid } = await resident();
      const theirs = idsOf(pid);
      for (const kind of NAMESPACE_KINDS) {
        const inside = await idsInside({ join: [{ pid, kinds: [kind] }] });
        expect(kindsThatDiffer(inside, OWN)).toEqual([kind]);
        expect(inside[kind]).toBe(theirs[kind]);
      }
    });

    it('all at once: by pid, by pidfd, by files and by descriptors', async () => {
      const { pid, pidfd } = await resident();
      const theirs = idsOf(pid);
      const file = (kind: NamespaceKind) => `/proc/${pid}/ns/${namespaceFile(kind)}`;
      // The user namespace comes last: in it, this user is nobody elsewhere.
      const others = NAMESPACE_KINDS.filter((kind) => kind !== 'user');
      const ordered = [...others, 'user'] as const;
      const fds = ordered.map((kind) => sys.openat(AT_FDCWD, file(kind), O_RDONLY | O_CLOEXEC));
      onTestFinished(() => {
        for (const fd of fds) sys.close(fd);
      });
      const ways: Record<string, readonly Joined[]> = {
        pid: [{ pid, kinds: NAMESPACE_KINDS }],
        pidfd: [{ pidfd, kinds: NAMESPACE_KINDS }],
        files: ordered.map((kind) => ({ file: file(kind), kinds: [kind] })),
        descriptors: ordered.map((kind, i) => ({ file: fds[i] as number, kinds: [kind] })),
      };
      for (const [way, join] of Object.entries(ways)) expect(await idsInside({ join }), way).toEqual(theirs);
    });

    it('and is a process of its pid namespace, as this one sees it, with status, signals and pipes', async () => {
      const before = openFiles();
      const { pid: theirs } = await resident();
      const join = [{ pid: theirs, kinds: ['pid'] }] as const;
      const child = await spawn('cat', [], { join, stdio: ['pipe', 'pipe', 2] });
      expect(readlinkSync(`/proc/${child.pid}/ns/pid`)).toBe(readlinkSync(`/proc/${theirs}/ns/pid`));
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      expect(status).toMatch(new RegExp(`^PPid:\t${process.pid}$`, 'm'));
      expect(status).toMatch(new RegExp(`^NSpid:\t${child.pid}\t2$`, 'm'));
      child.stdin?.end('through');
      const chunks: Buffer[] = [];
      for await (const chunk of child.stdout ?? []) chunks.push(chunk);
      expect(Buffer.concat(chunks).toString()).toBe('through');
      expect(await child.exited).toEqual({ status: 0, signal: null });

      const sleeping = await spawn('sleep', ['1000'], { join });
      expect(sleeping.kill('SIGTERM')).toBe(true);
      expect(await sleeping.exited).toEqual({ status: null, signal: 'SIGTERM' });
      expect(openFiles()).toBe(before + 1);
    });

    it('and makes others there, which belong to it', async () => {
      const { pid } = await resident();
      const theirs = idsOf(pid);
      const withTheirs = (...kinds: NamespaceKind[]) => ({ join: [{ pid, kinds }] as const });
      const inside = await idsInside({ ...withTheirs('user', 'mount'), namespaces: ['uts', 'pid', 'time'] });
      expect(kindsThatDiffer(inside, OWN)).toEqual(['mount', 'uts', 'pid', 'user', 'time']);
      expect(kindsThatDiffer(inside, theirs)).toEqual(['uts', 'ipc', 'net', 'pid', 'cgroup', 'time']);
      const made = { ...withTheirs('mount'), namespaces: ['user'], idMaps: mapSelf(7) } as const;
      expect(await output('id -u; readlink /proc/self/ns/mnt', made)).toBe(`7\n${theirs.mount}\n`);
    });

    it('after it has opened what is out of sight then', async () => {
      const { name: directory, removeCallback } = dirSync({ unsafeCleanup: true, mode: 0o755 });
      onTestFinished(removeCallback);
      mkdirSync(`${directory}/seen`);
      const { pid } = await resident({
        setup(sys) {
          sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);
          sys.mount('cover', directory, 'tmpfs', 0, null);
        },
      });
      let opened = -1;
      const join = [{ pid, kinds: ['mount'] }] as const;
      const script = `ls ${directory}; echo; ls .`;
      expect(await output(script, { join, setup: (sys) => sys.chdir(directory) })).toBe('\n');
      const printed = await output(script, {
        join,
        beforeJoining: (sys) => {
          opened = sys.openat(AT_FDCWD, directory, O_RDONLY | O_CLOEXEC);
        },
        setup: (sys) => sys.fchdir(opened),
      });
      expect(printed).toBe('\nseen\n');
    });

    it('and says why it cannot, and leaves nothing', async () => {
      const { pid } = await resident();
      const before = openFiles();
      const ended = await spawn('true');
      await ended.exited;
      const failing = (join: readonly Joined[]) => rejection(spawn('true', [], { join }));
      expect(await failing([{ pid: ended.pid, kinds: ['net'] }])).toMatchObject({ call: 'pidfd_open', code: 'ESRCH' });
      expect(await failing([{ file: '/no/such', kinds: ['net'] }])).toMatchObject({ call: 'openat', code: 'ENOENT' });
      const wrong = { file: `/proc/${pid}/ns/net`, kinds: ['uts'] } as const;
      expect(await failing([wrong])).toMatchObject({ call: 'setns', code: 'EINVAL' });
      const missing = await rejection(spawn('/no/such', [], { join: [{ pid, kinds: ['pid', 'user', 'time'] }] }));
      expect(missing).toMatchObject({ call: 'execve', code: 'ENOENT' });
      expect(openFiles()).toBe(before);
    });
  });

  describe('keeps capabilities', () => {
    const sets = async (options: SpawnOptions) => {
      const status = await output('grep ^Cap /proc/self/status', options);
      return Object.fromEntries([...status.matchAll(/^Cap(\w+):\t(.*)$/gm)].map(([, name, set]) => [name, set]));
    };
    const all = (set: string) => ({ Inh: set, Prm: set, Eff: set, Bnd: set, Amb: set });
    const bits = (...names: (typeof CAPABILITIES)[number][]) =>
      names
        .reduce((set, name) => set | (1n << BigInt(CAPABILITIES.indexOf(name))), 0n)
        .toString(16)
        .padStart(16, '0');

    it('of root: these and no others', async () => {
      expect(await sets({ capabilities: ['CAP_CHOWN', 'CAP_BPF'] })).toEqual(all(bits('CAP_CHOWN', 'CAP_BPF')));
      expect(await sets({ capabilities: [] })).toEqual(all(bits()));
    });

    it('for another user, who has them without being root', async () => {
      const capabilities = ['CAP_SYS_CHROOT', 'CAP_CHECKPOINT_RESTORE'] as const;
      const options = { capabilities, uid: 54321, gid: 54321, groups: [] };
      expect(await sets(options)).toEqual(all(bits(...capabilities)));
      expect(await output('id -u; id -g', options)).toBe('54321\n54321\n');
    });

    it('in a user namespace, whose root has them all otherwise', async () => {
      const made = { namespaces: ['user'], idMaps: mapSelf() } as const;
      expect((await sets(made)).Eff).not.toBe(bits('CAP_SYS_ADMIN'));
      expect(await sets({ ...made, capabilities: ['CAP_SYS_ADMIN'] })).toEqual(all(bits('CAP_SYS_ADMIN')));
    });

    it('which a process may use: its permitted set', async () => {
      const printed = (capabilities: readonly Capability[]) =>
        output(`exec "${process.execPath}" --input-type=module -e "${SAY_PERMITTED}"`, { capabilities });
      // One of each half of the set.
      const some = ['CAP_CHOWN', 'CAP_CHECKPOINT_RESTORE'] as const;
      expect(await printed(some)).toBe(`${some}\n`.repeat(2));
      expect(await printed([])).toBe('\n\n');
    });

    it('and refuses what is none', () => {
      expect(() => programOf('true', [], { capabilities: ['CAP_ROOT' as 'CAP_CHOWN'] })).toThrow('not a capability');
    });
  });

  it('starts nothing any more once its parent has ended', async () => {
    // The program that starts the command is killed by the setup of the child; the command must not outlive it.
    const marker = `1000.${process.pid}`;
    const program = `
      const { spawn, sys } = require('@ns-tool/syscalls');
      const pidfd = sys.pidfd_open(process.pid, 0);
      spawn('sleep', ['${marker}'], { parentDeathSignal: 'SIGTERM', setup: (sys) => {
        sys.pidfd_send_signal(pidfd, 9, null, 0);
        sys.poll([], 300);
      } });`;
    const child = await spawn(process.execPath, ['-e', program.replace('sleep', 'sleep')], {
      cwd: new URL('.', import.meta.url).pathname,
    });
    expect(await child.exited).toEqual({ status: null, signal: 'SIGKILL' });
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(await output(`pgrep -fx 'sleep ${marker}' || true`)).toBe('');
  });
});

describe('the subordinate IDs of a user', () => {
  const user = { name: 'ada', uid: 1000 };
  const cases: readonly [string, string, object | null][] = [
    ['by name', 'bob:1:2\nada:100000:65536\n', { outside: 100000, count: 65536 }],
    ['by ID', '1000:7:8\n', { outside: 7, count: 8 }],
    ['the first of several', 'ada:1:2\nada:3:4\n', { outside: 1, count: 2 }],
    ['of nobody', '', null],
    ['of a user whose name begins alike', 'adam:1:2\n10000:3:4\n', null],
    ['in a line that makes no sense', 'ada:x:2\nada:1\nada:1:2:3\nada:5:6\n', { outside: 5, count: 6 }],
  ];
  it.each(cases)('%s', (_, text, range) => expect(firstRangeOf(text, user)).toEqual(range));
  it('of a user without a name', () => {
    expect(firstRangeOf('null:1:2\n:1:2\n1000:3:4', { name: null, uid: 1000 })).toEqual({ outside: 3, count: 4 });
  });
});
