/**
 * Makes runs of `child-under-test`, and prints as JSON how each ended.
 *
 * Each is a session of its own. Where a child stops, it waits for a byte of this process, which thus can kill it, or
 * ns-tool, at just that point: also the first process of a pid namespace, which signals from inside do not reach.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { type Act, hasStarted, type Outcome, type Run, type Task } from '../supervised.ts';

/** This process's ends of the descriptors of `child-under-test`, beside its output. */
const REPORT = 3;
const STOPPED = 4;
const GO_ON = 5;

const PROGRAM = `${import.meta.dirname}/child-under-test.cjs`;

/** How long a run may take, and how long what it has started may go on after its end; in milliseconds. */
const PATIENCE = 8000;
const GRACE = 1000;

const { runs, atOnce } = JSON.parse(process.argv[2] as string) as Task;
const outcomes: Outcome[] = [];
const waiting = [...runs.entries()];
const worker = async () => {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) outcomes[next[0]] = await make(next[1]);
};
Promise.all(Array.from({ length: atOnce }, worker)).then(() => process.stdout.write(JSON.stringify(outcomes)));

async function make(run: Run): Promise<Outcome> {
  const { args, changes, of, pause, uid, through = [], env, act } = run;
  const [file, ...words] = [...through, process.execPath, PROGRAM, ...args] as [string, ...string[]];
  const child = spawn(file, words, {
    cwd: '/',
    detached: true,
    env: { PATH: process.env.PATH, ...env, CHANGES: JSON.stringify({ changes, of, pause }) },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
    ...(uid !== undefined && { uid, gid: uid }),
  });
  const session = child.pid as number;
  const ended = new Promise<Pick<Outcome, 'status' | 'signal'>>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (status, signal) => resolve({ status, signal }));
  });

  let hasActed = false;
  const actOnce = async () => {
    if (act === undefined || hasActed) return;
    const pid = pidOf(act.to, session);
    if (pid === undefined) return;
    hasActed = true;
    signal(pid, act.signal);
    if (act.to === 'ns-tool' && act.signal === 'SIGKILL') await ended;
    // What becomes of the second child then is for ns-tool to decide.
    if (act.when === 'stopped' && act.to !== 'first child') streamsOf(child)[GO_ON]?.write('.');
  };
  const written = collect(child, (fd, output) => {
    const when = fd === STOPPED ? 'stopped' : hasStarted(output[1], output[2]) ? 'started' : undefined;
    if (when === act?.when) actOnce();
  });

  let hung = false;
  const patience = setTimeout(() => {
    hung = true;
    for (const { pid } of processesOf(session)) signal(pid, 'SIGKILL');
  }, PATIENCE);
  const end = await ended;
  clearTimeout(patience);
  const left = await survivorsOf(session);
  for (const { pid } of left) signal(pid, 'SIGKILL');
  await Promise.race([
    Promise.all([1, 2, REPORT].map((fd) => atEnd(child, fd))),
    delay(PATIENCE, undefined, { ref: false }),
  ]);
  for (const stream of child.stdio) stream?.destroy();

  const [, stdout = '', stderr = ''] = written;
  return {
    ...end,
    stdout,
    stderr,
    // Its first line: a child that is wrong may write there, too.
    report: JSON.parse(written[REPORT]?.split('\n')[0] || 'null'),
    hasActed,
    hung,
    left: left.map(({ pid, name }) => `${name} (pid ${pid})`),
  };
}

/** Collects what is written to each descriptor, and tells of each piece. */
function collect(child: ChildProcess, tell: (fd: number, output: readonly string[]) => void): readonly string[] {
  const written = child.stdio.map(() => '');
  for (const [fd, stream] of streamsOf(child).entries()) {
    // A process that is killed resets what it has not read.
    stream?.on('error', () => {});
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      written[fd] += chunk;
      tell(fd, written);
    });
  }
  return written;
}

/** Until a descriptor has been read to its end. */
async function atEnd(child: ChildProcess, fd: number): Promise<void> {
  const stream = streamsOf(child)[fd];
  if (stream) await finished(stream, { writable: false }).catch(() => {});
}

/** This process's ends of the descriptors: sockets, but for the first. */
function streamsOf({ stdio }: ChildProcess): readonly (Duplex | null)[] {
  return [...stdio] as (Duplex | null)[];
}

interface Process {
  readonly pid: number;
  readonly name: string;
  /** When it began, in ticks of the clock. */
  readonly began: number;
}

/** The processes of a session that have not ended, the oldest first. proc(5), /proc/PID/stat. */
function processesOf(session: number): readonly Process[] {
  const processes = readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    const stat = statOf(entry);
    const [state = 'X', ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (Number(fields[2]) !== session || /[ZX]/.test(state)) return [];
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
    return [{ pid: Number(entry), name, began: Number(fields[18]) }];
  });
  return processes.sort((one, other) => one.began - other.began || one.pid - other.pid);
}

function statOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    // It has ended since.
    return '';
  }
}

/** The process to which something is to be done. Where several run, the youngest runs the program. */
function pidOf(to: Act['to'], session: number): number | undefined {
  if (to === 'ns-tool') return session;
  const children = processesOf(session).filter(({ pid }) => pid !== session);
  return (to === 'child' ? children.at(-1) : children[0])?.pid;
}

/** What is left of a session after a while; at once if nothing is. */
async function survivorsOf(session: number): Promise<readonly Process[]> {
  for (const until = Date.now() + GRACE; ; await delay(10)) {
    const left = processesOf(session);
    if (left.length === 0 || Date.now() > until) return left;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
