/** What the command sees change, and how it ends. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Namespace } from '../mount-table/namespaces.ts';
import { needsRoot } from '../support/privilege.ts';

const program = fileURLToPath(new URL('../../packages/ns-tool/dist/bin/ns-tool.cjs', import.meta.url));

/** The command while it watches. */
class Watcher {
  stdout = '';
  stderr = '';

  private constructor(readonly child: ChildProcess) {
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      this.stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      this.stderr += text;
    });
  }

  static async start(namespaces: readonly Namespace[], ...args: readonly string[]): Promise<Watcher> {
    const pids = namespaces.flatMap(({ pid }) => ['--pid', `${pid}`]);
    const child = spawn(process.execPath, [program, 'mounts', '--watch', ...pids, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' },
    });
    const watcher = new Watcher(child);
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    await watcher.until(() => watcher.stderr.includes('\n'));
    return watcher;
  }

  /** What it printed, without the time, once something is so. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      if (this.child.exitCode !== null || this.child.signalCode !== null) throw new Error(`it ended: ${this.stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** The lines that it has printed, as soon as there are so many. */
  async lines(count: number): Promise<string[]> {
    await this.until(() => this.stdout.split('\n').length > count);
    return this.stdout.split('\n').slice(0, -1);
  }

  async end(signal?: NodeJS.Signals) {
    const ended = once(this.child, 'close');
    if (signal !== undefined) this.child.kill(signal);
    const [status, endedBy] = await ended;
    return { status, signal: endedBy };
  }
}

async function namespace(): Promise<Namespace> {
  const made = await Namespace.make();
  onTestFinished(() => made.dispose());
  await made.shell('mount -t tmpfs base /mnt && mkdir /mnt/a /mnt/b /mnt/c');
  return made;
}

/** For what the kernel tells nobody. */
const OFTEN = ['--interval', '.1'] as const;

