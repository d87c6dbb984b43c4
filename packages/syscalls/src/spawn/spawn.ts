/** Starting a process in namespaces, with no native addon of our own and no helper program. */
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import {
  CLONE_PIDFD,
  CLONE_VFORK,
  CLONE_VM,
  P_PIDFD,
  PR_GET_DUMPABLE,
  PR_SET_DUMPABLE,
  PR_SET_NO_NEW_PRIVS,
  PR_SET_PDEATHSIG,
  WEXITED,
} from '../constants.ts';
import { errnoNumber } from '../errno.ts';
import { cloneInto } from '../native.ts';
import { architecture } from '../platform.ts';
import { type Program, type Recorder, record } from '../record.ts';
import { sys } from '../run.ts';
import { isErrno, SyscallError } from '../syscall-error.ts';
import { type Exit, whenEnded } from './children.ts';
import { execute } from './exec.ts';
import { Gate } from './gate.ts';
import { type IdMaps, isSelfMap, writeIdMaps } from './id-maps.ts';
import { fixedSize, readResults, write } from './layout.ts';
import { type Block, interpreterAddress, release, take } from './memory.ts';
import { type NamespaceKind, namespaceFlags } from './namespaces.ts';
import { resetSignals, withSignalsBlocked } from './signals.ts';
import { closePlumbing, connect, openPlumbing, type Plumbing, type Stdio, streamOf } from './stdio.ts';

/** How to start a process. */
export interface SpawnOptions {
  /** What the command finds as its own name; the command itself if left out. */
  readonly argv0?: string;
  /** The whole environment; this process's if left out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The working directory, in the child's root, after `setup`. */
  readonly cwd?: string;
  /** The child's descriptors 0, 1, 2 and so on; `'inherit'` for all three if left out. No other is open in the command. */
  readonly stdio?: Stdio | readonly Stdio[];
  /** The namespaces to make for it. */
  readonly namespaces?: readonly NamespaceKind[];
  /** The IDs of its user namespace. A self map is written by the child; others from here, which takes the privilege. */
  readonly idMaps?: IdMaps;
  /** What to do in the child before the command: calls that are recorded here, and made there. */
  readonly setup?: (sys: Recorder) => void;
  /** Supplementary groups, group and user of the command, set in this order after `setup`. */
  readonly groups?: readonly number[];
  readonly gid?: number;
  readonly uid?: number;
  /** No privileges by execve(2) any more: set-user-ID bits and file capabilities. prctl(2), PR_SET_NO_NEW_PRIVS. */
  readonly noNewPrivileges?: boolean;
  /** The signal it gets when the thread that started it ends. */
  readonly parentDeathSignal?: NodeJS.Signals;
  /** Make it the leader of a new session. */
  readonly newSession?: boolean;
  /** Told of each child that was made, once it has become the command or has failed: what `--trace` shows. */
  readonly observe?: (attempt: Attempt) => void;
}

/** A child that was made to become the command. */
export interface Attempt {
  readonly pid: number;
  /** The flags of the clone(2) that made it. */
  readonly flags: number;
  readonly steps: readonly StepResult[];
}

/** A step of the child, and what came of it. */
export interface StepResult {
  readonly call: Program[number];
  /** The result, or the negative errno; null if it has not returned, as execve(2) that has worked. */
  readonly result: number | null;
}

