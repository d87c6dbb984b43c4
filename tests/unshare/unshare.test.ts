/** What `ns-tool unshare` would do, as data; and what it says of errors. */
import { cloneFlagsOf, type IdRange, programOf, type SubordinateIds, showCall, showProgram } from '@ns-tool/syscalls';
import { beforeAll, describe, expect, it } from 'vitest';
import { withSingle } from '../../packages/ns-tool/src/unshare/id-ranges.ts';
import { type Ids, type UnshareArguments, unshareOptions } from '../../packages/ns-tool/src/unshare/unshare.ts';
import { needsRoot } from '../support/privilege.ts';
import { Stand } from '../support/stand.ts';

const NAMED: Readonly<Record<string, number>> = { ada: 1000, root: 0 };

/** A user without subordinate IDs, unless they are given. */
function user(uid: number, gid: number, subordinate: SubordinateIds | null = null): Ids {
  return { uid, gid, named: (_, name) => NAMED[name] ?? null, subordinate: () => subordinate };
}

/** The clone, and what follows until the descriptors are set up. */
function plan(args: UnshareArguments): string[] {
  const options = unshareOptions(args, user(1000, 100));
  const lines = showProgram(programOf('true', [], options));
  const flags = showCall('clone', [cloneFlagsOf(options)]).replace('CLONE_VM|CLONE_PIDFD|CLONE_VFORK', '…');
  return [flags, ...lines.slice(0, lines.indexOf('fcntl(0, F_SETFD, 0)'))];
}

const DIES_WITH_PARENT = 'prctl(PR_SET_PDEATHSIG, 9, 0, 0, 0)';

