/** `ns-tool reach`, run. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { errnoNumber, sys } from '@ns-tool/syscalls';
import { dirSync } from 'tmp-promise';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { survey } from '../../packages/ns-tool/src/mount-reach/survey.ts';
import { Namespace } from '../mount-table/namespaces.ts';
import { expectUnnoticed } from '../support/checks.ts';
import { withFault } from '../support/faults.ts';
import { needsRoot } from '../support/privilege.ts';
import { Stand } from '../support/stand.ts';
import { type Document, reach } from './world.ts';

/** Runs the tool beside a process that sleeps in a mount namespace of its own, with its pid in $pid. */
const beside = (start: string, script = '"$@"') => ({
  through: [
    'sh',
    '-c',
    `${start} >/dev/null 2>&1 & pid=$!
     until grep -q sleep /proc/$pid/comm; do :; done
     echo $pid >&2; readlink /proc/$pid/ns/mnt >&2
     ${script}; status=$?; kill $pid; exit $status`,
    'sh',
  ],
});

describe.skipIf(needsRoot('ns-tool reach'))('ns-tool reach', () => {
  let stand: Stand;
  beforeAll(async () => {
    stand = await Stand.make();
  });
  afterAll(() => stand.dispose());

  const run = (args: readonly string[], more: object = {}) =>
    stand.run({ program: 'ns-tool', args: ['reach', ...args], ...more });

  it('names the namespace, the process, the path and the reason, and is not noticed', async () => {
    const copy = beside('unshare -m --propagation unchanged sleep 30');
    const { stdout, stderr, status, ...observed } = await run(['/mnt/link/x'], copy);
    const [pid, namespace] = stderr.split('\n');
    const lines = stdout.split('\n');
    expect(lines.slice(0, 4)).toEqual([
      '/mnt/link/x leads to /mnt/neighbour/x.',
      '/mnt/neighbour/x does not exist; what follows is for a directory made there, in /mnt/neighbour.',
      expect.stringMatching(/^\/mnt\/neighbour\/x is on the mount at \/mnt \(tmpfs\): shared, in peer group \d+\.$/),
      'A mount made at /mnt/neighbour/x would also appear at:',
    ]);
    expect(lines[4]?.replace(/ +/g, ' ')).toMatch(
      /^ mnt:\[\d+\] pid \d+ \(sleep\) \/mnt\/neighbour\/x peer of group \d+$/,
    );
    expect(lines[4]).toContain(`${namespace}  pid ${pid} (sleep)`);
    expect(lines.slice(5)).toEqual([
      'To keep mounts on it from all others (or with --make-slave, to go on receiving):',
      '  mount --make-private /mnt',
      '',
    ]);
    expect(status).toBe(0);
    expectUnnoticed(observed);
  });

  it('says that it is nowhere else', async () => {
    const { stdout, status } = await run(['/mnt/existing']);
    expect(stdout).toMatch(/^Nowhere else: \/mnt is shared, but no other mount .* receives from group \d+\.$/m);
    expect(status).toBe(0);
  });

  it('asks for another process, whose path it is', async () => {
    const other = beside(
      "unshare -m --propagation slave sh -c 'mount -t tmpfs own /mnt/existing; exec sleep 30'",
      '"$@" --pid $pid',
    );
    const { stdout, stderr, status } = await run(['/mnt/existing/x'], other);
    const [pid] = stderr.split('\n');
    expect(stdout).toBe(
      [
        '/mnt/existing/x does not exist; what follows is for a directory made there, in /mnt/existing.',
        '/mnt/existing/x is on the mount at /mnt/existing (tmpfs): private.',
        'Nowhere else: /mnt/existing is private.',
        'To let those see it that copy or bind the mount from then on:',
        `  nsenter --target ${pid} --mount --root mount --make-shared /mnt/existing`,
        '',
      ].join('\n'),
    );
    expect(status).toBe(0);
  });

  it('prints JSON', async () => {
    const slave = beside('unshare -m --propagation slave sleep 30', '"$@" --json');
    const { stdout, stderr, status } = await run(['/mnt/existing/../neighbour'], slave);
    const [pid, namespace = ''] = stderr.split('\n');
    const { mount, places, ...rest }: Document = JSON.parse(stdout);
    expect(mount).toMatchObject({ mountPoint: '/mnt', source: 'stand', type: 'tmpfs' });
    expect(rest).toEqual({
      path: '/mnt/neighbour',
      exists: true,
      state: 'shared',
      unreadable: expect.any(Number),
      unknown: expect.any(Number),
    });
    expect(places).toEqual([
      {
        namespace: Number(/\d+/.exec(namespace)),
        pid: Number(pid),
        command: 'sleep',
        path: '/mnt/neighbour',
        reason: { kind: 'slave', group: mount.peerGroup, via: null },
        visible: true,
      },
    ]);
    expect(status).toBe(0);
  });

  it('answers an ordinary user as far as he may read, and says so', async () => {
    const own = beside('unshare -Urm --propagation unchanged sleep 30');
    const { stdout, stderr, status } = await run(['/mnt/existing'], { ...own, uid: 54321 });
    const [pid, namespace, limits] = stderr.split('\n');
    expect(stdout.replace(/ +/g, ' ')).toMatch(/^ mnt:\[\d+\] pid \d+ \(sleep\) \/mnt\/existing slave of group \d+$/m);
    expect(stdout).toContain(`${namespace}  pid ${pid} (sleep)`);
    expect(limits).toMatch(/^\d+ process(es)? may not be read, so .*; sudo shows all\.$/);
    expect(status).toBe(0);
    const asJson = await run(['/mnt/existing', '--json'], { uid: 54321 });
    expect(JSON.parse(asJson.stdout).unreadable).toBeGreaterThan(0);
  });

  it('gives the lowest pid of those who see it there, once', async () => {
    const script = `nsenter --target $pid --mount sleep 30 >/dev/null 2>&1 & second=$!
      until grep -q sleep /proc/$second/comm; do :; done
      "$@" --json; status=$?; kill $second; (exit $status)`;
    const { stdout, stderr } = await run(['/mnt'], beside('unshare -m --propagation unchanged sleep 30', script));
    const { places }: Document = JSON.parse(stdout);
    expect(places.map(({ pid }) => String(pid))).toEqual([stderr.split('\n')[0]]);
  });

  it('does not take a path that is told from its own root for one that is told from another', async () => {
    const apart = await Stand.forTest();
    await apart.shell('mkdir -p /j/n /n && mount --rbind / /j');
    // Has its root in the mount at /j, at j/n. Who has that mount as root is told /j/n; to others, that is n in the mount.
    const jailed = `perl -e 'chroot("/j/j/n") or die; $0 = "sleep"; sleep 30'`;
    const { stdout, stderr, status } = await apart.run({
      program: 'ns-tool',
      args: ['reach', '/n/y', '--json'],
      ...beside(jailed, 'chroot /j "$@"'),
    });
    const { places, unknown }: Document = JSON.parse(stdout);
    expect(places.map(({ path }) => path)).toContain('/j/n/y');
    expect(places.map(({ pid }) => String(pid))).not.toContain(stderr.split('\n')[0]);
    expect(unknown).toBeGreaterThan(0);
    expect(status).toBe(0);
  });

  it.each<[string, readonly string[], object, RegExp]>([
    ['no such process', ['/', '--pid', '4194305'], {}, /ENOENT\)\nThere is no process 4194305, /],
    [
      "another's process",
      ['/', '--pid', '1'],
      { uid: 54321 },
      /EACCES\)\nProcess 1 is not yours; run it with sudo\.\n$/,
    ],
    [
      'a process that root may not look at',
      ['/', '--pid', '1'],
      { through: ['setpriv', '--bounding-set', '-sys_ptrace', '--inh-caps', '-sys_ptrace'] },
      /EACCES\)\nYou are root, but may not look at process 1: no CAP_SYS_PTRACE, or a security module\n$/,
    ],
    [
      'a directory that may not be searched',
      ['/mnt/secret/x'],
      { uid: 54321 },
      /^ns-tool: \/mnt\/secret may not be searched: .*\nRun it with sudo/,
    ],
    ['a file in the way', ['/mnt/existing/file/x'], {}, /^ns-tool: \/mnt\/existing\/file is not a directory/],
    ['a link of procfs', ['/proc/self/cwd'], {}, /^ns-tool: \/proc\/self is a link of procfs.*\nGive the path/],
  ])('fails: %s', async (_, words, more, message) => {
    await stand.shell('mkdir -p -m 700 /mnt/secret');
    const { stdout, stderr, status } = await run(words, more);
    expect({ stdout, status }).toEqual({ stdout: '', status: 1 });
    expect(stderr).toMatch(message);
  });

  it.each<[readonly string[], string]>([
    [[], 'error: one path is wanted: where the mount would be made\nTry: ns-tool reach --help\n'],
    [['/a', '/b'], 'error: one path is wanted: where the mount would be made\nTry: ns-tool reach --help\n'],
    [['mnt'], 'error: not an absolute path: "mnt"\nGive it from /: ns-tool reach /mnt\n'],
    [[''], 'error: not an absolute path: ""\nGive it from /: ns-tool reach /mnt\n'],
    [['/', '--pid', 'self'], 'error: not a pid: "self"\nGive the number of a process: --pid 1\n'],
    [['/', '--pid', '0'], 'error: not a pid: "0"\nGive the number of a process: --pid 1\n'],
    [['/', '--pid'], 'error: --pid needs a value\nTry: ns-tool reach --help\n'],
  ])('refuses %j', async (words, message) => {
    const { stdout, stderr, status } = await run(words);
    expect({ stdout, stderr, status }).toEqual({ stdout: '', stderr: message, status: 2 });
  });
});

