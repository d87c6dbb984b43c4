/** What `ns-tool enter` would do, as data; and which process is meant by a pid or a name. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import {
  type Child,
  cloneFlagsOf,
  NAMESPACE_KINDS,
  programOf,
  type SpawnOptions,
  SyscallError,
  showCall,
  showProgram,
  spawn,
} from '@ns-tool/syscalls';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  type EnterArguments,
  enterOptions,
  type Privileges,
  type Target,
  whereItIs,
} from '../../packages/ns-tool/src/enter/enter.ts';
import { hintFor } from '../../packages/ns-tool/src/enter/hints.ts';
import { environmentOf, targetOf, targetWithPid } from '../../packages/ns-tool/src/enter/target.ts';
import { NotStarted, UsageError } from '../../packages/ns-tool/src/errors.ts';
import { needsRoot } from '../support/privilege.ts';

const ROOT: Privileges = { join: true, setGroups: true };
const USER: Privileges = { join: false, setGroups: false };

/** A process that is elsewhere in four kinds. */
const TARGET: Target = { pid: 7, differs: ['mount', 'net', 'pid', 'user'], hasOtherRoot: true, deniesSetgroups: false };
/** One that is in the user namespace of this process. */
const FELLOW: Target = { pid: 8, differs: ['uts'], hasOtherRoot: true, deniesSetgroups: false };

/** The clone, and what follows until the descriptors are set up; without what all have in common. */
function plan(args: EnterArguments, target: Target | null, may: Privileges): string[] {
  const options = enterOptions(args, target, may);
  const lines = showProgram(programOf('true', [], options));
  const calls = lines.slice(0, lines.indexOf('fcntl(0, F_SETFD, 0)'));
  expect(calls.pop()).toBe('prctl(PR_SET_PDEATHSIG, 9, 0, 0, 0)');
  return calls.map((line) => line.replace('AT_FDCWD, ', '').replace('O_RDONLY|O_CLOEXEC', '…'));
}

const FORK = 'clone(CLONE_VM|CLONE_VFORK|CLONE_PARENT|CLONE_PARENT_SETTID)';
const NO_GROUPS = 'setgroups(0, [])';
const NO_GROUPS_OR_DENIED = 'setgroups(0, [])  /* or EPERM */';
const BECOME_ROOT = ['setresgid(0, 0, 0)', 'setresuid(0, 0, 0)'];

const plans: Readonly<
  Record<
    string,
    readonly (readonly [args: EnterArguments, target: Target | null, may: Privileges, calls: readonly string[]])[]
  >