/** The system call in which a process waits, and its arguments: proc_pid_syscall(5). */
async function waitOf({ child: { pid } }: Watcher): Promise<readonly string[]> {
  for (;;) {
    const [call, ...args] = readFileSync(`/proc/${pid}/syscall`, 'latin1').trim().split(' ');
    if (call === POLL) return args;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** ppoll(2), which there is on all machines. */
const POLL = process.arch === 'arm64' ? '73' : '271';

const withoutTime = (lines: readonly string[]) => lines.map((line) => line.replace(/^\d\d:\d\d:\d\d /, ''));

describe.skipIf(needsRoot('ns-tool mounts --watch'))('ns-tool mounts --watch', () => {
  it('prints each change as it happens, in order', async () => {
    const inner = await namespace();
    const watcher = await Watcher.start([inner]);
    expect(watcher.stderr).toBe(`Watching the mounts of pid ${inner.pid}; Ctrl-C ends it.\n`);
    const steps: [script: string, expected: RegExp][] = [
      ['mount -t tmpfs -o size=1m new /mnt/a', /^\+ \/mnt\/a {2}new {2}tmpfs {2}rw,relatime,size=1024k {2}private$/],
      ['mount -o remount,bind,ro /mnt/a', /^~ \/mnt\/a {2}options -rw \+ro$/],
      ['mount -o remount,bind,rw /mnt/a', /^~ \/mnt\/a {2}options -ro \+rw$/],
      ['mount -o remount,size=2m /mnt/a', /^~ \/mnt\/a {2}options -size=1024k \+size=2048k \(filesystem\)$/],
      ['mount --move /mnt/a /mnt/b', /^~ \/mnt\/b {2}moved from \/mnt\/a$/],
      ['mount --bind /mnt/b /mnt/c', /^\+ \/mnt\/c {2}new {2}tmpfs /],
      ['umount /mnt/b', /^- \/mnt\/b {2}new {2}tmpfs /],
      ['umount /mnt/c', /^- \/mnt\/c {2}new {2}tmpfs /],
    ];
    for (const [i, [script, expected]] of steps.entries()) {
      await inner.shell(script);
      const lines = await watcher.lines(i + 1);
      expect(lines).toHaveLength(i + 1);
      expect(withoutTime(lines)[i]).toMatch(expected);
    }
    expect(watcher.stdout).toMatch(/^(\d\d:\d\d:\d\d [-+~] .*\n)+$/);
    expect(await watcher.end('SIGINT')).toEqual({ status: null, signal: 'SIGINT' });
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('ends by %s at once', async (signal) => {
    const watcher = await Watcher.start([await namespace()]);
    expect(await watcher.end(signal)).toEqual({ status: null, signal });
    expect(watcher.stdout).toBe('');
  });

  it('prints one JSON object per line', async () => {
    const inner = await namespace();
    const watcher = await Watcher.start([inner], '--json');
    await inner.shell('mount -t tmpfs new /mnt/a');
    await watcher.lines(1);
    await inner.shell('mount -o remount,bind,ro,nosuid /mnt/a');
    await watcher.lines(2);
    await inner.shell('umount /mnt/a');
    const changes = (await watcher.lines(3)).map((line) => JSON.parse(line));
    const id = changes[0].id;
    expect(changes).toMatchObject([
      {
        action: 'mount',
        tid: inner.pid,
        target: '/mnt/a',
        source: 'new',
        fstype: 'tmpfs',
        'vfs-options': 'rw,relatime',
      },
      { action: 'change', id, 'vfs-options': 'ro,nosuid,relatime', old: { 'vfs-options': 'rw,relatime' } },
      { action: 'umount', id, 'vfs-options': 'ro,nosuid,relatime' },
    ]);
    for (const { time } of changes) expect(new Date(time).toISOString()).toBe(time);
  });

  it('watches several namespaces, and ends when the last process has ended', async () => {
    const [one, two] = [await namespace(), await namespace()];
    const watcher = await Watcher.start([one, two]);
    await two.shell('mount -t tmpfs second /mnt/a');
    await watcher.lines(1);
    await one.shell('mount -t tmpfs first /mnt/a');
    await watcher.lines(2);
    await two.dispose();
    await watcher.until(() => watcher.stderr.includes(`pid ${two.pid} has ended.\n`));
    await one.shell('umount /mnt/a');
    expect(withoutTime(await watcher.lines(3)).map((line) => line.split('  ').slice(0, 2))).toEqual([
      [`pid ${two.pid}`, '+ /mnt/a'],
      [`pid ${one.pid}`, '+ /mnt/a'],
      [`pid ${one.pid}`, '- /mnt/a'],
    ]);
    const ended = watcher.end();
    await one.dispose();
    expect(await ended).toEqual({ status: 0, signal: null });
    expect(watcher.stderr).toContain(`pid ${one.pid} has ended.\n`);
  });

  it('ends when nobody reads it any more, without a change', async () => {
    const watcher = await Watcher.start([await namespace()]);
    watcher.child.stdout?.destroy();
    expect(await watcher.end()).toEqual({ status: 141, signal: null });
  });

  it('ends also where that is a pipe, as in a shell', async () => {
    const { pid } = await namespace();
    const command = `{ ${process.execPath} ${program} mounts --watch --pid ${pid} 2>/dev/null; echo $? >&2; } | true`;
    expect(spawnSync('sh', ['-c', command], { encoding: 'utf8', timeout: 30_000 }).stderr).toBe('141\n');
  });

  it('hears of changes from the kernel, and does not look for them', async () => {
    const inner = await namespace();
    const watcher = await Watcher.start([inner]);
    await inner.shell('for i in $(seq 20); do mount -t tmpfs x /mnt/a; sleep 0.05; umount /mnt/a; sleep 0.05; done');
    await inner.shell('mount -t tmpfs x /mnt/b');
    await watcher.until(() => watcher.stdout.includes('+ /mnt/b'));
    // Of 41. Who looks each second sees five at most.
    expect(watcher.stdout.split('\n').length).toBeGreaterThan(15);
  });

  it('shows what the filters let pass', async () => {
    const inner = await namespace();
    const [byType, byState, byPath, below] = await Promise.all([
      Watcher.start([inner], ...OFTEN, '-t', 'proc'),
      Watcher.start([inner], ...OFTEN, '--propagation', 'shared'),
      Watcher.start([inner], ...OFTEN, '/mnt/b'),
      Watcher.start([inner], ...OFTEN, '-R', '/mnt'),
    ]);
    await inner.shell('mount -t tmpfs no /mnt/a');
    await below.lines(1);
    // Each looks for itself, so what comes next waits for all: two changes at once would be one.
    await inner.shell('mount -t proc yes /mnt/b');
    await Promise.all([below.lines(2), byType.lines(1), byPath.lines(1)]);
    await inner.shell('mount --make-shared /mnt/b');
    await Promise.all([below.lines(3), byType.lines(2), byPath.lines(2), byState.lines(1)]);
    await inner.shell('umount /mnt/a');
    await below.lines(4);
    await inner.shell('umount /mnt/b');
    const signs = async (watcher: Watcher, count: number) =>
      withoutTime(await watcher.lines(count)).map((line) => line.split('  ')[0]);
    expect(await signs(below, 5)).toEqual(['+ /mnt/a', '+ /mnt/b', '~ /mnt/b', '- /mnt/a', '- /mnt/b']);
    expect(await signs(byType, 3)).toEqual(['+ /mnt/b', '~ /mnt/b', '- /mnt/b']);
    expect(await signs(byState, 2)).toEqual(['~ /mnt/b', '- /mnt/b']);
    expect(await signs(byPath, 3)).toEqual(['+ /mnt/b', '~ /mnt/b', '- /mnt/b']);
  });

  it('waits for the kernel alone, for as long as it takes', async () => {
    const watcher = await Watcher.start([await namespace()]);
    const [, , timeout] = await waitOf(watcher);
    expect(timeout).toBe('0x0');
  });

  it('shows a change of propagation, of which the kernel tells nobody, with the next event', async () => {
    const inner = await namespace();
    const watcher = await Watcher.start([inner]);
    await inner.shell('mount --make-shared /mnt && mount -t tmpfs new /mnt/a');
    const lines = withoutTime(await watcher.lines(2));
    expect(lines[0]).toMatch(/^~ \/mnt {2}private → shared:\d+$/);
    expect(lines[1]).toMatch(/^\+ \/mnt\/a {2}new /);
  });

  it('with --interval looks as often for such a change', async () => {
    const inner = await namespace();
    const watcher = await Watcher.start([inner], ...OFTEN);
    const [, , timeout] = await waitOf(watcher);
    expect(timeout).not.toBe('0x0');
    await inner.shell('mount --make-shared /mnt');
    expect(withoutTime(await watcher.lines(1))[0]).toMatch(/^~ \/mnt {2}private → shared:\d+$/);
    await inner.shell('mount --make-slave /mnt');
    expect(withoutTime(await watcher.lines(2))[1]).toMatch(/^~ \/mnt {2}shared:\d+ → private$/);
  });

  it('hears of the end of a process that nobody has waited for', async () => {
    // Who watches is its parent here, and waits for no child.
    const script = `sleep 1000 & exec ${process.execPath} ${program} mounts --watch --pid $!`;
    const child = spawn('sh', ['-c', script], { stdio: ['ignore', 'ignore', 'pipe'] });
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
      const watched = /^Watching the mounts of pid (\d+);/.exec(text)?.[1];
      if (watched !== undefined) process.kill(Number(watched), 'SIGKILL');
    });
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(stderr).toMatch(/\npid \d+ has ended\.\n$/);
  });

  const [major = 0, minor = 0] = release().split('.').map(Number);
  const knowsThreads = major > 6 || (major === 6 && minor >= 9);
  if (!knowsThreads) console.warn('skipped, since Linux 6.9 is wanted: the end of a thread that is watched');

  it.skipIf(!knowsThreads)('hears of the end of a thread', async () => {
    const child = spawn(process.execPath, ['-e', 'console.log("up"); process.stdin.resume()']);
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    await once(child.stdout, 'data');
    const thread = readdirSync(`/proc/${child.pid}/task`).find((tid) => Number(tid) !== child.pid);
    const watcher = await Watcher.start([], '--pid', `${thread}`);
    await waitOf(watcher);
    const ended = watcher.end();
    child.stdin.end();
    expect(await ended).toEqual({ status: 0, signal: null });
    expect(watcher.stderr).toContain(`pid ${thread} has ended.\n`);
  });

  it('follows a process that has gone to another namespace, from the next event on', async () => {
    const other = await namespace();
    const inner = await namespace();
    const mover = spawn('nsenter', ['-t', `${inner.pid}`, '-m', 'sh'], { stdio: ['pipe', 'pipe', 'inherit'] });
    onTestFinished(() => {
      mover.kill('SIGKILL');
    });
    const does = async (script: string) => {
      mover.stdin.write(`${script}\n`);
      await once(mover.stdout, 'data');
    };
    await does('echo there');
    const watcher = await Watcher.start([other], '--pid', `${mover.pid}`, '/mnt/a');
    await does("exec unshare -m --propagation private sh -c 'echo elsewhere; exec sh'");
    await other.shell('mount -t tmpfs x /mnt/a');
    await watcher.lines(1);
    await does('mount -t tmpfs y /mnt/a; echo mounted');
    await watcher.until(() => watcher.stdout.includes('  y  '));
  });

  const hasScript = spawnSync('script', ['--version']).status === 0;
  if (!hasScript) console.warn('skipped, since script(1) is not installed: ns-tool mounts --watch in a terminal');

  /** What the command shows in a terminal, and how it ends. `act` gets what it has shown, and can type. */
  async function inTerminal(args: string, act: (shown: string, keyboard: Writable) => void) {
    const command = `${process.execPath} ${program} mounts --watch ${args}`;
    const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', TERM: 'xterm' },
    });
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    let shown = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      shown += text;
      act(shown, child.stdin);
    });
    const [status] = await once(child, 'close');
    return { shown, status };
  }

  it.skipIf(!hasScript)('says in a terminal that some changes send no event; Ctrl-C ends it', async () => {
    const { pid } = await namespace();
    const { status } = await inTerminal(`--pid ${pid}`, (shown, keyboard) => {
      const isSaid = shown.includes('Changes of propagation by mount(2) send no event: see --interval');
      if (isSaid && !keyboard.writableEnded) keyboard.end('\x03');
    });
    expect(status).toBe(128 + 2);
  });

  it.skipIf(!hasScript)('does not say so with --interval, which is for these', async () => {
    const inner = await namespace();
    const { shown, status } = await inTerminal(`--pid ${inner.pid} ${OFTEN.join(' ')}`, (shown, keyboard) => {
      if (!shown.includes('Ctrl-C ends it.') || keyboard.writableEnded) return;
      keyboard.end();
      void inner.dispose();
    });
    expect(shown).toContain(`pid ${inner.pid} has ended.`);
    expect(shown).not.toContain('mount(2)');
    expect(status).toBe(0);
  });

  it('says nothing of that to a file', async () => {
    const watcher = await Watcher.start([await namespace()]);
    await waitOf(watcher);
    expect(watcher.stderr).not.toContain('--interval');
  });
});