describe('the calls of ns-tool unshare', () => {
  const cases: readonly [UnshareArguments, readonly string[]][] = [
    [{}, ['clone(…)', DIES_WITH_PARENT]],
    [{ mount: '' }, ['clone(…|CLONE_NEWNS)', 'mount(NULL, "/", NULL, MS_REC|MS_PRIVATE, NULL)', DIES_WITH_PARENT]],
    [{ mount: '', propagation: 'unchanged' }, ['clone(…|CLONE_NEWNS)', DIES_WITH_PARENT]],
    [{ pid: '' }, ['clone(…)', 'unshare(CLONE_NEWPID)', DIES_WITH_PARENT]],
    [{ pid: '', fork: true }, ['clone(…|CLONE_NEWPID)', DIES_WITH_PARENT]],
    [{ 'kill-child': 'int', pid: '' }, ['clone(…|CLONE_NEWPID)', 'prctl(PR_SET_PDEATHSIG, 2, 0, 0, 0)']],
    [
      { 'map-root-user': true },
      [
        'clone(…|CLONE_NEWUSER)',
        'openat(AT_FDCWD, "/proc/self/setgroups", O_WRONLY|O_CLOEXEC) = r0',
        'write(r0, "deny", 4)',
        'close(r0)',
        'openat(AT_FDCWD, "/proc/self/gid_map", O_WRONLY|O_CLOEXEC) = r3',
        'write(r3, "0 100 1\\n", 8)',
        'close(r3)',
        'openat(AT_FDCWD, "/proc/self/uid_map", O_WRONLY|O_CLOEXEC) = r6',
        'write(r6, "0 1000 1\\n", 9)',
        'close(r6)',
        DIES_WITH_PARENT,
      ],
    ],
    [
      { 'mount-proc': '', propagation: 'slave', root: '/r', setuid: '5', setgid: '6' },
      [
        'clone(…|CLONE_NEWNS)',
        'mount(NULL, "/", NULL, MS_REC|MS_SLAVE, NULL)',
        'chroot("/r")',
        'chdir("/")',
        'mount("proc", "/proc", "proc", MS_NOSUID|MS_NODEV|MS_NOEXEC, NULL)',
        'setgroups(0, [])',
        'setresgid(6, 6, 6)',
        'setresuid(5, 5, 5)',
        DIES_WITH_PARENT,
      ],
    ],
    [
      { 'mount-proc': '/p', propagation: 'shared' },
      [
        'clone(…|CLONE_NEWNS)',
        'mount(NULL, "/", NULL, MS_REC|MS_SHARED, NULL)',
        'mount(NULL, "/p", NULL, MS_REC|MS_PRIVATE, NULL)  /* or EINVAL */',
        'mount("proc", "/p", "proc", MS_NOSUID|MS_NODEV|MS_NOEXEC, NULL)',
        DIES_WITH_PARENT,
      ],
    ],
  ];
  for (const [args, lines] of cases) {
    it(JSON.stringify(args), () => expect(plan(args)).toEqual(lines));
  }

  it('has clocks for a time namespace', () => {
    expect(plan({ time: '', monotonic: '-5', boottime: '86400' })).toEqual([
      'clone(…)',
      'unshare(CLONE_NEWTIME)',
      'openat(AT_FDCWD, "/proc/self/timens_offsets", O_WRONLY|O_CLOEXEC) = r1',
      'write(r1, "monotonic -5 0\\nboottime 86400 0\\n", 32)',
      'close(r1)',
      DIES_WITH_PARENT,
    ]);
  });

  it('keeps namespaces on the files that are named', () => {
    const { keep, namespaces } = unshareOptions({ mount: '/a', uts: '', net: '/b' }, user(0, 0));
    expect({ keep, namespaces }).toEqual({ keep: { mount: '/a', net: '/b' }, namespaces: ['mount', 'uts', 'net'] });
  });

  it('maps the subordinate IDs of the user, with or without the own one', () => {
    const own = user(1000, 100, { outside: 100_000, count: 65_536 });
    const all = [{ inside: 0, outside: 100_000, count: 65_536 }];
    expect(unshareOptions({ 'map-auto': true }, own)).toMatchObject({
      namespaces: ['user'],
      idMaps: { uid: all, gid: all },
    });
    expect(unshareOptions({ 'map-users': 'auto' }, own).idMaps).toEqual({ uid: all, gid: [] });
    expect(unshareOptions({ 'map-auto': true, 'map-users': '1:2:3' }, own).idMaps).toEqual({
      uid: [{ inside: 1, outside: 2, count: 3 }],
      gid: all,
    });
    expect(unshareOptions({ 'map-auto': true, 'map-root-user': true }, own).idMaps?.uid).toEqual([
      { inside: 0, outside: 1000, count: 1 },
      { inside: 1, outside: 100_000, count: 65_535 },
    ]);
    expect(() => unshareOptions({ 'map-auto': true }, user(1000, 100))).toThrow(
      'no range of IDs is yours in /etc/subuid',
    );
  });

  it('takes names of users and groups', () => {
    expect(plan({ 'map-user': 'root' })).toContain('write(r0, "0 1000 1\\n", 9)');
    expect(() => plan({ 'map-user': 'nobody-of-that-name' })).toThrow('not an ID');
  });

  it('leaves ranges of IDs to the parent, which has the privilege', () => {
    const { idMaps } = unshareOptions({ 'map-users': '0:5000:10', 'map-groups': '6000,0,10' }, user(1, 1));
    expect(idMaps).toEqual({
      uid: [{ inside: 0, outside: 5000, count: 10 }],
      gid: [{ inside: 0, outside: 6000, count: 10 }],
    });
  });
});

describe('a range of IDs with a single one', () => {
  const range = (inside: number, outside: number, count: number): IdRange => ({ inside, outside, count });
  const cases: readonly [string, IdRange, IdRange, readonly IdRange[]][] = [
    ['apart', range(1, 100, 9), range(0, 0, 1), [range(1, 100, 9)]],
    ['inside first', range(0, 100, 10), range(0, 7, 1), [range(1, 100, 9)]],
    ['inside in the middle', range(0, 100, 10), range(4, 7, 1), [range(0, 100, 4), range(5, 104, 5)]],
    ['inside last', range(0, 100, 10), range(9, 7, 1), [range(0, 100, 9)]],
    ['outside in the middle', range(10, 0, 10), range(0, 4, 1), [range(10, 0, 4), range(14, 5, 5)]],
    ['both', range(0, 0, 10), range(2, 4, 1), [range(0, 0, 2), range(3, 2, 2), range(5, 5, 5)]],
    ['all of it', range(0, 100, 1), range(0, 7, 1), []],
  ];
  for (const [name, whole, single, rest] of cases) {
    it(name, () => expect(withSingle(whole, single)).toEqual([single, ...rest]));
  }
});

