/** `ns-tool diff`, run. */
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectUnnoticed } from '../support/checks.ts';
import { needsRoot } from '../support/privilege.ts';
import { Stand } from '../support/stand.ts';

const [before, after] = ['/mnt/neighbour/before', '/mnt/neighbour/after'];

const CHANGES = `
  cat /proc/self/mountinfo > ${before}
  mkdir /mnt/new "/mnt/od\nd" && mount -t tmpfs -o nosuid,size=1m new /mnt/new
  mount -t tmpfs odd "/mnt/od\nd"
  mount --make-private /mnt
  umount /mnt/zdead
  cat /proc/self/mountinfo > ${after}`;

const LINES = [
  /^~ \/mnt {2}propagation: shared:\d+ → private$/,
  /^\+ \/mnt\/new {2}tmpfs, source new, rw,nosuid,relatime, shared:\d+$/,
  /^\+ \/mnt\/od\\012d {2}tmpfs, source odd, rw,relatime, shared:\d+$/,
  /^- \/mnt\/zdead {2}tmpfs, source dead, rw,relatime, shared:\d+$/,
];

describe.skipIf(needsRoot('ns-tool diff'))('ns-tool diff', () => {
  let stand: Stand;
  beforeAll(async () => {
    stand = await Stand.make();
    await stand.shell('mkdir /mnt/zdead && mount -t tmpfs dead /mnt/zdead');
    await stand.shell(CHANGES);
  });
  afterAll(() => stand.dispose());

  const diff = (args: readonly string[], more: object = {}) =>
    stand.run({ program: 'ns-tool', args: ['diff', ...args], ...more });

  it('prints a line for each mount, sorted, and a summary; status 1', async () => {
    const { stdout, stderr, status, ...observed } = await diff([before, after]);
    const lines = stdout.split('\n');
    for (const [i, pattern] of LINES.entries()) expect(lines[i]).toMatch(pattern);
    expect(lines.slice(4)).toEqual(['2 added, 1 removed, 1 changed.', '']);
    expect({ stderr, status }).toEqual({ stderr: '', status: 1 });
    expectUnnoticed(observed);
  });

  it('has an order: what is added one way is removed the other', async () => {
    const { stdout, status } = await diff([after, before]);
    expect(stdout).toMatch(/^- \/mnt\/new {2}/m);
    expect(stdout).toMatch(/^\+ \/mnt\/zdead {2}/m);
    expect(stdout).toMatch(/\n1 added, 2 removed, 1 changed\.\n$/);
    expect(status).toBe(1);
  });

  it('says that there is no difference; status 0', async () => {
    for (const words of [
      ['self', 'self'],
      [after, 'self'],
      [after, after],
    ]) {
      const { stdout, stderr, status } = await diff(words);
      expect({ stdout, stderr, status }).toEqual({ stdout: 'No difference.\n', stderr: '', status: 0 });
    }
  });

  it('reads the table of a process, also as an ordinary user', async () => {
    for (const more of [{}, { uid: 54321 }]) {
      const { stdout, status } = await diff(['self'], {
        through: [
          'sh',
          '-c',
          `unshare ${'uid' in more ? '-Urm' : '-m'} sh -c 'mount -t tmpfs inside /mnt/existing; exec sleep 30' >/dev/null 2>&1 & pid=$!
           until grep -q sleep /proc/$pid/comm; do :; done
           "$@" $pid; status=$?; kill $pid; exit $status`,
          'sh',
        ],
        ...more,
      });
      expect(stdout).toMatch(/^\+ \/mnt\/existing {2}tmpfs, source inside, /m);
      expect(stdout).toMatch(/^~ \/mnt\/new {2}propagation: shared:\d+ → (private|master:\d+)$/m);
      expect(status).toBe(1);
    }
  });

  it('prints JSON', async () => {
    const { stdout, stderr, status } = await diff([before, after, '--json']);
    const { added, removed, changed, ...rest } = JSON.parse(stdout);
    expect(added).toMatchObject([
      { mountPoint: '/mnt/new', source: 'new', type: 'tmpfs' },
      { mountPoint: '/mnt/od\nd' },
    ]);
    expect(removed).toMatchObject([{ mountPoint: '/mnt/zdead' }]);
    expect(changed).toMatchObject([
      { before: { mountPoint: '/mnt', unbindable: false }, after: { peerGroup: null }, fields: ['propagation'] },
    ]);
    expect(rest).toEqual({});
    expect({ stderr, status }).toEqual({ stderr: '', status: 1 });
    const same = await diff([before, before, '--json']);
    expect(JSON.parse(same.stdout)).toEqual({ added: [], removed: [], changed: [] });
    expect(same.status).toBe(0);
  });

  it.each<[string, readonly string[], RegExp]>([
    ['no such process', ['self', '4194305'], /ENOENT.*\nThere is no process 4194305 /],
    ['no such file', ['self', '/mnt/none'], /ENOENT.*\nGive a pid, or a file /],
    ['a file that is no table', ['/mnt/neighbour/file', 'self'], /neighbour\/file: mount table, line 1, .*\nA saved /],
    ['a directory', ['/mnt', 'self'], /EISDIR/],
  ])('has status 2 for trouble, as diff(1) has: %s', async (_, words, message) => {
    const { stdout, stderr, status } = await diff(words);
    expect({ stdout, status }).toEqual({ stdout: '', status: 2 });
    expect(stderr).toMatch(/^ns-tool: /);
    expect(stderr).toMatch(message);
  });

  it.each<[string, readonly string[], string]>([
    [
      'an ordinary user',
      ['--reuid', '54321', '--regid', '54321', '--clear-groups'],
      'Process 1 is not yours; run it with sudo.',
    ],
    [
      'root',
      ['--bounding-set', '-sys_ptrace', '--inh-caps', '-sys_ptrace'],
      'You are root, but may not look at process 1: no CAP_SYS_PTRACE, or a security module',
    ],
  ])('says why %s may not read the table of a process, where procfs keeps it secret', async (_, as, hint) => {
    // Of those whom `gid` does not except. proc(5)
    const secret = 'mount -t proc -o hidepid=1,gid=54322 proc /proc && exec "$@"';
    const through = ['unshare', '--mount', 'sh', '-c', secret, 'sh', 'setpriv', ...as];
    const { stdout, stderr, status } = await diff(['1', 'self'], { through });
    expect(stderr).toMatch(/^ns-tool: openat\(.*"\/proc\/1\/mountinfo".*\(EPERM\)\n/);
    expect(stderr.split('\n').slice(1)).toEqual([hint, '']);
    expect({ stdout, status }).toEqual({ stdout: '', status: 2 });
  });

  it.each<[readonly string[], string]>([
    [[], 'error: two mount tables are compared: A and B\nTry: ns-tool diff --help\n'],
    [['self'], 'error: two mount tables are compared: A and B\nTry: ns-tool diff --help\n'],
    [['1', 'self', '2'], 'error: two mount tables are compared: A and B\nTry: ns-tool diff --help\n'],
    [['1', '2', '--jsn'], 'error: unknown option: --jsn\nDid you mean --json?\n'],
  ])('refuses %j', async (words, message) => {
    const { stdout, stderr, status } = await diff(words);
    expect({ stdout, stderr, status }).toEqual({ stdout: '', stderr: message, status: 2 });
  });

  it('is documented with its exit status', async () => {
    const { stdout, status } = await diff(['--help']);
    expect(stdout.replace(/\s+/g, ' ')).toContain('The exit status is as that of diff(1): 0 if they are equal, 1');
    expect(status).toBe(0);
  });

  it('ends as every command does when its reader has gone', async () => {
    const withoutReader = ['perl', '-e', 'pipe(R, W); close(R); open(STDOUT, ">&W"); exec(@ARGV)'];
    const { stderr, status } = await diff([before, after], { through: withoutReader });
    expect({ stderr, status }).toEqual({ stderr: '', status: 141 });
  });

  const hasScript = spawnSync('script', ['--version']).status === 0;
  if (!hasScript) console.warn('skipped, since script(1) is not installed: colours of ns-tool diff');

  it.skipIf(!hasScript)('is in colour on a terminal only, unless NO_COLOR or TERM=dumb says no', async () => {
    const tool = `/node/node /checkout/packages/ns-tool/dist/bin/ns-tool.cjs diff ${before} ${after}`;
    const onTerminal = (env: string) =>
      stand.shell(`env -u NO_COLOR TERM=xterm ${env} script --quiet --return --command '${tool}' /dev/null || true`);
    const green = '\x1b[32m+ /mnt/new';
    expect(await onTerminal('NO_COLOR=')).toContain(green);
    expect(await onTerminal('NO_COLOR=1')).not.toContain('\x1b');
    expect(await onTerminal('TERM=dumb')).not.toContain('\x1b');
    expect(await stand.shell(`${tool} || true`)).not.toContain('\x1b');
  });

  it.skipIf(!hasScript)('breaks no word at the edge of a terminal, and no line in a pipe', async () => {
    const tool = `/node/node /checkout/packages/ns-tool/dist/bin/ns-tool.cjs diff ${before} ${after}`;
    const narrow = await stand.shell(
      `TERM=dumb script --quiet --return --command 'stty cols 20; ${tool}' /dev/null < /dev/null || true`,
    );
    const lines = narrow.replaceAll('\r', '').split('\n');
    expect(lines).toContain('+ /mnt/new  tmpfs,');
    expect(lines.filter((line) => line.startsWith('    '))).not.toEqual([]);
    expect(await stand.shell(`${tool} || true`)).toMatch(/^\+ \/mnt\/new {2}tmpfs, source .*, .*$/m);
  });
});
