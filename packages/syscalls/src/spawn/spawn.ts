/** Starting a process in namespaces, with no native addon of our own and no helper program. */
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { PR_GET_DUMPABLE, PR_SET_DUMPABLE } from '../constants.ts';
import { errnoNumber } from '../errno.ts';
import { cloneInto } from '../native.ts';
import type { Program } from '../record.ts';
import { sys } from '../run.ts';
import { isErrno, SyscallError } from '../syscall-error.ts';
import { type Exit, exitOf, whenEnded } from './children.ts';
import { giveIdMaps } from './id-maps.ts';
import { type Filled, fixedSize, readFilled, readResults, write } from './layout.ts';
import { type Block, interpreterAddress, release, take } from './memory.ts';
import { giveUpNamespaces, keepNamespaces } from './namespace-files.ts';
import type { SpawnOptions, StepResult } from './options.ts';
import { type Birth, birthOf, type ChildProgram, descriptors, programFor } from './program.ts';
import { signalNumber, withSignalsBlocked } from './signals.ts';
import { closePlumbing, openPlumbing, type Plumbing, streamOf } from './stdio.ts';
import { OpenPassage } from './through.ts';
import { Tie } from './tie.ts';

/** A process that was started. */
export interface Child {
  readonly pid: number;
  /** A descriptor of the process, which no other process can get as it can get the pid. It is open until the end. */
  readonly pidfd: number;
  /** Resolves when it has ended. Rejects with a SyscallError if somebody else has closed `pidfd`, or reaped it. */
  readonly exited: Promise<Exit>;
  /** Our ends of its pipes, or null. */
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** Everything the child did before the command, with results. */
  readonly steps: readonly StepResult[];
  /** Sends a signal, SIGTERM if left out. Returns false if it has ended. @throws SyscallError EPERM: it has become another user. */
  kill(signal?: NodeJS.Signals): boolean;
}

/** A child that was killed before it became the command: by the OOM killer, or an administrator. */
export class ChildEndedEarly extends Error {
  override readonly name = 'ChildEndedEarly';

  constructor(
    readonly pid: number,
    readonly exit: Exit,
  ) {
    super(`process ${pid} was ended by ${exit.signal ?? `status ${exit.status}`} before it became the command`);
  }
}

/**
 * Starts a command in a process of its own, in namespaces of its own.
 *
 *     const child = await spawn('sh', ['-c', 'mount -t tmpfs tmpfs /mnt && ls /mnt'], {
 *       namespaces: ['mount'],
 *       setup: (sys) => sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null),
 *     });
 *     const { status } = await child.exited;
 *
 * @param command searched for in PATH as execvp(3) does, in the child's root.
 * @throws SyscallError as a call made here would: of the step that failed in the child, or of clone(2): EPERM
 *   without the privilege for a namespace, ENOSPC beyond a limit of /proc/sys/user/.
 * @throws ChildEndedEarly if someone has killed the child before it became the command.
 * @throws TypeError for an argument that must not reach the kernel.
 */
export async function spawn(command: string, args: readonly string[] = [], options: SpawnOptions = {}): Promise<Child> {
  try {
    return await startOne(command, args, options);
  } catch (error) {
    if (!(error instanceof SyscallError) || error.call !== 'execve' || !isErrno(error, 'ENOEXEC')) throw error;
    // A script without `#!`. As execvp(3) does, the shell runs it; in another child, since the first has ended.
    return startOne('/bin/sh', [String(error.values[0]), ...args], { ...options, argv0: 'sh' });
  }
}

async function startOne(command: string, args: readonly string[], options: SpawnOptions): Promise<Child> {
  options.signal?.throwIfAborted();
  const stdio = descriptors(options.stdio ?? 'inherit');
  const birth = birthOf(options);
  const plumbing = openPlumbing(stdio);
  let tie: Tie | null = null;
  let passage: OpenPassage | null = null;
  let child: Started | undefined;
  try {
    tie = birth.waits || options.parentDeathSignal !== undefined ? new Tie(birth.waits) : null;
    // One descriptor more than the command: for the answers.
    passage = options.through === undefined ? null : new OpenPassage(stdio.length + 1);
    const program = programFor(command, args, options, birth, { plumbing, tie, passage });
    child = await start(program, birth, { tie, passage }, options);
    return handleOf(child, plumbing, options.onStopped);
  } finally {
    tie?.close();
    passage?.close();
    closePlumbing(plumbing, stdio, child !== undefined);
  }
}