> = {
  'the namespaces of a target, all by one call': [
    [{}, TARGET, ROOT, []],
    [{ net: '' }, TARGET, ROOT, ['pidfd_open(7, 0) = r0', 'setns(r0, CLONE_NEWNET)']],
    [
      { time: '', uts: '', cgroup: '', mount: '', ipc: '' },
      TARGET,
      USER,
      ['pidfd_open(7, 0) = r0', 'setns(r0, CLONE_NEWTIME|CLONE_NEWNS|CLONE_NEWCGROUP|CLONE_NEWUTS|CLONE_NEWIPC)'],
    ],
    [
      { all: true },
      FELLOW,
      ROOT,
      [
        'pidfd_open(8, 0) = r0',
        'setns(r0, CLONE_NEWTIME|CLONE_NEWNS|CLONE_NEWCGROUP|CLONE_NEWUTS|CLONE_NEWIPC|CLONE_NEWPID|CLONE_NEWNET)',
        FORK,
      ],
    ],
    [
      { all: true, 'preserve-credentials': true },
      TARGET,
      ROOT,
      [
        'pidfd_open(7, 0) = r0',
        'setns(r0, CLONE_NEWTIME|CLONE_NEWNS|CLONE_NEWCGROUP|CLONE_NEWUTS|CLONE_NEWIPC|CLONE_NEWUSER|CLONE_NEWPID|CLONE_NEWNET)',
        FORK,
      ],
    ],
    // What is asked for by name is asked of the kernel, which refuses the own user namespace.
    [{ user: '', 'preserve-credentials': true }, FELLOW, ROOT, ['pidfd_open(8, 0) = r0', 'setns(r0, CLONE_NEWUSER)']],
  ],
  'the namespaces of files, each by one call': [
    [
      { uts: '/u', net: '/n' },
      null,
      ROOT,
      ['openat("/u", …) = r0', 'openat("/n", …) = r1', 'setns(r0, CLONE_NEWUTS)', 'setns(r1, CLONE_NEWNET)'],
    ],
    [{ pid: '/p' }, null, ROOT, ['openat("/p", …) = r0', 'setns(r0, CLONE_NEWPID)', FORK]],
    [
      { all: true, uts: '/u', pid: '/p' },
      FELLOW,
      ROOT,
      [
        'openat("/u", …) = r0',
        'openat("/p", …) = r1',
        'pidfd_open(8, 0) = r2',
        'setns(r0, CLONE_NEWUTS)',
        'setns(r1, CLONE_NEWPID)',
        'setns(r2, CLONE_NEWTIME|CLONE_NEWNS|CLONE_NEWCGROUP|CLONE_NEWIPC|CLONE_NEWNET)',
        FORK,
      ],
    ],
    [
      { all: true, user: '/own', 'preserve-credentials': true, 'no-fork': true, pid: '/p' },
      TARGET,
      USER,
      [
        'openat("/p", …) = r0',
        'openat("/own", …) = r1',
        'pidfd_open(7, 0) = r2',
        'setns(r1, CLONE_NEWUSER)',
        'setns(r2, CLONE_NEWTIME|CLONE_NEWNS|CLONE_NEWCGROUP|CLONE_NEWUTS|CLONE_NEWIPC|CLONE_NEWNET)',
        'setns(r0, CLONE_NEWPID)',
      ],
    ],
  ],
  'the user namespace: last with privilege, first without': [
    [
      { user: '/U', net: '/n', uts: '' },
      TARGET,
      ROOT,
      [
        NO_GROUPS,
        'openat("/n", …) = r1',
        'pidfd_open(7, 0) = r2',
        'openat("/U", …) = r3',
        'setns(r1, CLONE_NEWNET)',
        'setns(r2, CLONE_NEWUTS)',
        'setns(r3, CLONE_NEWUSER)',
        NO_GROUPS_OR_DENIED,
        ...BECOME_ROOT,
      ],
    ],
    [
      { user: '/U', net: '/n', uts: '' },
      TARGET,
      USER,
      [
        'openat("/U", …) = r0',
        'pidfd_open(7, 0) = r1',
        'openat("/n", …) = r2',
        'setns(r0, CLONE_NEWUSER)',
        'setns(r1, CLONE_NEWUTS)',
        'setns(r2, CLONE_NEWNET)',
        NO_GROUPS,
        ...BECOME_ROOT,
      ],
    ],
    [
      { user: '', net: '/n' },
      TARGET,
      ROOT,
      [
        NO_GROUPS,
        'openat("/n", …) = r1',
        'pidfd_open(7, 0) = r2',
        'setns(r1, CLONE_NEWNET)',
        'setns(r2, CLONE_NEWUSER)',
        NO_GROUPS_OR_DENIED,
        ...BECOME_ROOT,
      ],
    ],
    [
      { user: '', net: '/n' },
      TARGET,
      USER,
      [
        'pidfd_open(7, 0) = r0',
        'openat("/n", …) = r1',
        'setns(r0, CLONE_NEWUSER)',
        'setns(r1, CLONE_NEWNET)',
        NO_GROUPS,
        ...BECOME_ROOT,
      ],
    ],
  ],
  'users and groups': [
    [{ setuid: '5' }, TARGET, ROOT, ['setresuid(5, 5, 5)']],
    [{ setgid: '6' }, TARGET, ROOT, [NO_GROUPS_OR_DENIED, 'setresgid(6, 6, 6)']],
    [{ setgid: '6' }, TARGET, USER, [NO_GROUPS_OR_DENIED, 'setresgid(6, 6, 6)']],
    [
      { user: '/U', setuid: '5', setgid: '6' },
      null,
      ROOT,
      [
        NO_GROUPS,
        'openat("/U", …) = r1',
        'setns(r1, CLONE_NEWUSER)',
        NO_GROUPS_OR_DENIED,
        'setresgid(6, 6, 6)',
        'setresuid(5, 5, 5)',
      ],
    ],
    [
      { user: '/U', setuid: '5' },
      null,
      USER,
      ['openat("/U", …) = r0', 'setns(r0, CLONE_NEWUSER)', NO_GROUPS, 'setresgid(0, 0, 0)', 'setresuid(5, 5, 5)'],
    ],
    // A capability in the user namespace for one thing is none for the other.
    [
      { user: '/U' },
      null,
      { join: true, setGroups: false },
      ['openat("/U", …) = r0', 'setns(r0, CLONE_NEWUSER)', NO_GROUPS, ...BECOME_ROOT],
    ],
    [{ user: '/U', 'preserve-credentials': true }, null, ROOT, ['openat("/U", …) = r0', 'setns(r0, CLONE_NEWUSER)']],
    [
      { user: '/U', 'preserve-credentials': true, setuid: '5' },
      null,
      USER,
      ['openat("/U", …) = r0', 'setns(r0, CLONE_NEWUSER)', 'setresuid(5, 5, 5)'],
    ],
    [
      { user: '/U', 'preserve-credentials': true, setgid: '6' },
      null,
      USER,
      ['openat("/U", …) = r0', 'setns(r0, CLONE_NEWUSER)', NO_GROUPS_OR_DENIED, 'setresgid(6, 6, 6)'],
    ],
    [{ 'preserve-credentials': true }, FELLOW, ROOT, []],
  ],
  'root and working directory, opened before anything is joined': [
    [
      { root: '', wd: '', mount: '' },
      FELLOW,
      ROOT,
      [
        'openat("/proc/8/root", …|O_DIRECTORY) = r0',
        'openat("/proc/8/cwd", …|O_DIRECTORY) = r1',
        'pidfd_open(8, 0) = r2',
        'setns(r2, CLONE_NEWNS)',
        'fchdir(r0)',
        'chroot(".")',
        'fchdir(r1)',
      ],
    ],
    [
      { root: '/r', wd: 'w', uts: '/u' },
      null,
      USER,
      [
        'openat("/r", …|O_DIRECTORY) = r0',
        'openat("w", …|O_DIRECTORY) = r1',
        'openat("/u", …) = r2',
        'setns(r2, CLONE_NEWUTS)',
        'fchdir(r0)',
        'chroot(".")',
        'fchdir(r1)',
      ],
    ],
    // Where the working directory stays, it is that of the mount namespace that was joined.
    [
      { root: '/r', mount: '' },
      FELLOW,
      ROOT,
      [
        'openat("/r", …|O_DIRECTORY) = r0',
        'pidfd_open(8, 0) = r1',
        'setns(r1, CLONE_NEWNS)',
        'openat(".", …|O_DIRECTORY) = r3',
        'fchdir(r0)',
        'chroot(".")',
        'fchdir(r3)',
      ],
    ],
    [
      { wd: '', mount: '' },
      FELLOW,
      ROOT,
      ['openat("/proc/8/cwd", …|O_DIRECTORY) = r0', 'pidfd_open(8, 0) = r1', 'setns(r1, CLONE_NEWNS)', 'fchdir(r0)'],
    ],
    [
      { root: '/r', wdns: 'in/it' },
      null,
      ROOT,
      ['openat("/r", …|O_DIRECTORY) = r0', 'fchdir(r0)', 'chroot(".")', 'chdir("in/it")'],
    ],
    [{ wdns: '/in', uts: '/u' }, null, ROOT, ['openat("/u", …) = r0', 'setns(r0, CLONE_NEWUTS)', 'chdir("/in")']],
  ],
  'without a fork': [
    [{ pid: '', 'no-fork': true }, TARGET, ROOT, ['pidfd_open(7, 0) = r0', 'setns(r0, CLONE_NEWPID)']],
    [{ pid: '', 'no-fork': true }, TARGET, USER, ['pidfd_open(7, 0) = r0', 'setns(r0, CLONE_NEWPID)']],
    [
      { pid: '/p', 'no-fork': true, uts: '/u' },
      null,
      ROOT,
      ['openat("/p", …) = r0', 'setns(r0, CLONE_NEWPID)', 'openat("/u", …) = r2', 'setns(r2, CLONE_NEWUTS)'],
    ],
    // As the others, the pid namespace comes before the user namespace with privilege, and after it without.
    [
      { pid: '', user: '', 'no-fork': true, 'preserve-credentials': true },
      TARGET,
      ROOT,
      ['pidfd_open(7, 0) = r0', 'setns(r0, CLONE_NEWPID)', 'pidfd_open(7, 0) = r2', 'setns(r2, CLONE_NEWUSER)'],
    ],
    [
      { pid: '', user: '', 'no-fork': true, 'preserve-credentials': true, root: '' },
      TARGET,
      USER,
      [
        'openat("/proc/7/root", …|O_DIRECTORY) = r0',
        'pidfd_open(7, 0) = r1',
        'pidfd_open(7, 0) = r2',
        'setns(r2, CLONE_NEWUSER)',
        'setns(r1, CLONE_NEWPID)',
        'openat(".", …|O_DIRECTORY) = r5',
        'fchdir(r0)',
        'chroot(".")',
        'fchdir(r5)',
      ],
    ],
    [
      { all: true, 'no-fork': true },
      FELLOW,
      ROOT,
      [
        'pidfd_open(8, 0) = r0',
        'setns(r0, CLONE_NEWPID)',
        'pidfd_open(8, 0) = r2',
        'setns(r2, CLONE_NEWTIME|CLONE_NEWNS|CLONE_NEWCGROUP|CLONE_NEWUTS|CLONE_NEWIPC|CLONE_NEWNET)',
      ],
    ],
    [{ uts: '', 'no-fork': true }, TARGET, ROOT, ['pidfd_open(7, 0) = r0', 'setns(r0, CLONE_NEWUTS)']],
  ],
};

