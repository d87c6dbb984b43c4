/** What a container is, by the library and by the command. */
import { execFileSync, spawn as spawnByNode } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { ReadStream } from 'node:tty';
import {
  AT_FDCWD,
  MS_BIND,
  MS_PRIVATE,
  MS_REC,
  NAMESPACE_KINDS,
  namespaceFile,
  programOf,
  S_IFCHR,
  SyscallError,
  showProgram,
  spawn,
  sys,
} from '@ns-tool/syscalls';
import { openTerminal, type RunOptions, run } from 'ns-tool';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { begin, decide } from '../../packages/ns-tool/src/container/container.ts';
import { thisHost } from '../../packages/ns-tool/src/container/host.ts';
import { containerOptions } from '../../packages/ns-tool/src/container/recipe.ts';
import { type Rootfs, rootfsOf } from '../../packages/ns-tool/src/container/rootfs.ts';
import { startTimeOf } from '../../packages/ns-tool/src/container/state.ts';
import { hasChildren } from '../support/children.ts';
import { needsRoot } from '../support/privilege.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { Stand } from '../support/stand.ts';
import { makeRootfs, needsBusybox, prepareStand } from './rootfs.ts';

const isRoot = process.geteuid?.() === 0;

describe.skipIf(needsBusybox('containers'))('run()', () => {
  const scratch = scratchDirectory();
  const rootfs = join(scratch, 'rootfs');
  const places = { store: join(scratch, 'store'), states: join(scratch, 'states') };
  beforeAll(() => makeRootfs(rootfs));
  afterAll(() => {
    const left = [join(places.store, 'containers'), places.states]
      .filter(existsSync)
      .flatMap((path) => readdirSync(path));
    expect({ left, children: hasChildren() }).toEqual({ left: [], children: false });
  });

  const start = (script: string, options: RunOptions = {}, root = rootfs) =>
    run(root, ['sh', '-c', script], { ...places, stdio: ['ignore', 'pipe', 'pipe'], ...options });
  /** What a script prints inside, on both outputs. */
  const inside = async (script: string, options: RunOptions = {}, root = rootfs) => {
    const container = await start(`exec 2>&1; ${script}`, options, root);
    const [printed] = await Promise.all([text(container.stdout as Readable), container.exited]);
    return printed;
  };

  it('returns the status, or the signal', async () => {
    expect(await (await start('exit 7')).exited).toEqual({ status: 7, signal: null });
    const container = await start('sleep 100');
    expect(container.kill('SIGKILL')).toBe(true);
    expect(await container.exited).toEqual({ status: null, signal: 'SIGKILL' });
  });

  it('shows the container its own processes only, of which the command is the first', async () => {
    expect(await inside('echo $$; ps -o pid,comm | sed 1d | wc -l')).toMatch(/^1\n[1-5]\n$/);
  });

  it('makes a namespace of each kind', async () => {
    const kinds = NAMESPACE_KINDS.filter((kind) => kind !== 'time' && (kind !== 'user' || !isRoot)).map(namespaceFile);
    const links = (await inside(`for kind in ${kinds.join(' ')}; do readlink /proc/self/ns/$kind; done`))
      .trim()
      .split('\n');
    expect(links).toHaveLength(kinds.length);
    for (const [i, kind] of kinds.entries()) {
      expect(links[i]).toMatch(new RegExp(`^${kind}:`));
      expect(links[i]).not.toBe(readlinkSync(`/proc/self/ns/${kind}`));
    }
    const net = await inside('readlink /proc/self/ns/net', { network: 'host' });
    expect(net.trim()).toBe(readlinkSync('/proc/self/ns/net'));
  });

  it('has exactly the mounts of the recipe, and not the old root', async () => {
    const table = (await inside('cat /proc/self/mounts'))
      .trim()
      .split('\n')
      .map((line) => line.split(' '));
    // Some files that are hidden are not there on every kernel.
    const hidden = /^\/(proc|sys)\//;
    const nodes = isRoot ? [] : ['full', 'null', 'random', 'tty', 'urandom', 'zero'].map((name) => `/dev/${name}`);
    const targets = table.map(([, target = '']) => target);
    expect(targets.filter((target) => !hidden.test(target)).sort()).toEqual(
      [
        '/',
        '/dev',
        '/dev/mqueue',
        '/dev/pts',
        '/dev/shm',
        '/etc/hostname',
        '/etc/hosts',
        '/etc/resolv.conf',
        '/proc',
        '/sys',
        ...nodes,
      ].sort(),
    );
    const options = Object.fromEntries(table.map(([, target, , options]) => [target, options?.split(',')]));
    expect(options['/']).toContain('nodev');
    expect(options['/sys']).toEqual(expect.arrayContaining(['ro', 'nosuid', 'nodev', 'noexec']));
    expect(options['/proc']).toEqual(expect.arrayContaining(['rw', 'nosuid', 'nodev', 'noexec']));
    expect(options['/proc/sys']).toEqual(expect.arrayContaining(['ro', 'nosuid', 'nodev', 'noexec']));
    expect(targets.filter((target) => hidden.test(target))).toEqual(
      expect.arrayContaining(['/proc/keys', '/proc/irq', '/sys/firmware']),
    );
    expect(table.filter(([, , type]) => type === 'overlay')).toHaveLength(1);
  });

  it('keeps /dev/null a device, whatever walks the files', async () => {
    expect(await inside('find / -xdev > /dev/null; find /dev > /dev/null; stat -c "%F %t %T %a" /dev/null')).toBe(
      'character special file 1 3 666\n',
    );
    expect(await inside('head -c 3 /dev/zero | wc -c; head -c 3 /dev/urandom | wc -c; echo x > /dev/full')).toMatch(
      /^3\n3\n.*No space left/,
    );
    expect(await inside('echo to stdout > /dev/stdout; readlink /dev/ptmx; ls -ld /dev/shm')).toMatch(
      /^to stdout\npts\/ptmx\ndrwxrwxrwt/,
    );
  });

  it('writes nothing to the image, and leaves nothing, not even of what denies access or lies deep', async () => {
    const before = execFileSync('find', [rootfs, '-printf', '%p %m %s %T@\n']).toString();
    const deep = 'i=0; while [ $i -lt 40 ]; do mkdir -p $(printf %0100d 0) && cd $(printf %0100d 0); i=$((i+1)); done';
    expect(
      await inside(`echo x > /etc/passwd; rm /bin/grep; mkdir /locked; touch /locked/x; chmod 000 /locked; ${deep}`),
    ).toBe('');
    expect(execFileSync('find', [rootfs, '-printf', '%p %m %s %T@\n']).toString()).toBe(before);
    expect(readdirSync(join(places.store, 'containers'))).toEqual([]);
  });

  it('can be read-only, but for what is mounted', async () => {
    const mounts = [{ type: 'tmpfs', target: '/new/tmp', flags: 0, data: 'size=1m' }] as const;
    expect(
      await inside('touch /x; touch /etc/x; touch /new/tmp/x && echo written', { readOnly: true, mounts }),
    ).toMatch(/\/x: Read-only.*\n.*\/etc\/x: Read-only.*\nwritten\n$/);
  });

  it('has a host name, a loopback interface, and files that say so', async () => {
    expect(
      await inside('hostname; cat /etc/hostname; grep -c web-1 /etc/hosts; echo $HOSTNAME', { hostname: 'web-1' }),
    ).toBe('web-1\nweb-1\n1\nweb-1\n');
    expect(await inside('ip addr show lo')).toMatch(/LOOPBACK,UP[\s\S]*inet 127\.0\.0\.1\/8/);
    expect(await inside('cat /etc/resolv.conf')).toBe(
      existsSync('/etc/resolv.conf') ? readFileSync('/etc/resolv.conf', 'utf8') : '',
    );
  });

  it('has the environment that is asked for, and none of ours', async () => {
    expect(
      (await inside('env | sort', { env: { A: 'b=c' }, hostname: 'h' }))
        .split('\n')
        .filter((line) => !/^(SHLVL|PWD|_)=/.test(line)),
    ).toEqual([
      'A=b=c',
      'HOME=/root',
      'HOSTNAME=h',
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      '',
    ]);
  });

  it.skipIf(!isRoot)('runs as the user that is asked for, without capabilities', async () => {
    expect(await inside('id; echo $HOME; grep -E "CapEff|CapPrm|CapAmb" /proc/self/status', { user: 'ada' })).toBe(
      'uid=1000(ada) gid=1001(ada) groups=44(video),20(games)\n/home/ada\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nCapAmb:\t0000000000000000\n'.replace(
        '44(video),20(games)',
        '20(games),44(video)',
      ),
    );
    expect(await inside('id -u; id -g', { user: '5:6' })).toBe('5\n6\n');
  });

  it('makes the working directory, but follows no link of /proc into the host', async () => {
    expect(await inside('pwd', { workingDir: '/a/b' })).toBe('/a/b\n');
    const fd = openSync(scratch, 'r');
    onTestFinished(() => closeSync(fd));
    for (const path of ['', '/made']) {
      const error = await start('pwd', { workingDir: `/proc/self/fd/${fd}${path}` }).catch((error) => error);
      expect(error).toMatchObject({ call: 'openat2', code: 'ELOOP' });
    }
    expect(existsSync(join(scratch, 'made'))).toBe(false);
  });

  it('shows volumes, read-only ones with all below them', async () => {
    const data = join(scratch, 'data');
    mkdirSync(data);
    chmodSync(data, 0o777);
    writeFileSync(join(data, 'file'), 'of the host\n');
    const volume = (target: string, readOnly = false, source = data) =>
      ({ type: 'bind', source, target, readOnly }) as const;
    expect(await inside('cat /srv/data/file; echo new > /srv/data/new', { mounts: [volume('/srv/data')] })).toBe(
      'of the host\n',
    );
    expect(readFileSync(join(data, 'new'), 'utf8')).toBe('new\n');
    expect(await inside('touch /data/x', { mounts: [volume('/data', true)] })).toMatch(/Read-only/);
    expect(
      await inside('cat /etc/passwd; cat /dev/x', {
        mounts: [volume('/etc/passwd', false, join(data, 'file')), volume('/dev/x', false, join(data, 'file'))],
      }),
    ).toBe('of the host\n'.repeat(2));
    await expect(start('true', { mounts: [volume('/data', false, join(data, 'none'))] })).rejects.toThrow(
      'no such file or directory',
    );
  });

  it('does without the files of /etc where the image has links to nowhere', async () => {
    const root = join(scratch, 'links');
    makeRootfs(root);
    rmSync(join(root, 'etc/resolv.conf'));
    symlinkSync('../run/resolve/resolv.conf', join(root, 'etc/resolv.conf'));
    expect(await inside('cat /etc/hostname; cat /etc/resolv.conf', { hostname: 'h' }, root)).toMatch(
      /^h\n.*No such file/,
    );
  });

  it('writes its state while it runs, under a name that no other has', async () => {
    const container = await start('sleep 100', { name: 'web' });
    const state = JSON.parse(readFileSync(join(places.states, container.id, 'state.json'), 'utf8'));
    expect(state).toEqual({
      id: container.id,
      name: 'web',
      pid: container.pid,
      startTime: Number(readFileSync(`/proc/${container.pid}/stat`, 'latin1').split(' ')[21]),
      image: rootfs,
      command: ['sh', '-c', 'sleep 100'],
      created: expect.stringMatching(/^\d{4}-.*Z$/),
      bundle: join(places.store, 'containers', container.id),
    });
    await expect(start('true', { name: 'web' })).rejects.toThrow('the name is taken: web');
    container.kill('SIGKILL');
    await container.exited;
    expect(readdirSync(places.states)).toEqual([]);
    expect(await (await start('true', { name: 'web' })).exited).toEqual({ status: 0, signal: null });
  });

  it('has a terminal that the caller has opened, of its size, until its end', async () => {
    const { master, inside: terminal } = openTerminal({ rows: 33, columns: 99 });
    const script = 'tty; stty size; read -r line < /dev/tty; echo "got $line"';
    const container = await run(rootfs, ['sh', '-c', script], { ...places, terminal });
    closeSync(terminal.slave);
    writeSync(master, 'a line\n');
    const screen = new ReadStream(master);
    let shown = '';
    const failures: unknown[] = [];
    screen.on('data', (data) => (shown += data)).on('error', (error) => failures.push(error));
    const closed = new Promise((resolve) => screen.once('close', resolve));
    const [exit] = await Promise.all([container.exited, closed]);
    // Which of both it is, depends on when it looks.
    expect([[], [expect.objectContaining({ code: 'EIO' })]]).toContainEqual(failures);
    // Without what the terminal itself echoes, whenever it does.
    expect(shown.replace('a line\r\n', '')).toBe('/dev/console\r\n33 99\r\ngot a line\r\n');
    expect(exit).toEqual({ status: 0, signal: null });
  });

  it('ends with the process that runs it, however that ends', async () => {
    const [store, states] = [join(scratch, 'killed/store'), join(scratch, 'killed/states')];
    const script = `import('ns-tool').then(async ({ run }) => {
      const [rootfs, store, states] = process.argv.slice(1);
      console.log((await run(rootfs, ['sleep', '986'], { store, states })).pid);
    })`;
    mkdirSync(join(scratch, 'killed'));
    const parent = spawnByNode(process.execPath, ['-e', script, rootfs, store, states], {
      stdio: ['ignore', 'pipe', 2],
    });
    const pid = await new Promise<number>((resolve) => parent.stdout?.once('data', (line) => resolve(Number(line))));
    expect(startTimeOf(pid)).not.toBe(null);
    parent.kill('SIGKILL');
    await expect.poll(() => startTimeOf(pid), { timeout: 10_000 }).toBe(null);
    // The overlay's own directory is closed to its owner, too.
    execFileSync('chmod', ['-R', 'u+rwx', store]);
  });

  it('runs a script without `#!` by the shell, as a shell does', async () => {
    const root = join(scratch, 'script');
    makeRootfs(root);
    writeFileSync(join(root, 'script'), 'echo $1 $$\n', { mode: 0o755 });
    const container = await run(root, ['/script', 'word'], { ...places, stdio: ['ignore', 'pipe', 2] });
    expect(await text(container.stdout as Readable)).toBe('word 1\n');
    expect(await container.exited).toEqual({ status: 0, signal: null });
  });

  it('runs many at once', async () => {
    const containers = await Promise.all(Array.from({ length: 20 }, () => start('exit 3')));
    expect((await Promise.all(containers.map(({ exited }) => exited))).every(({ status }) => status === 3)).toBe(true);
  });

  it('removes all again where it could not start', async () => {
    await expect(run(rootfs, ['no-such-command'], places)).rejects.toMatchObject({ call: 'execve', code: 'ENOENT' });
    expect([readdirSync(places.states), readdirSync(join(places.store, 'containers'))]).toEqual([[], []]);
  });

  it('puts the layers of an image on each other, and does what the image says', async () => {
    const upper = join(scratch, 'upper');
    mkdirSync(join(upper, 'etc'), { recursive: true });
    writeFileSync(join(upper, 'etc/passwd'), 'eve:x:0:0::/eve:/bin/sh\n');
    // A whiteout: the file below is gone.
    sys.mknodat(AT_FDCWD, join(upper, 'etc/group'), S_IFCHR, 0);
    const image: Rootfs = {
      name: 'docker.io/library/test:latest',
      digest: 'sha256:0',
      layers: [rootfs, upper],
      config: {
        entrypoint: ['sh', '-c'],
        cmd: ['pwd; echo $A $B $HOME; ls /etc; cat /etc/hostname'],
        env: ['A=of the image', 'B=too', 'no-value', '=nothing'],
        workingDir: '/srv',
        user: 'eve',
      },
    };
    const at = { ...places, host: thisHost() };
    const decided = decide(sys, image, [], { env: { A: 'given' }, hostname: 'h' }, at);
    const [file, ...args] = decided.plan.argv;
    const stdio = ['ignore', 'pipe', 2] as const;
    const { started, remove } = await begin(
      decided,
      at,
      (own) => spawn(file, args, { ...own, stdio }),
      () => {},
    );
    expect(await text(started.stdout as Readable)).toBe(
      '/srv\ngiven too /eve\nhostname\nhosts\npasswd\nresolv.conf\nh\n',
    );
    expect(await started.exited).toEqual({ status: 0, signal: null });
    expect(readFileSync(join(decided.plan.bundle, 'image'), 'utf8')).toBe('sha256:0');
    await remove();
    expect(decide(sys, image, ['x'], {}, at).plan.argv).toEqual(['sh', '-c', 'x']);
    expect(decide(sys, image, ['x'], { entrypoint: [] }, at).plan.argv).toEqual(['x']);
    expect(() => decide(sys, image, [], { entrypoint: [] }, at)).toThrow('the image says no command to run');
  });

  it('shows the directory itself where there is no overlay, and says so', async () => {
    const root = join(scratch, 'plain');
    makeRootfs(root);
    const decided = decide(
      sys,
      await rootfsOf(root, async () => null),
      ['sh', '-c', 'touch /written'],
      {},
      { ...places, host: thisHost() },
    );
    const warnings: string[] = [];
    const refused = new SyscallError('mount', ['overlay', '', 'overlay', 0, ''], 22);
    let attempts = 0;
    const first = async (options: Parameters<typeof spawn>[2]) => {
      if (attempts++ === 0) throw refused;
      return await spawn('sh', ['-c', 'touch /written'], options);
    };
    const { started, remove } = await begin(decided, { ...places, host: thisHost() }, first, (text) =>
      warnings.push(text),
    );
    expect(await started.exited).toEqual({ status: 0, signal: null });
    await remove();
    expect(warnings).toEqual([expect.stringContaining('no overlay here (EINVAL)')]);
    expect(existsSync(join(root, 'written'))).toBe(true);
  });

  it('in place, works on the directory itself, for which the store has no files', async () => {
    const root = join(scratch, 'in-place');
    makeRootfs(root);
    const container = await start(
      'echo by it > /written; rm /etc/group; mount | head -1; read -r _',
      {
        ...{ inPlace: true, stdio: ['pipe', 'pipe', 2] },
      },
      root,
    );
    const told = new Promise<string>((resolve) => container.stdout?.once('data', (data) => resolve(String(data))));
    expect(await told).not.toMatch(/overlay/);
    expect(existsSync(join(places.store, 'containers', container.id))).toBe(false);
    container.stdin?.end('\n');
    expect(await container.exited).toEqual({ status: 0, signal: null });
    expect(readFileSync(join(root, 'written'), 'utf8')).toBe('by it\n');
    expect(existsSync(join(root, 'etc/group'))).toBe(false);
    expect(await inside('echo x > /more', { inPlace: true, readOnly: true }, root)).toMatch(/Read-only file system/);
    await inside('rm /written; echo x > /more', {}, root);
    expect([existsSync(join(root, 'written')), existsSync(join(root, 'more'))]).toEqual([true, false]);
  });

  it('in place and read-only, writes nothing to the directory, not even where to mount', async () => {
    const root = join(scratch, 'without-proc');
    makeRootfs(root);
    rmSync(join(root, 'proc'), { recursive: true });
    const error = await start('true', { inPlace: true, readOnly: true }, root).catch((error) => error);
    expect(error).toMatchObject({ call: 'mkdirat', code: 'EROFS' });
    expect(existsSync(join(root, 'proc'))).toBe(false);
    expect(await inside('ls -d /proc/self', { inPlace: true }, root)).toBe('/proc/self\n');
    expect(existsSync(join(root, 'proc'))).toBe(true);
  });

  it('in place, is for directories: what an image has, others share', async () => {
    const image: Rootfs = { ...(await rootfsOf(rootfs, async () => null)), name: 'box', digest: 'sha256:0' };
    const at = { ...places, host: thisHost() };
    expect(() => decide(sys, image, ['true'], { inPlace: true }, at)).toThrow('box is an image, and stays as it is');
  });

  it('needs a mount for its root: without one pivot_root(2) refuses', async () => {
    const { plan } = decide(
      sys,
      await rootfsOf(rootfs, async () => null),
      ['true'],
      {},
      { ...places, host: thisHost() },
    );
    const options = containerOptions(plan);
    const error = await spawn('true', [], {
      ...options,
      setup(sys) {
        sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);
        sys.mount(scratch, scratch, null, MS_BIND | MS_REC, null);
        sys.chdir(rootfs);
        sys.pivot_root('.', '.');
      },
    }).catch((error) => error);
    expect(error).toMatchObject({ call: 'pivot_root', code: 'EINVAL' });
  });

  it('is one program, in which the old root is gone before any path of the image is looked up', async () => {
    const { plan } = decide(
      sys,
      await rootfsOf(rootfs, async () => null),
      ['true'],
      {},
      { ...places, host: thisHost() },
    );
    const lines = showProgram(programOf('true', [], containerOptions(plan)));
    const place = (line: RegExp) => lines.findIndex((text) => line.test(text));
    expect(place(/^mount\(NULL, "\/", NULL, MS_REC\|MS_PRIVATE/)).toBeLessThan(place(/^open_tree/));
    const pivot = place(/^pivot_root\("\.", "\."\)/);
    expect(lines.slice(pivot, pivot + 3)).toEqual(['pivot_root(".", ".")', 'umount2(".", MNT_DETACH)', 'chdir("/")']);
    expect(place(/^mkdirat/)).toBeGreaterThan(pivot);
    expect(place(/^prctl\(PR_SET_NO_NEW_PRIVS, 1/)).toBeGreaterThan(place(/^capset/));
    expect(place(/^capset/)).toBeGreaterThan(place(/^setresuid/));
  });
});

describe.skipIf([needsRoot('ns-tool run'), needsBusybox('ns-tool run')].some(Boolean))('ns-tool run', () => {
  const USER = 54321;
  let stand: Stand;
  beforeAll(async () => {
    stand = await Stand.make();
    await stand.shell(prepareStand(USER));
  });
  afterAll(() => stand?.dispose());

  const env = { NS_TOOL_STORE: '/mnt/store' };
  const asUser = { uid: USER, env: { NS_TOOL_STORE: '/mnt/store/user', XDG_RUNTIME_DIR: '/mnt/states' } };
  const ours = (...args: string[]) => stand.run({ program: 'ns-tool', args: ['run', ...args], env });

  it.each([
    ['as root', { env }, '/mnt/rootfs'],
    ['as an ordinary user', asUser, '/mnt/user-rootfs'],
  ] as const)('is not seen outside, %s', async (_, start, rootfs) => {
    const args = [
      'run',
      '--name',
      'web',
      '--tmpfs',
      '/tmp',
      rootfs,
      'sh',
      '-c',
      'mount -t proc x /tmp 2>/dev/null; id -u; exit 5',
    ];
    const { status, stdout, stderr, mountEvent, fileEvents, before, after } = await stand.run({
      program: 'ns-tool',
      args,
      ...start,
    });
    expect({ status, stdout, stderr }).toEqual({ status: 5, stdout: '0\n', stderr: '' });
    expect({ mountEvent, fileEvents }).toEqual({ mountEvent: false, fileEvents: [] });
    expect(after.mountTable).toBe(before.mountTable);
    expect(
      await stand.shell(
        'ls -A /run/ns-tool /mnt/states/ns-tool /mnt/store/containers /mnt/store/user/containers 2>/dev/null || true',
      ),
    ).not.toMatch(/^[0-9a-f]{12}$/m);
  });

  it('takes the options of docker run', async () => {
    const { stdout, stderr } = await ours(
      '-i',
      '--rm',
      '-e',
      'A=1',
      '-eB=2',
      '-w',
      '/w',
      '-u',
      'ada:video',
      '-h',
      'host',
      '--entrypoint',
      'sh',
      '--cap-drop',
      'ALL',
      '/mnt/rootfs',
      '-c',
      'echo $A $B $PWD $(id -u):$(id -g) $(hostname)',
    );
    expect({ stdout, stderr }).toEqual({ stdout: '1 2 /w 1000:44 host\n', stderr: '' });
  });

  it.each([
    ['as root', { env }, '/mnt/rootfs'],
    ['as an ordinary user', asUser, '/mnt/user-rootfs'],
  ] as const)('changes a directory in place, %s', async (_, start, rootfs) => {
    const args = ['run', '--in-place', rootfs, 'sh', '-c', 'echo new > /srv-of-it; mount | sed -n "s/ type.*//p;q"'];
    const { status, stderr, mountEvent } = await stand.run({ program: 'ns-tool', args, ...start });
    expect({ status, stderr, mountEvent }).toEqual({ status: 0, stderr: '', mountEvent: false });
    expect(await stand.shell(`cat ${rootfs}/srv-of-it; rm ${rootfs}/srv-of-it`)).toBe('new\n');
  });

  it('prints the recipe and makes nothing of it', async () => {
    const { stdout, status, mountEvent, after, before } = await ours('--dry-run', '/mnt/rootfs');
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^clone\(.*CLONE_NEWNS.*\)\n[\s\S]*mount\("overlay".*\n[\s\S]*pivot_root\("\.", "\."\)\numount2[\s\S]*execve\("\/bin\/sh", \["\/bin\/sh"\]/,
    );
    expect(mountEvent).toBe(false);
    expect(after).toEqual(before);
  });

  it.each<[readonly string[], number, string]>([
    [[], 2, 'error: no image given'],
    [[''], 2, 'error: no image given'],
    [['debian:12'], 125, 'ns-tool: no such image: debian:12\nGet it: ns-tool pull debian:12'],
    [['./none'], 125, 'ns-tool: no such directory: ./none'],
    [['--network', 'bridge', '/mnt/rootfs'], 2, 'error: --network: unknown: bridge'],
    [['-v', 'data:/data', '/mnt/rootfs'], 2, 'error: -v: volumes have no names here: data'],
    [['-u', 'eve', '/mnt/rootfs'], 125, 'ns-tool: no such user in the image: eve'],
    [['-w', 'x', '/mnt/rootfs'], 2, 'error: the working directory is not absolute: x'],
    [['--name', '../x', '/mnt/rootfs'], 2, 'error: --name: not a name: ../x'],
    [['/mnt/rootfs', 'none'], 127, 'ns-tool: none: command not found'],
    [['/mnt/rootfs', '/etc/passwd'], 126, 'ns-tool: /etc/passwd: not executable'],
    [['--in-place', 'debian:12'], 125, 'ns-tool: no such image: debian:12'],
    [['--cap-add', 'x', '/mnt/rootfs'], 2, 'error: not a capability: x'],
  ])('%j ends with %d', async (args, status, message) => {
    const ended = await ours(...args);
    expect(ended).toMatchObject({ status, stdout: '', stderr: expect.stringContaining(message) });
    expect(ended.stderr).not.toContain('    at ');
  });

  it.each([
    [
      'its files',
      { NS_TOOL_STORE: '/root/store', XDG_RUNTIME_DIR: '/mnt/states' },
      /cannot be read.*\/root\/store.*\n.*--store/,
    ],
    ['its state', { ...asUser.env, XDG_RUNTIME_DIR: '/root/run' }, /\/root\/run\/.*\n.*XDG_RUNTIME_DIR/],
    ['what no directory takes', { ...asUser.env, NS_TOOL_STORE: '/proc/store' }, /\/proc\/store.*ENOENT.*\n.*--store/],
  ] as const)('says where a user may not make %s', async (_, env, told) => {
    const { status, stderr } = await stand.run({
      program: 'ns-tool',
      args: ['run', '/mnt/user-rootfs'],
      uid: USER,
      env,
    });
    expect(status).toBe(125);
    expect(stderr).toMatch(told);
    expect(stderr).toMatch(
      /^ns-tool: (cannot make .*: (Permission denied \(EACCES\)|No such file or directory \(ENOENT\))|the store .*: EACCES: .*)\n.*\n$/,
    );
  });

  it('says what to do where an ordinary user has not the ID', async () => {
    const { status, stderr } = await stand.run({
      program: 'ns-tool',
      args: ['run', '-u', 'ada', '/mnt/user-rootfs'],
      ...asUser,
    });
    expect({ status, stderr }).toEqual({
      status: 125,
      stderr: expect.stringMatching(/setresgid\(1001.*EINVAL[\s\S]*--add-subuids/),
    });
  });

  it('gives a copy of an image that has more layers than an overlay takes', async () => {
    await stand.shell(`
mkdir /mnt/many /mnt/layer && cd /mnt/many
tar -C /mnt/rootfs -cf 0.tar .
for i in $(seq 1 80); do echo $i > /mnt/layer/last; touch /mnt/layer/file-$i; tar -C /mnt/layer -cf $i.tar last file-$i; done
ids=$(sha256sum $(seq -f %g.tar 0 80) | sed 's/ .*/"/; s/^/"sha256:/' | paste -sd,)
layers=$(seq -f '"%g.tar"' 0 80 | paste -sd,)
architecture=$(/node/node -p 'process.arch.replace("x64", "amd64")')
echo '{"os":"linux","architecture":"'$architecture'","rootfs":{"type":"layers","diff_ids":['$ids']},"config":{}}' > config.json
echo '[{"Config":"config.json","Layers":['$layers']}]' > manifest.json
tar -cf /mnt/many.tar *
NS_TOOL_STORE=/mnt/store /node/node /checkout/packages/ns-tool/dist/bin/ns-tool.cjs pull --name many /mnt/many.tar >/dev/null`);
    const { status, stdout, stderr } = await ours('many', 'sh', '-c', 'cat /last; ls -d /file-* | wc -l; id -u');
    expect({ status, stdout }).toEqual({ status: 0, stdout: '80\n80\n0\n' });
    expect(stderr).toMatch(
      /^ns-tool: 81 layers are too many for an overlay: .*: the container gets a copy of the image, .*\n$/,
    );
    expect(await stand.shell('ls -A /mnt/store/containers')).toBe('');
  });

  it('passes signals on, and ends by them with nothing left', async () => {
    const script = 'trap "exit 9" TERM; echo ready; while :; do sleep 0.05; done';
    const ended = await stand.run({
      program: 'ns-tool',
      args: ['run', '/mnt/rootfs', 'sh', '-c', script],
      env,
      signal: { name: 'SIGTERM', after: 'ready' },
    });
    expect(ended).toMatchObject({ signal: 'SIGTERM', mountEvent: false });
    expect(await stand.shell('ls -A /run/ns-tool /mnt/store/containers')).not.toMatch(/^[0-9a-f]{12}$/m);
  });

  it('takes the command along when it is killed', async () => {
    const ended = await stand.run({
      program: 'ns-tool',
      args: ['run', '--name', 'killed', '/mnt/rootfs', 'sh', '-c', 'echo ready; exec sleep 987'],
      env,
      signal: { name: 'SIGKILL', after: 'ready' },
    });
    expect(ended).toMatchObject({ signal: 'SIGKILL', mountEvent: false });
    // Not `pgrep` once: to be killed takes a moment.
    await stand.shell('i=0; while pgrep -fx "sleep 987"; do sleep 0.1; i=$((i+1)); [ $i -lt 100 ]; done');
    // The name is free again, although its state is left for `cleanup`.
    expect((await ours('--name', 'killed', '/mnt/rootfs', 'true')).status).toBe(0);
  });
});