interface Started {
  readonly pid: number;
  readonly pidfd: number;
  readonly steps: readonly StepResult[];
  /** How it has ended, where that is known already. */
  readonly exit: Exit | null;
}

/** What there is between this process and a child that it makes. */
interface Bonds {
  readonly tie: Tie | null;
  readonly passage: OpenPassage | null;
}

/**
 * Runs a program in a child, and returns when the child, or one that it has made, has become the command.
 *
 * Where others may hold it up, that is awaited in the event loop. Elsewhere it has happened when clone(2) returns, or soon
 * after, and the event loop would be a detour.
 */
async function start(
  { steps: program, beyond }: ChildProgram,
  { entrance, flags, forkedPid, mapsFromOutside }: Birth,
  { tie, passage }: Bonds,
  { keep, observe, signal }: SpawnOptions,
): Promise<Started> {
  const { block, filled } = load(program);
  const isOwn = !entrance.isAmongOthers;
  const endOf = (child: Process) => (isOwn ? exitOf(child.pidfd) : orKill(child, signal, whenEnded(child.pidfd)));
  let kept: readonly string[] = [];
  try {
    const dumpable = sys.prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
    let child = clone(block, flags);
    const { pid } = child;
    let failure: unknown;
    const fail = (why: unknown) => {
      failure ??= why;
      kill(child);
    };
    try {
      tie?.open(() => {
        if (mapsFromOutside !== null) giveIdMaps(pid, mapsFromOutside);
        if (keep !== undefined) kept = keepNamespaces(pid, keep);
      });
    } catch (error) {
      fail(error);
    }
    if (isOwn) tie?.awaitEnd();
    // A child that changes its IDs while it shares our memory takes this away from us too.
    if (dumpable === 1) sys.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    // One that makes another child ends by itself when that is off.
    let exit = entrance.forks ? await endOf(child) : null;
    readFilled(filled, block.view);
    if (exit !== null) [child, exit] = await succeed(child, exit, forkedPid, endOf);

    // Where the last step has worked, the first answer is its result.
    const most = 1 + beyond.length;
    const answersOf = (from: OpenPassage) => (isOwn ? from.read(most) : orKill(child, signal, from.hear(most, signal)));
    const answers = passage === null || exit !== null ? [] : await answersOf(passage);
    const results = [...readResults(program, block.view), ...answers];
    const steps = [...program, ...beyond].map((call, i) => ({ call, result: results[i] ?? null }));
    try {
      observe?.({ pid: child.pid, flags, cloned: pid, steps });
      signal?.throwIfAborted();
    } catch (error) {
      fail(error);
    }
    // What has gone wrong in the child is why the parent failed, too.
    failure = failureOf(steps) ?? failure;
    if (failure === undefined && hasReachedCommand(steps)) return { ...child, steps, exit };
    // It has ended by itself; unless somebody in its namespaces has answered in its place.
    if (passage !== null) kill(child);
    exit ??= await endOf(child);
    sys.close(child.pidfd);
    giveUpNamespaces(kept);
    throw failure ?? new ChildEndedEarly(child.pid, exit);
  } finally {
    release(block);
  }
}

/** Waits for what a child does, and kills it if that is aborted. */
async function orKill<T>(child: Process, signal: AbortSignal | undefined, waiting: Promise<T>): Promise<T> {
  const end = () => kill(child);
  signal?.addEventListener('abort', end);
  try {
    return await waiting;
  } finally {
    signal?.removeEventListener('abort', end);
  }
}

/**
 * The child of a child that has taken its place, or still the first if it has made none; and how that has ended, if it has.
 *
 * @param exit of the first.
 */
