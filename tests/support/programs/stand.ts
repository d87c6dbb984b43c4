/**
 * The parent that every test of a command needs, as a process of its own.
 *
 * On a machine whose `/` is private nothing can leak, so no test for leaks can fail. This process therefore makes its own
 * world: a mount namespace with a root of its own, in which every mount is shared. It starts the tool there and watches
 * itself: its mount table with poll(), which also sees a mount that was undone again, and its directories with inotify.
 *
 * The machine's own files are visible, but none of its directories is where a careless `mkdir /x` or `mkdir /mnt/x` would
 * land: the root and /mnt are a tmpfs that dies with this process.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  type FSWatcher,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import {
  AT_FDCWD,
  CLONE_NEWNS,
  MNT_DETACH,
  MS_BIND,
  MS_PRIVATE,
  MS_REC,
  MS_SHARED,
  O_CLOEXEC,
  O_DIRECTORY,
  O_PATH,
  O_RDONLY,
  POLLPRI,
  sys,
} from '@ns-tool/syscalls';
import type { Answer, Ended, Observed, Request, Start, Surroundings } from '../protocol.ts';

/** The checkout and Node, under paths that every user may walk. */
const CHECKOUT = '/checkout';
const NODE = '/node/node';

const PROGRAMS = {
  'ns-tool': `${CHECKOUT}/packages/ns-tool/dist/bin/ns-tool.cjs`,
  'under-test': `${CHECKOUT}/tests/.programs/under-test.cjs`,
  'slave-under-test': `${CHECKOUT}/tests/.programs/slave-under-test.cjs`,
};

/** Where the tool might leave something. */
const WATCHED = ['/', '/mnt', '/mnt/existing', '/mnt/neighbour'];

makeWorld();
process.on('message', async (request: Request) => {
  process.send?.(
    await answer(request).then(
      (value): Answer => ({ value }),
      (error: Error): Answer => ({ error: error.stack ?? String(error) }),
    ),
  );
});
process.on('disconnect', () => process.exit());
process.send?.({ value: 'ready' } satisfies Answer);

function makeWorld(): void {
  sys.unshare(CLONE_NEWNS);
  sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);
  // Opened before /tmp is covered, below which any of them may lie.
  const [checkout, node, oldTmp] = [process.argv[2] as string, dirname(process.execPath), '/tmp'].map((path) =>
    sys.openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC),
  );
  sys.mount('stand', '/tmp', 'tmpfs', 0, 'mode=0755');
  const own = ['mnt', 'tmp', 'checkout', 'node'];
  for (const name of readdirSync('/').filter((name) => !own.includes(name))) show(`/${name}`, `/tmp/${name}`);
  bind(checkout, `/tmp${CHECKOUT}`);
  bind(node, `/tmp${dirname(NODE)}`);
  bind(oldTmp, '/tmp/tmp');
  mkdirSync('/tmp/mnt');
  process.chdir('/tmp');
  sys.pivot_root('.', '.');
  sys.umount2('.', MNT_DETACH);
  process.chdir('/');

  sys.mount('stand', '/mnt', 'tmpfs', 0, 'mode=0755');
  mkdirSync('/mnt/existing', { mode: 0o751 });
  writeFileSync('/mnt/existing/file', 'was here before');
  mkdirSync('/mnt/neighbour');
  writeFileSync('/mnt/neighbour/file', 'still here');
  symlinkSync('neighbour', '/mnt/link');
  sys.mount(null, '/', null, MS_REC | MS_SHARED, null);
}

/** Shows an open directory at a new place. Not recursively: what has just been mounted may lie on it. */
function bind(directory: number | undefined, to: string): void {
  mkdirSync(to);
  sys.mount(`/proc/self/fd/${directory}`, to, null, MS_BIND, null);
  sys.close(directory as number);
}

/** Makes a file or directory of the machine visible under another path. */
function show(from: string, to: string): void {
  const stat = lstatSync(from);
  if (stat.isSymbolicLink()) {
    symlinkSync(readlinkSync(from), to);
    return;
  }
  if (stat.isDirectory()) mkdirSync(to);
  else writeFileSync(to, '');
  sys.mount(from, to, null, MS_BIND | MS_REC, null);
}

async function answer(request: Request): Promise<unknown> {
  if (request.do === 'run') return await observe(request.starts, request.atOnce);
  if (request.do === 'mounts') return mountsOf(request.pid);
  const { status, stdout, stderr } = spawnSync('sh', ['-c', request.script], {
    encoding: 'utf8',
    cwd: '/',
    timeout: 30_000,
  });
  if (status !== 0) throw new Error(`${request.script}: status ${status}\n${stderr}`);
  return stdout;
}

