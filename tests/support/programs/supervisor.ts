/**
 * Makes runs of `child-under-test`, and prints as JSON how each ended.
 *
 * Each has a process group of its own, and a mark by which all are found that it has started. Where a child stops, it waits for a byte of this process, which thus can kill it, or
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

/**
 * Marks of runs: a limit for processes with a priority in real time, of which there are none, in microseconds. All that is
 * started has the limits of its parent, whatever session and namespaces it is in, and nobody changes this one. getrlimit(2)
 * Other supervisors run beside this one.
 */
let marks = process.pid * 100_000;

const { runs, atOnce } = JSON.parse(process.argv[2] as string) as Task;
const outcomes: Outcome[] = [];
const waiting = [...runs.entries()];
const worker = async () => {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) outcomes[next[0]] = await make(next[1]);
};
Promise.all(Array.from({ length: atOnce }, worker)).then(() => process.stdout.write(JSON.stringify(outcomes)));

async function make(run: Run): Promise<Outcome> {
  const { args, changes, of, pause, uid, through = [], env, act } = run;
  const mark = marks++;
  const words = [`--rttime=${mark}`, ...through, process.execPath, PROGRAM, ...args];
  const child = spawn('/usr/bin/prlimit', words, {
    cwd: '/',
    detached: true,
    env: { PATH: process.env.PATH, ...env, CHANGES: JSON.stringify({ changes, of, pause }) },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
    ...(uid !== undefined && { uid, gid: uid }),
  });
  const ended = new Promise<Pick<Outcome, 'status' | 'signal'>>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (status, signal) => resolve({ status, signal }));
  });

  let hasActed = false;
  const actOnce = async () => {
    if (act === undefined || hasActed) return;
    const pid = pidOf(act.to, child.pid as number, mark);
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
    for (const { pid } of processesOf(mark)) signal(pid, 'SIGKILL');
  }, PATIENCE);
  const end = await ended;
  clearTimeout(patience);
  const left = await survivorsOf(mark);
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

/** The processes with a mark that have not ended, the oldest first. proc(5), /proc/PID/stat and /proc/PID/limits. */
function processesOf(mark: number): readonly Process[] {
  const processes = readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    const stat = fileOf(entry, 'stat');
    const [state = 'X', ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (/[ZX]/.test(state) || !hasMark(entry, mark)) return [];
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
    return [{ pid: Number(entry), name, began: Number(fields[18]) }];
  });
  return processes.sort((one, other) => one.began - other.began || one.pid - other.pid);
}

function hasMark(pid: string, mark: number): boolean {
  return new RegExp(`^Max realtime timeout +${mark} `, 'm').test(fileOf(pid, 'limits'));
}

function fileOf(pid: string, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    // It has ended since.
    return '';
  }
}

/** The process to which something is to be done. Where several run, the youngest runs the program. */
function pidOf(to: Act['to'], tool: number, mark: number): number | undefined {
  if (to === 'ns-tool') return tool;
  const children = processesOf(mark).filter(({ pid }) => pid !== tool);
  return (to === 'child' ? children.at(-1) : children[0])?.pid;
}

/** What is left of a run after a while; at once if nothing is. */
async function survivorsOf(mark: number): Promise<readonly Process[]> {
  for (const until = Date.now() + GRACE; ; await delay(10)) {
    const left = processesOf(mark);
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