async function succeed(
  first: Process,
  exit: Exit,
  forkedPid: Uint8Array,
  endOf: (child: Process) => Exit | Promise<Exit>,
): Promise<[Process, Exit | null]> {
  const pid = new DataView(forkedPid.buffer).getInt32(0, true);
  if (pid === 0) return [first, exit];
  sys.close(first.pidfd);
  const second = { pid, pidfd: sys.pidfd_open(pid, 0) };
  if (exit.signal === null) return [second, null];
  // The first was killed meanwhile, so nobody knows how far the second is. Until its end it uses the memory of its program.
  kill(second);
  return [second, await endOf(second)];
}

interface Process {
  readonly pid: number;
  readonly pidfd: number;
}

/** Also one that has ended, and has been reaped. */
function kill({ pidfd }: Process): void {
  send(pidfd, constants.signals.SIGKILL);
}

/** Sends a signal; returns false if the process has ended, and has been reaped. */
function send(pidfd: number, signal: number): boolean {
  return sys.allowing('ESRCH').pidfd_send_signal(pidfd, signal, null, 0) >= 0;
}

/** Whether all went well up to execve(2). Whether that was still made, nobody can tell of a child that has ended since. */
function hasReachedCommand(steps: readonly StepResult[]): boolean {
  return steps.find(({ result }) => result === null)?.call.name === 'execve';
}

/** Puts a program into shared memory: into as much as it takes. */
function load(program: Program): { block: Block; filled: Filled } {
  for (let size = fixedSize(program); ; size *= 2) {
    const block = take(size + PIDFD_SIZE);
    try {
      return { block, filled: write(program, block.view, block.address) };
    } catch (error) {
      release(block);
      if (!(error instanceof RangeError)) throw error;
      size = block.size;
    }
  }
}

/** The pidfd lies above the stack, which must be aligned to 16 bytes. */
const PIDFD_SIZE = 16;

function clone(block: Block, flags: number): Process {
  const top = block.size - PIDFD_SIZE;
  const entry = interpreterAddress();
  const pid = withSignalsBlocked(() =>
    cloneInto(entry, block.address + top, flags | constants.signals.SIGCHLD, block.address, block.address + top),
  );
  if (pid < 0) throw new SyscallError('clone', [flags, null, null], -pid);
  return { pid, pidfd: block.view.getInt32(top, true) };
}

/** The step that ended the program, as the error that the call would have thrown here. */
function failureOf(steps: readonly StepResult[]): SyscallError | undefined {
  const failed = steps.find(({ call, result }) => result !== null && result < 0 && !isAllowed(call, result));
  if (failed === undefined) return undefined;
  // Of several candidates for a command, one that exists but may not be executed says more than one that is missing.
  const refused = steps.find(({ call, result }) => call.name === 'execve' && result === -errnoNumber('EACCES'));
  const { call, result } = failed.call.name === 'execve' ? (refused ?? failed) : failed;
  // What is too long for the small program on the way, is so for the command: it is the command's arguments.
  const isTooLong = call.name === 'execveat' && result === -errnoNumber('E2BIG');
  const { name, args: values } = (isTooLong && steps.find(({ call }) => call.name === 'execve')?.call) || call;
  return new SyscallError(name, values, -(result ?? 0));
}

function isAllowed({ allowed }: Program[number], result: number): boolean {
  return allowed.some((error) => errnoNumber(error) === -result);
}

function handleOf(
  { pid, pidfd, steps, exit }: Started,
  plumbing: Plumbing,
  onStopped: SpawnOptions['onStopped'],
): Child {
  let hasEnded = false;
  const kill = (signal: NodeJS.Signals = 'SIGTERM') => {
    const number = signalNumber(signal);
    return !hasEnded && send(pidfd, number);
  };
  const resume = () => void kill('SIGCONT');
  const stopped = onStopped && ((signal: NodeJS.Signals) => onStopped(signal, resume));
  const exited = (exit === null ? whenEnded(pidfd, stopped) : Promise.resolve(exit)).then((known) => {
    hasEnded = true;
    sys.close(pidfd);
    return known;
  });
  return {
    pid,
    pidfd,
    exited,
    stdin: streamOf(plumbing, 0),
    stdout: streamOf(plumbing, 1),
    stderr: streamOf(plumbing, 2),
    steps,
    kill,
  };
}