describe.skipIf(needsRoot('the errors of ns-tool unshare, in a stand of their own'))('ns-tool unshare', () => {
  const NODE = ['/node/node', '/checkout/packages/ns-tool/dist/bin/ns-tool.cjs'];
  let stand: Stand;
  beforeAll(async () => {
    stand = await Stand.make();
    return () => stand.dispose();
  });
  const run = (args: readonly string[], uid?: number) =>
    stand.run({ program: 'ns-tool', args: ['unshare', ...args], ...(uid !== undefined && { uid }) });

  it('tells an ordinary user of user namespaces', async () => {
    const { stderr, status } = await run(['-m', 'true'], 54321);
    expect(stderr).toMatch(/^ns-tool: clone\(.*CLONE_NEWNS\): .*\(EPERM\)\n.*--map-root-user.*sudo.*\n$/);
    expect(status).toBe(125);
  });
  it('tells why proc cannot be mounted without a pid namespace', async () => {
    const { stderr } = await run(['-Ur', '--mount-proc', 'true'], 54321);
    expect(stderr).toMatch(/^ns-tool: mount\("proc".*\(EPERM\)\nproc shows a pid namespace,.*add --pid --fork\n$/);
  });
  it('tells why --pid alone does not suffice for it', async () => {
    expect((await run(['-Urp', '--mount-proc', 'true'], 54321)).stderr).toMatch(/: add --fork\n$/);
  });
  it('names the limit that is reached', async () => {
    const script = 'echo 0 > /proc/sys/user/max_uts_namespaces; exec "$@"';
    const { stderr } = await run(['-r', 'sh', '-c', script, 'sh', ...NODE, 'unshare', '-u', 'true'], 54321);
    expect(stderr).toMatch(/ENOSPC\)\nA limit is reached: \/proc\/sys\/user\/max_uts_namespaces is 0;/);
  });
  it('refuses what makes no sense', async () => {
    for (const words of [
      ['--boottime=1'],
      ['-T', '--boottime=1.5'],
      ['-T', '--monotonic='],
      ['--pid=/mnt/existing/file'],
    ]) {
      expect(await run([...words, 'true']), words.join(' ')).toMatchObject({ status: 2, stdout: '' });
    }
  });
  it('makes nothing with --dry-run, and prints the clone first', async () => {
    const { stdout, stderr, status } = await run(['-Um', '--dry-run', '/mnt/missing'], 54321);
    expect(stdout).toMatch(/^clone\(.*CLONE_NEWNS\|CLONE_NEWUSER\)\nmount\([\s\S]*\nexecve\("\/mnt\/missing", .*\n$/);
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  });
  it('prints each call with its result with --trace, also that which failed', async () => {
    const { stderr, stdout } = await run(['-r', '--trace', '/bin/echo', 'x'], 54321);
    expect(stderr).toMatch(
      /^clone\(.*\) = \d+\n[\s\S]*write\(\d+, "0 54321 1\\n", 10\) = 10\n[\s\S]*execve\(.*\) = 0\n$/,
    );
    expect(stderr).not.toContain('rt_sigaction');
    expect(stdout).toBe('x\n');
    expect((await run(['--trace', '-R', '/mnt/missing', 'true'])).stderr).toMatch(
      /\nchroot\("\/mnt\/missing"\) = -1 ENOENT \(.*\)\nns-tool: chroot\(/,
    );
  });
});
