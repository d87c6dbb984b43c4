/** A container with a small init as its first process: `run({ init: true })` and `ns-tool run --init`. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type RunOptions, run } from 'ns-tool';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChildren } from '../support/children.ts';
import { needsRoot } from '../support/privilege.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { Stand } from '../support/stand.ts';
import { makeRootfs, needsBusybox, prepareStand } from './rootfs.ts';

/** Signals that the shell inside can trap, and that no init has a use of its own for. */
const SIGNALS = Array.from({ length: 31 }, (_, i) => i + 1).filter((signal) => ![9, 17, 19].includes(signal));

describe.skipIf(needsBusybox('an init'))('run() with an init', () => {
  const scratch = scratchDirectory();
  const rootfs = join(scratch, 'rootfs');
  const places = { store: join(scratch, 'store'), states: join(scratch, 'states') };
  beforeAll(() => {
    makeRootfs(rootfs);
    writeFileSync(join(rootfs, 'script'), 'echo $1 $PPID\n', { mode: 0o755 });
    writeFileSync(join(rootfs, 'text'), '');
  });
  afterAll(() => {
    const left = [join(places.store, 'containers'), places.states].filter(existsSync).flatMap((at) => readdirSync(at));
    expect({ left, children: hasChildren() }).toEqual({ left: [], children: false });
  });

  const start = (script: string, options: RunOptions = {}) =>
    run(rootfs, ['sh', '-c', script], { ...places, init: true, stdio: ['ignore', 'pipe', 2], ...options });
  const ended = async (script: string, options?: RunOptions) => {
    const container = await start(script, options);
    const [stdout, exit] = await Promise.all([text(container.stdout as Readable), container.exited]);
    return { stdout, ...exit };
  };

  it('has it as PID 1, and the command as its child', async () => {
    const { stdout, ...exit } = await ended('echo $PPID; cat /proc/1/cmdline; echo; cat /proc/1/comm; exit 7');
    expect(stdout.replace('\0', '')).toBe('1\nns-tool-init\nns-tool-init\n');
    expect(exit).toEqual({ status: 7, signal: null });
  });

  it('has one environment, one user, and the same few capabilities for both', async () => {
    const fields = 'grep -E "^(Uid|Gid|Groups|Cap|NoNew|Seccomp)" /proc';
    const script = `grep -c A=b /proc/1/environ; one=$(${fields}/1/status); echo "$one"; [ "$one" = "$(${fields}/self/status)" ] && echo same`;
    const { stdout } = await ended(script, { env: { A: 'b' }, capDrop: ['ALL'] });
    expect(stdout).toMatch(/^1\n[\s\S]*CapBnd:\s0+\n[\s\S]*NoNewPrivs:\s1\n[\s\S]*same\n$/);
  });

  it('ends with 128 + n where signal n has ended the command, which without an init would ignore it', async () => {
    expect(await ended('kill -9 $$')).toMatchObject({ status: 137, signal: null });
    const container = await start('echo; exec sleep 100');
    await new Promise((resolve) => container.stdout?.once('data', resolve));
    container.kill('SIGTERM');
    expect(await container.exited).toEqual({ status: 143, signal: null });
  });

  it('passes every signal on', async () => {
    const traps = SIGNALS.map((signal) => `trap 'echo ${signal}' ${signal}`).join('\n');
    const container = await start(`${traps}\necho 0; while :; do sleep 0.05; done`);
    const output = container.stdout as Readable;
    output.setEncoding('utf8');
    let heard = '';
    const waiting = [...SIGNALS];
    const all = new Promise((resolve) =>
      output.on('data', (chunk: string) => {
        heard += chunk;
        const lines = heard.split('\n').length - 1;
        for (; SIGNALS.length - waiting.length < lines && waiting.length > 0; ) {
          process.kill(container.pid, waiting.shift());
        }
        if (lines > SIGNALS.length) resolve(null);
      }),
    );
    await all;
    container.kill('SIGKILL');
    await container.exited;
    expect(heard).toBe([0, ...SIGNALS].map((signal) => `${signal}\n`).join(''));
  });

  it('reaps orphans, however many', async () => {
    const script = `i=0; while [ $((i += 1)) -le 200 ]; do (true & true &); done
      i=0; until set -- /proc/[0-9]*; [ $# -le 2 ] || [ $((i += 1)) -gt 200 ]; do sleep 0.02; done; echo $#`;
    expect((await ended(script)).stdout).toBe('2\n');
  });

  it.each([
    ['no-such-command', 'ENOENT'],
    ['/text', 'EACCES'],
  ])('cannot start %s any more than without one', async (command, code) => {
    for (const init of [true, false]) {
      const error = await run(rootfs, [command], { ...places, init }).catch((error) => error);
      expect(error).toMatchObject({ name: 'SyscallError', call: 'execve', code });
    }
  });

  it('runs a script without `#!` by the shell', async () => {
    const container = await run(rootfs, ['/script', 'word'], { ...places, init: true, stdio: ['ignore', 'pipe', 2] });
    expect(await text(container.stdout as Readable)).toBe('word 1\n');
    expect(await container.exited).toEqual({ status: 0, signal: null });
  });

  it('is not held up by a command that is stopped', async () => {
    const container = await start('kill -STOP $$; echo goes on; exit 3');
    const child = () => readFileSync(`/proc/${container.pid}/task/${container.pid}/children`, 'latin1').trim();
    const state = () => /^State:\t(.)/m.exec(readFileSync(`/proc/${child()}/status`, 'latin1'))?.[1];
    await expect.poll(state).toBe('T');
    container.kill('SIGCONT');
    expect(await text(container.stdout as Readable)).toBe('goes on\n');
    expect(await container.exited).toEqual({ status: 3, signal: null });
  });

  it('takes all with it when it is killed', async () => {
    const container = await start('sleep 985 & echo; sleep 985');
    await new Promise((resolve) => container.stdout?.once('data', resolve));
    container.kill('SIGKILL');
    expect(await container.exited).toEqual({ status: null, signal: 'SIGKILL' });
    await text(container.stdout as Readable);
  });
});

