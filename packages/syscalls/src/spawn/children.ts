/** Children that run, and their ends. */
import { constants } from 'node:os';
import { P_PIDFD, PTRACE_DETACH, WEXITED, WNOHANG, WSTOPPED } from '../constants.ts';
import { sys } from '../run.ts';

/** How a process ended: by itself, or by a signal. */
export interface Exit {
  /** Its exit status, or null if a signal ended it. */
  readonly status: number | null;
  /** The signal that ended it, or null. */
  readonly signal: NodeJS.Signals | null;
}

/** A child that is waited for. */
interface Waiting {
  ended(exit: Exit): void;
  /** Told why it cannot be waited for any more. */
  lost(error: unknown): void;
  stopped?: (signal: NodeJS.Signals) => void;
}

const waiting = new Map<number, Waiting>();
let timer: NodeJS.Timeout | undefined;
let isListening = false;

/** siginfo's si_code: asm-generic/siginfo.h. */
const CLD_EXITED = 1;
const CLD_TRAPPED = 4;
const CLD_STOPPED = 5;

/**
 * Waits until a child ends, and reaps it. Until then this process does not end by itself.
 *
 * @param stopped told of each signal that stops it.
 * @throws SyscallError, as a rejection: EBADF where somebody else has closed the descriptor, ECHILD where somebody has reaped it.
 */
export function whenEnded(pidfd: number, stopped?: Waiting['stopped']): Promise<Exit> {
  return new Promise((resolve, reject) => {
    waiting.set(pidfd, { ended: resolve, lost: reject, ...(stopped !== undefined && { stopped }) });
    if (waiting.size === 1) startLooking();
    // It may have ended before anyone looked.
    look();
  });
}

/** How often the main thread looks in any case, and other threads, in milliseconds. */
const LOOK_EVERY = { main: 250, other: 10 };

/**
 * The main thread hears of an end by SIGCHLD. But libuv keeps signals in a pipe, and drops what comes while that is full, so
 * it also looks now and then. Signals do not reach other threads, and each thread can wait for its own children only.
 * Meanwhile the timer keeps the process alive.
 */
function startLooking(): void {
  // Loaded when the first child runs: it brings most of node:stream along.
  const { isMainThread } = process.getBuiltinModule('node:worker_threads');
  // For good: to listen anew for each child would take as long as to wait for it. A listener keeps no process alive.
  if (isMainThread && !isListening) process.on('SIGCHLD', look);
  isListening = true;
  timer = setInterval(look, isMainThread ? LOOK_EVERY.main : LOOK_EVERY.other);
}

function look(): void {
  for (const [pidfd, { ended, lost, stopped }] of waiting) {
    let change: Exit | Stop | null;
    try {
      change = changeOf(pidfd, WEXITED | WNOHANG | (stopped === undefined ? 0 : WSTOPPED));
    } catch (error) {
      waiting.delete(pidfd);
      lost(error);
      continue;
    }
    if (change === null) continue;
    if (isStop(change)) {
      stopped?.(change.stoppedBy);
    } else {
      waiting.delete(pidfd);
      ended(change);
    }
  }
  if (waiting.size === 0) clearInterval(timer);
}

/** A child that has been stopped. */
interface Stop {
  readonly stoppedBy: NodeJS.Signals;
}

/** Waits for the end of a child, and reaps it. */
export function exitOf(pidfd: number): Exit {
  return changeOf(pidfd, WEXITED) as Exit;
}

/** What has become of a child; with WNOHANG null if nothing has. */
function changeOf(pidfd: number, options: number): Exit | Stop | null {
  for (;;) {
    const siginfo = Buffer.alloc(128);
    sys.waitid(P_PIDFD, pidfd, siginfo, options, null);
    const [code, pid, status] = [siginfo.readInt32LE(8), siginfo.readInt32LE(16), siginfo.readInt32LE(24)];
    if (pid === 0) return null;
    if (code === CLD_EXITED) return { status, signal: null };
    if (code === CLD_STOPPED) return { stoppedBy: signalName(status) };
    if (code !== CLD_TRAPPED) return { status: null, signal: signalName(status) };
    letGo(pid, status);
  }
}

/**
 * Lets a child go on that has asked to be traced by its parent (PTRACE_TRACEME), and so stops at each signal: without a tracer,
 * which this is not. At an execve(2) the signal is one of the tracing.
 */
function letGo(pid: number, signal: number): void {
  // It may have been killed meanwhile.
  sys.allowing('ESRCH').ptrace(PTRACE_DETACH, pid, null, signal === constants.signals.SIGTRAP ? 0 : signal);
}

function isStop(change: Exit | Stop): change is Stop {
  return 'stoppedBy' in change;
}

function signalName(number: number): NodeJS.Signals {
  const name = Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
  return (name ?? `SIG${number}`) as NodeJS.Signals;
}