describe('the calls of ns-tool enter', () => {
  for (const [group, cases] of Object.entries(plans)) {
    describe(group, () => {
      for (const [args, target, may, calls] of cases) {
        it(`${JSON.stringify(args)} ${target === FELLOW ? 'in one user namespace ' : ''}${JSON.stringify(may)}`, () => {
          expect(plan(args, target, may)).toEqual(calls);
        });
      }
    });
  }

  it('share memory with the child, and stand still meanwhile, unless others can stop it: those of a pid namespace', () => {
    const flags = (args: EnterArguments) => showCall('clone', [cloneFlagsOf(enterOptions(args, TARGET, ROOT))]);
    expect(flags({ all: true })).toBe('clone(CLONE_PIDFD)');
    expect(flags({ mount: '', pid: '', user: '' })).toBe('clone(CLONE_PIDFD)');
    expect(flags({ mount: '', net: '', user: '' })).toBe('clone(CLONE_VM|CLONE_PIDFD|CLONE_VFORK)');
  });
  it('share none with one that joins a time namespace, of which setns(2) does not take that', () => {
    const flags = cloneFlagsOf(enterOptions({ time: '' }, { ...TARGET, differs: ['time'] }, ROOT));
    expect(showCall('clone', [flags])).toBe('clone(CLONE_PIDFD|CLONE_VFORK)');
  });

  describe('for a process alone: where it is not with us, and its root', () => {
    it('joins the kinds that differ, and no others', () => {
      expect(whereItIs(TARGET, ROOT)).toEqual({ mount: '', net: '', pid: '', user: '', root: '', wdns: '/' });
      expect(plan(whereItIs(FELLOW, USER), FELLOW, USER)).toEqual([
        'openat("/proc/8/root", …|O_DIRECTORY) = r0',
        'pidfd_open(8, 0) = r1',
        'setns(r1, CLONE_NEWUTS)',
        'fchdir(r0)',
        'chroot(".")',
        'chdir("/")',
      ]);
    });
    it('joins nothing if nothing differs', () => {
      expect(whereItIs({ ...FELLOW, differs: [] }, ROOT)).toEqual({ root: '', wdns: '/' });
      expect(whereItIs({ ...FELLOW, differs: [], hasOtherRoot: false }, ROOT)).toEqual({});
    });
    it('stays who one is where setgroups(2) is denied, to who cannot call it before', () => {
      const denies = { ...TARGET, deniesSetgroups: true };
      const stays = (target: Target, may: Privileges) => whereItIs(target, may)['preserve-credentials'];
      expect(stays(denies, USER)).toBe(true);
      expect(stays(denies, { join: true, setGroups: false })).toBe(true);
      expect(stays(denies, ROOT)).toBeUndefined();
      expect(stays(TARGET, USER)).toBeUndefined();
    });
  });

  it('kill the command with ns-tool', () => {
    expect(enterOptions({}, TARGET, ROOT).parentDeathSignal).toBe('SIGKILL');
  });
});