describe.skipIf(needsRoot('a root directory that no table shows'))('ns-tool reach', () => {
  it('says whose root directory no table shows, until one does', async () => {
    const folder = dirSync({ prefix: 'ns-tool-test' });
    const jail = spawn(
      'unshare',
      ['--mount', 'perl', '-e', '$| = 1; chroot($ARGV[0]) && print "in"; sleep 60', folder.name],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    onTestFinished(() => {
      jail.kill('SIGKILL');
      folder.removeCallback();
    });
    await once(jail.stdout, 'data');
    const pid = String(jail.pid);
    const unknown = reach('/x', '--pid', pid);
    expect(unknown).toEqual({
      stdout: '',
      stderr:
        'ns-tool: /x: not known, since no table shows the mount that holds it\n' +
        'Its root directory is no mount point, as after chroot(1), and no process sees more of the namespace.\n',
      status: 1,
    });
    expect(reach('/').stderr).toMatch(new RegExp(`the root directory of .*pid ${pid}\\b`));
    expect(JSON.parse(reach('/', '--json').stdout).unknown).toBeGreaterThan(0);

    const whole = spawn('nsenter', ['--target', pid, '--mount', 'sh', '-c', 'echo in; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void whole.kill('SIGKILL'));
    await once(whole.stdout, 'data');
    const { stdout, status } = reach('/x', '--pid', pid, '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      mount: { mountPoint: '/' },
      places: [{ pid: whole.pid, path: `${folder.name}/x`, reason: { kind: 'same mount' }, visible: true }],
    });
    expect(status).toBe(0);
    expect(reach('/').stderr).not.toMatch(new RegExp(`pid ${pid}\\b`));
  });

  it('fails with the error of the process asked about, if its table may not be read', async () => {
    const namespace = await Namespace.make('private');
    onTestFinished(() => namespace.dispose());
    const { pid } = namespace;
    const refusing = withFault(sys, { at: `openat(AT_FDCWD, "/proc/${pid}/mountinfo"`, errno: errnoNumber('EACCES') });
    expect(() => survey(refusing, pid)).toThrow(/mountinfo.*EACCES/);
    expect(survey(sys, pid).asked.pid).toBe(pid);
  });

  it('answers for a thread with a namespace of its own, which /proc does not list', async () => {
    const code = `
      const { parentPort } = require('node:worker_threads');
      import(${JSON.stringify(import.meta.resolve('@ns-tool/syscalls'))}).then(({ sys, CLONE_NEWNS }) => {
        sys.unshare(CLONE_NEWNS);
        parentPort.postMessage(require('node:fs').readlinkSync('/proc/thread-self'));
      });
      parentPort.on('message', () => {});`;
    const worker = new Worker(code, { eval: true });
    onTestFinished(async () => void (await worker.terminate()));
    const [thread] = await once(worker, 'message');
    const tid = String(thread).split('/')[2] ?? '';
    const { status, stdout } = reach('/', '--pid', tid, '--json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout).mount.mountPoint).toBe('/');
  });
});