/** The mount table of a process's namespace, whole: as seen from the namespace's root, not from the process's. */
function mountsOf(pid: number): string {
  const own = sys.openat(AT_FDCWD, '/proc/thread-self/ns/mnt', O_RDONLY | O_CLOEXEC);
  const other = sys.openat(AT_FDCWD, `/proc/${pid}/ns/mnt`, O_RDONLY | O_CLOEXEC);
  try {
    sys.setns(other, CLONE_NEWNS);
    return readFileSync('/proc/thread-self/mounts', 'latin1');
  } finally {
    sys.setns(own, CLONE_NEWNS);
    sys.close(other);
    sys.close(own);
  }
}

async function observe(starts: readonly Start[], atOnce: number): Promise<Observed> {
  const before = surroundings();
  const fileEvents: string[] = [];
  const watchers = WATCHED.map((directory) => watchDirectory(directory, fileEvents));
  const table = sys.openat(AT_FDCWD, '/proc/thread-self/mountinfo', O_RDONLY | O_CLOEXEC);
  try {
    const runs: Ended[] = [];
    const waiting = [...starts.entries()];
    const worker = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) runs[next[0]] = await run(next[1]);
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    // inotify reports through the event loop; what happened has been queued by now.
    await delay(5);
    const mountEvent = sys.poll([{ fd: table, events: POLLPRI }], 0) > 0;
    return { runs, before, after: surroundings(), mountEvent, fileEvents };
  } finally {
    for (const watcher of watchers) watcher.close();
    sys.close(table);
  }
}

function watchDirectory(directory: string, events: string[]): FSWatcher {
  return watch(directory, { persistent: false }, (event, name) => {
    events.push(`${event} ${join(directory, name ?? '?')}`);
  });
}

function run(start: Start): Promise<Ended> {
  const argv = [
    ...(start.through ?? []),
    NODE,
    ...(start.nodeOptions ?? []),
    PROGRAMS[start.program],
    ...start.args,
  ] as [string, ...string[]];
  const child = spawn(argv[0], argv.slice(1), {
    cwd: '/',
    env: { PATH: process.env.PATH, ...start.env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    ...(start.uid !== undefined && { uid: start.uid, gid: start.uid }),
  });
  return ended(child, start.signal);
}

function ended(child: ChildProcess, signal: Start['signal']): Promise<Ended> {
  const written = ['', '', '', ''];
  let sent = false;
  for (const fd of [1, 2, 3]) {
    child.stdio[fd]?.on('data', (chunk: Buffer) => {
      written[fd] += chunk.toString('latin1');
      if (signal === undefined || sent || !written[fd]?.includes(signal.after)) return;
      sent = true;
      child.kill(signal.name);
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', async (status, endedBy) => {
      // A process that the command left behind may hold on to the pipes for longer; what the command wrote is there by then.
      await Promise.race([Promise.all([child.stdout, child.stderr].map((stream) => closed(stream))), delay(2000)]);
      for (const stream of child.stdio) stream?.destroy();
      const [, stdout = '', stderr = '', calls = ''] = written.map((text) => Buffer.from(text, 'latin1').toString());
      resolve({ status, signal: endedBy, stdout, stderr, calls: calls.split('\n').filter(Boolean) });
    });
  });
}

function closed(stream: Readable | null): Promise<void> {
  return new Promise((resolve) => (stream === null || stream.closed ? resolve() : stream.once('close', resolve)));
}

function surroundings(): Surroundings {
  return {
    mountTable: readFileSync('/proc/thread-self/mountinfo', 'latin1'),
    files: [...readdirSync('/').map((name) => `/${name}`), ...listFiles('/mnt')],
  };
}

function listFiles(directory: string): string[] {
  return readdirSync(directory).flatMap((name) => {
    const path = join(directory, name);
    const stat = lstatSync(path);
    const line = `${path} ${stat.mode.toString(8)} ${stat.uid} ${stat.mtimeMs} ${stat.ino}`;
    if (stat.isDirectory()) return [line, ...listFiles(path)];
    return stat.isFile() ? [`${line} ${contentOf(path)}`] : [line];
  });
}

/** What tells the contents of files apart: of those of an image, not all that is in them. */
function contentOf(file: string): string {
  const content = readFileSync(file);
  return content.length <= 1024 ? content.toString('latin1') : createHash('sha256').update(content).digest('hex');
}