describe('what makes no sense to ns-tool enter', () => {
  const all = NAMESPACE_KINDS.map((kind): [EnterArguments, string, string] => [
    { [kind]: '' },
    `--${kind} takes a process`,
    `Name one: ns-tool enter PID, or a file: --${kind}=FILE`,
  ]);
  const cases: readonly (readonly [args: EnterArguments, message: string, hint: string])[] = [
    ...all,
    [{ all: true }, '--all takes a process', 'Name one: ns-tool enter PID'],
    [{ all: true, net: '/n' }, '--all takes a process', 'Name one: ns-tool enter PID'],
    [{ root: '' }, '--root takes a process', 'Name one: ns-tool enter PID, or a directory: --root=DIR'],
    [{ wd: '' }, '--wd takes a process', 'Name one: ns-tool enter PID, or a directory: --wd=DIR'],
    [{ net: '/n', uts: '' }, '--uts takes a process', 'Name one: ns-tool enter PID, or a file: --uts=FILE'],
    [{ wd: '/', wdns: '/' }, '--wd and --wdns exclude each other', '--wd is a directory outside, --wdns one inside'],
    [{ setuid: 'ada' }, '--setuid: not an ID: "ada"', 'Give a number: --setuid 1000'],
    [{ setuid: '-1' }, '--setuid: not an ID: "-1"', 'Give a number: --setuid 1000'],
    [{ setgid: '4294967295' }, '--setgid: not an ID: "4294967295"', 'Give a number: --setgid 1000'],
    [{ setgid: '' }, '--setgid: not an ID: ""', 'Give a number: --setgid 1000'],
  ];
  for (const [args, message, hint] of cases) {
    it(JSON.stringify(args), () => {
      const attempt = () => programOf('true', [], enterOptions(args, null, ROOT));
      expect(attempt).toThrow(UsageError);
      expect(attempt).toThrow(expect.objectContaining({ message, hint }));
    });
  }
});