describe.skipIf([needsRoot('ns-tool run --init'), needsBusybox('ns-tool run --init')].some(Boolean))(
  'ns-tool run --init',
  () => {
    const USER = 54321;
    let stand: Stand;
    beforeAll(async () => {
      stand = await Stand.make();
      await stand.shell(prepareStand(USER));
      return () => stand.dispose();
    });
    const asRoot = { env: { NS_TOOL_STORE: '/mnt/store' } };
    const asUser = { uid: USER, env: { NS_TOOL_STORE: '/mnt/store/user', XDG_RUNTIME_DIR: '/mnt/states' } };

    it.each([
      ['as root', asRoot, '/mnt/rootfs'],
      ['as an ordinary user', asUser, '/mnt/user-rootfs'],
    ] as const)('ends by a signal, as the command does that knows nothing of it, %s', async (_, start, rootfs) => {
      const args = ['run', '--init', rootfs, 'sh', '-c', 'echo $PPID ready; exec sleep 984'];
      const signal = { name: 'SIGTERM', after: 'ready' } as const;
      const ended = await stand.run({ program: 'ns-tool', args, signal, ...start });
      expect(ended).toMatchObject({ signal: 'SIGTERM', stdout: '1 ready\n', stderr: '', mountEvent: false });
    });

    it('ends with ns-tool, also if that is killed', async () => {
      const args = ['run', '--init', '/mnt/rootfs', 'sh', '-c', 'sleep 982 & echo ready; exec sleep 982'];
      const signal = { name: 'SIGKILL', after: 'ready' } as const;
      expect(await stand.run({ program: 'ns-tool', args, signal, ...asRoot })).toMatchObject({ signal: 'SIGKILL' });
      // Not `pgrep` once: to be killed takes a moment.
      await stand.shell('i=0; while pgrep -fx "sleep 982"; do sleep 0.1; i=$((i+1)); [ $i -lt 100 ]; done');
    });

    it.each([
      [['none'], 127, 'ns-tool: none: command not found\n'],
      [['/etc/passwd'], 126, 'ns-tool: /etc/passwd: not executable\n'],
      [['sh', '-c', 'exit 5'], 5, ''],
    ])('%j ends with %d', async (words, status, stderr) => {
      const args = ['run', '--init', '/mnt/rootfs', ...words];
      expect(await stand.run({ program: 'ns-tool', args, ...asRoot })).toMatchObject({ status, stdout: '', stderr });
    });

    it('shows what it does, and what it would do', async () => {
      const args = ['--init', '/mnt/rootfs', '/bin/true'];
      const dry = await stand.run({ program: 'ns-tool', args: ['run', '--dry-run', ...args], ...asRoot });
      expect(dry.stdout).toMatch(
        /\nexecveat\(\d+, "", \["ns-tool-init", "1", "3", "1", "\/bin\/true", "\/bin\/true"\], .*, AT_EMPTY_PATH\)\nclone\(CLONE_VFORK\|SIGCHLD\)\nexecve\("\/bin\/true", \["\/bin\/true"\], .*\)\n$/,
      );
      const traced = await stand.run({ program: 'ns-tool', args: ['run', '--trace', ...args], ...asRoot });
      expect(traced.stderr).toMatch(
        /\nexecveat\(.*, AT_EMPTY_PATH\) = 0\nclone\(CLONE_VFORK\|SIGCHLD\) = 0\nexecve\("\/bin\/true", .*\) = 0\n$/,
      );
    });

    // Linux 6.3. The setting is that of a pid namespace.
    it.skipIf(!existsSync('/proc/sys/vm/memfd_noexec'))(
      'says what to do where programs in memory are forbidden',
      async () => {
        const through = (value: number) => [
          ...['unshare', '--pid', '--fork', '--mount-proc', 'sh', '-c'],
          `echo ${value} > /proc/sys/vm/memfd_noexec; exec "$@"`,
          'sh',
        ];
        const args = ['run', '/mnt/rootfs', 'true'];
        const forbidden = await stand.run({ program: 'ns-tool', args, through: through(2), ...asRoot });
        expect(forbidden).toMatchObject({ status: 125, stdout: '' });
        expect(forbidden.stderr).toMatch(/^ns-tool: memfd_create\(.*\(EACCES\)\n.*vm\.memfd_noexec=1\n$/);
        expect(await stand.run({ program: 'ns-tool', args, through: through(1), ...asRoot })).toMatchObject({
          status: 0,
        });
      },
    );

    it('lets others be started beside the command, by exec', async () => {
      await stand.shell(`cat > /mnt/beside <<'END'
tool="/node/node /checkout/packages/ns-tool/dist/bin/ns-tool.cjs"
$tool run --init --name box /mnt/rootfs sleep 983 < /dev/null &
until $tool exec box true 2> /dev/null; do sleep 0.05; done
$tool exec box ps -o comm
$tool stop box; wait $!; echo $?
END`);
      const ended = await stand.run({ program: 'ns-tool', args: [], through: ['sh', '/mnt/beside'], ...asRoot });
      expect(ended.stdout).toBe('COMMAND\nns-tool-init\nsleep\nps\nbox: ended\n143\n');
    });
  },
);