/** A process that was started. */
export interface Child {
  readonly pid: number;
  /** A descriptor of the process, which no other process can get as it can get the pid. It is open until the end. */
  readonly pidfd: number;
  /** Resolves when it has ended. */
  readonly exited: Promise<Exit>;
  /** Our ends of its pipes, or null. */
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** Everything the child did before the command, with results. */
  readonly steps: readonly StepResult[];
  /** Sends a signal. Returns false if it has ended. */
  kill(signal?: NodeJS.Signals): boolean;
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
 * @throws TypeError for an argument that must not reach the kernel.
 */
export async function spawn(command: string, args: readonly string[] = [], options: SpawnOptions = {}): Promise<Child> {
  try {
    return startOne(command, args, options);
  } catch (error) {
    if (!(error instanceof SyscallError) || error.call !== 'execve' || !isErrno(error, 'ENOEXEC')) throw error;
    // A script without `#!`. As execvp(3) does, the shell runs it; in another child, since the first has ended.
    return startOne('/bin/sh', [String(error.values[0]), ...args], { ...options, argv0: 'sh' });
  }
}

function startOne(command: string, args: readonly string[], options: SpawnOptions): Child {
  const stdio = descriptors(options.stdio ?? 'inherit');
  const gate = needsGate(options) ? new Gate(options.idMaps) : null;
  const plumbing = openPlumbing(stdio);
  let child: Started | undefined;
  try {
    const program = programFor(command, args, options, plumbing, gate);
    child = start(program, cloneFlagsOf(options), gate, options.observe);
    return handleOf(child, plumbing);
  } finally {
    gate?.close();
    closePlumbing(plumbing, stdio, child !== undefined);
  }
}

/** The flags of clone(2) that {@link spawn} uses. Where the child waits for its ID maps, the parent must not stand still. */
export function cloneFlagsOf(options: SpawnOptions): number {
  return namespaceFlags(options.namespaces ?? []) | CLONE_VM | CLONE_PIDFD | (needsGate(options) ? 0 : CLONE_VFORK);
}

/** Whether the ID maps must be written from outside. */
function needsGate(options: SpawnOptions): options is SpawnOptions & { readonly idMaps: IdMaps } {
  return options.idMaps !== undefined && !isSelfMap(options.idMaps);
}

/** The program of {@link spawn} without running it: what `--dry-run` shows. */
export function programOf(command: string, args: readonly string[] = [], options: SpawnOptions = {}): Program {
  const sources = descriptors(options.stdio ?? 'inherit').map((item, fd) => (typeof item === 'string' ? fd : item));
  return programFor(command, args, options, { sources, ends: new Map() }, null);
}

function descriptors(stdio: Stdio | readonly Stdio[]): readonly Stdio[] {
  return typeof stdio === 'string' || typeof stdio === 'number' ? [stdio, stdio, stdio] : stdio;
}

function programFor(
  command: string,
  args: readonly string[],
  options: SpawnOptions,
  plumbing: Plumbing,
  gate: Gate | null,
): Program {
  const argv = [options.argv0 ?? command, ...args];
  return [
    ...record((sys) => prepare(sys, options, plumbing, gate)),
    ...resetSignals(),
    ...record((sys) => execute(sys, command, argv, options.env ?? process.env)),
  ];
}

function prepare(sys: Recorder, options: SpawnOptions, plumbing: Plumbing, gate: Gate | null): void {
  const { idMaps, setup, cwd, groups, gid, uid, parentDeathSignal } = options;
  if (gate !== null) gate.wait(sys);
  else if (idMaps !== undefined) writeIdMaps(sys, 'self', idMaps, true);
  if (options.newSession) sys.setsid();
  setup?.(sys);
  if (cwd !== undefined) sys.chdir(cwd);
  if (groups !== undefined) sys.setgroups(groups);
  if (gid !== undefined) sys.setresgid(gid, gid, gid);
  if (uid !== undefined) sys.setresuid(uid, uid, uid);
  if (options.noNewPrivileges) sys.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  // A change of IDs clears it, so it comes after them.
  const deathSignal = parentDeathSignal === undefined ? 0 : constants.signals[parentDeathSignal];
  if (deathSignal !== 0 || gate !== null) sys.prctl(PR_SET_PDEATHSIG, deathSignal, 0, 0, 0);
  connect(sys, plumbing);
}

interface Started {
  readonly pid: number;
  readonly pidfd: number;
  readonly steps: readonly StepResult[];
}

/** Runs a program in a child, and returns when the child has become the command. */
function start(program: Program, flags: number, gate: Gate | null, observe: SpawnOptions['observe']): Started {
  const block = load(program);
  try {
    const dumpable = sys.prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
    const { pid, pidfd } = clone(block, flags);
    let failure: unknown;
    try {
      gate?.open(sys, pid);
    } catch (error) {
      failure = error;
      sys.pidfd_send_signal(pidfd, constants.signals.SIGKILL, null, 0);
    }
    // A child that changes its IDs while it shares our memory takes this away from us too.
    if (dumpable === 1) sys.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);

    const results = readResults(program, block.view);
    const steps = program.map((call, i) => ({ call, result: results[i] ?? null }));
    observe?.({ pid, flags, steps });
    failure ??= failureOf(steps);
    if (failure === undefined) return { pid, pidfd, steps };
    sys.waitid(P_PIDFD, pidfd, new Uint8Array(128), WEXITED, null);
    sys.close(pidfd);
    throw failure;
  } finally {
    release(block);
  }
}

/** Puts a program into shared memory: into as much as it takes. */
function load(program: Program): Block {
  for (let size = fixedSize(program); ; size *= 2) {
    const block = take(size + PIDFD_SIZE);
    try {
      write(program, block.view, block.address, architecture);
      return block;
    } catch (error) {
      release(block);
      if (!(error instanceof RangeError)) throw error;
      size = block.size;
    }
  }
}

/** The pidfd lies above the stack, which must be aligned to 16 bytes. */
const PIDFD_SIZE = 16;

function clone(block: Block, flags: number): { pid: number; pidfd: number } {
  const top = block.size - PIDFD_SIZE;
  const entry = interpreterAddress();
  const pid = withSignalsBlocked(() =>
    cloneInto(entry, block.address + top, flags | constants.signals.SIGCHLD, block.address, block.address + top),
  );
  if (pid < 0) throw new SyscallError('clone', [flags], -pid);
  return { pid, pidfd: block.view.getInt32(top, true) };
}

/** The step that ended the program, as the error that the call would have thrown here. */
function failureOf(steps: readonly StepResult[]): SyscallError | undefined {
  const failed = steps.find(({ call, result }) => result !== null && result < 0 && !isAllowed(call, result));
  if (failed === undefined) return undefined;
  // Of several candidates for a command, one that exists but may not be executed says more than one that is missing.
  const refused = steps.find(({ call, result }) => call.name === 'execve' && result === -errnoNumber('EACCES'));
  const { call, result } = failed.call.name === 'execve' ? (refused ?? failed) : failed;
  return new SyscallError(call.name, call.args, -(result ?? 0));
}

function isAllowed({ allowed }: Program[number], result: number): boolean {
  return allowed.some((error) => errnoNumber(error) === -result);
}

function handleOf({ pid, pidfd, steps }: Started, plumbing: Plumbing): Child {
  let hasEnded = false;
  const exited = whenEnded(pidfd).then((exit) => {
    hasEnded = true;
    sys.close(pidfd);
    return exit;
  });
  return {
    pid,
    pidfd,
    exited,
    stdin: streamOf(plumbing, 0),
    stdout: streamOf(plumbing, 1),
    stderr: streamOf(plumbing, 2),
    steps,
    kill(signal = 'SIGTERM') {
      if (hasEnded) return false;
      try {
        sys.pidfd_send_signal(pidfd, constants.signals[signal], null, 0);
        return true;
      } catch (error) {
        if (isErrno(error, 'ESRCH')) return false;
        throw error;
      }
    },
  };
}