/** Hints for errors that no test can have the kernel make. */
describe('hints', () => {
  const cases: readonly (readonly [error: SyscallError, hint: RegExp | undefined])[] = [
    [new SyscallError('pidfd_open', [7, 0], 38), /^This takes Linux 5\.3, .*: --net=\/proc\/PID\/ns\/net$/],
    [new SyscallError('pidfd_open', [7, 0], 22), /^7 is a thread of a process/],
    [new SyscallError('setns', [5, 0x80], 87), /^A time namespace takes a process with one thread/],
    [new SyscallError('setresgid', [5, 5, 5], 1), /takes root/],
    [new SyscallError('fchdir', [5], 1), undefined],
  ];
  for (const [error, hint] of cases) {
    it(error.message, () => {
      if (hint === undefined) expect(hintFor(error, true)).toBeUndefined();
      else expect(hintFor(error, true)).toMatch(hint);
    });
  }
});

/** A process of this name, until the test is over. */
async function named(name: string, options: SpawnOptions = {}): Promise<Child> {
  // Both by the shell itself: a command that it executed would have a name of its own.
  const script = 'printf %s "$1" > /proc/self/comm; echo; read -r _';
  const child = await spawn('sh', ['-c', script, 'sh', name], {
    stdio: ['pipe', 'pipe', 2],
    parentDeathSignal: 'SIGKILL',
    ...options,
  });
  onTestFinished(async () => {
    (child.stdin as Writable).end();
    await child.exited;
  });
  await once(child.stdout as Readable, 'data');
  return child;
}

describe('the process that is meant', () => {
  it('by its pid', async () => {
    const { pid } = await named('by pid');
    expect(targetOf(String(pid))).toEqual({ pid, differs: [], hasOtherRoot: false, deniesSetgroups: false });
    expect(targetWithPid(String(pid))).toEqual(targetOf(String(pid)));
  });

  it('by its pid, also if another process has this name', async () => {
    await named('1');
    expect(targetOf('1').pid).toBe(1);
  });

  it('by its pid, also if there is no such process', () => {
    expect(targetOf('2147483647')).toMatchObject({ pid: 2147483647 });
  });

  const wrong = [
    '0',
    '-1',
    '1e3',
    '',
    ' 1',
    '1 ',
    '+1',
    '007',
    '0x1',
    '1.0',
    '2147483648',
    '4294967297',
    '99999999999',
  ];
  for (const text of wrong) {
    it(`not by a pid that is none: ${JSON.stringify(text)}`, () => {
      expect(() => targetWithPid(text)).toThrow(UsageError);
      expect(() => targetWithPid(text)).toThrow(
        expect.objectContaining({
          message: `not a pid: ${JSON.stringify(text)}`,
          hint: 'Give the number of a process: ps -e lists them',
        }),
      );
    });
  }
  it('not by a number that is no pid, which is no name either', () => {
    for (const text of ['0', '007', '99999999999']) expect(() => targetOf(text)).toThrow(UsageError);
  });
  it('not by what might be a pid elsewhere, but by that as a name', async () => {
    for (const text of ['-1', '1e3']) {
      expect(() => targetOf(text)).toThrow(NotStarted);
      const { pid } = await named(text);
      expect(targetOf(text)).toMatchObject({ pid });
    }
  });

  // As long as a name can be: 15 bytes. Those of other test runs are not to be found.
  const own = (rest: string) => `${process.pid}${rest}`;
  for (const name of [
    own('-plain'),
    own(' a b '),
    own(') S 1 ('),
    own('(x'),
    own('\nName:'),
    own('-nl\n'),
    own('\t\\n'),
    own('äß'),
    own('"q"'),
    own("'q'"),
    own('.*'),
    own('\u001b[31m'),
  ]) {
    it(`by its name, ${JSON.stringify(name)}`, async () => {
      const { pid } = await named(name);
      expect(readFileSync(`/proc/${pid}/comm`, 'utf8')).toBe(`${name}\n`);
      expect(targetOf(name)).toMatchObject({ pid, differs: [] });
      for (const other of [`${name}x`, name.slice(0, -1), ` ${name}`])
        expect(() => targetOf(other)).toThrow(NotStarted);
    });
  }

  it('by a name that several have, in the same namespaces: the one with the lowest pid', async () => {
    const name = own('-several');
    const pids = [(await named(name)).pid, (await named(name)).pid, (await named(name)).pid];
    expect(targetOf(name).pid).toBe(Math.min(...pids));
  });

  it('not by a name that none has', () => {
    expect(() => targetOf('no\u001bsuch')).toThrow(NotStarted);
    expect(() => targetOf('no\u001bsuch')).toThrow(
      expect.objectContaining({
        message: 'no process has the name no\\033such',
        hint: 'ps -e lists the names that there are.',
      }),
    );
  });

  it('has the environment that it was started with', async () => {
    const env = { A: '1', EMPTY: '', TWO: 'x=y z', LINES: 'a\nb', UMLAUT: 'ä' };
    const { pid } = await named(own('-env'), { env });
    expect(environmentOf(targetWithPid(String(pid)))).toEqual(env);
    expect(() => environmentOf(targetOf('2147483647'))).toThrow('ENOENT');
  });

  describe.skipIf(needsRoot('processes in other namespaces'))('in other namespaces', () => {
    it('differs in their kinds, in the order in which they are named everywhere', async () => {
      const child = await named(own('-else'), { namespaces: ['time', 'net', 'uts'] });
      expect(targetWithPid(String(child.pid)).differs).toEqual(['uts', 'net', 'time']);
      expect(targetOf(own('-else'))).toMatchObject({ pid: child.pid, differs: ['uts', 'net', 'time'] });
    });

    it('denies setgroups(2) or not', async () => {
      const maps = { uid: [{ inside: 0, outside: 0, count: 1 }], gid: [{ inside: 0, outside: 0, count: 1 }] };
      const { pid } = await named(own('-deny'), { namespaces: ['user'], idMaps: maps });
      const denies = readFileSync(`/proc/${pid}/setgroups`, 'latin1') === 'deny\n';
      expect(denies).toBe(true);
      expect(targetWithPid(String(pid)).deniesSetgroups).toBe(true);
      const allows = await named(own('-allow'), { namespaces: ['user'] });
      expect(targetWithPid(String(allows.pid)).deniesSetgroups).toBe(false);
    });

    it('is not clear by a name that several have in different ones', async () => {
      const name = own('-unclear');
      const pids = [
        (await named(name)).pid,
        (await named(name)).pid,
        (await named(name, { namespaces: ['ipc'] })).pid,
      ].sort((a, b) => a - b);
      expect(() => targetOf(name)).toThrow(NotStarted);
      expect(() => targetOf(name)).toThrow(
        expect.objectContaining({
          message: `3 processes have the name ${name}, in different namespaces`,
          hint: `Give the pid of the one that you mean: ${pids.join(', ')}`,
        }),
      );
      expect(targetOf(String(pids[2]))).toMatchObject({ pid: pids[2] });
    });

    it('is clear by a name that several have in the same other ones', async () => {
      const name = own('-workers');
      const first = await named(name, { namespaces: ['ipc'] });
      const second = await named(name, { join: [{ pid: first.pid, kinds: ['ipc'] }] });
      expect(targetOf(name)).toMatchObject({ pid: Math.min(first.pid, second.pid), differs: ['ipc'] });
    });
  });
});
