/** Children that run, and their ends. */
import { constants } from 'node:os';
import { P_PIDFD, WEXITED, WNOHANG } from '../constants.ts';
import { sys } from '../run.ts';

/** How a process ended: by itself, or by a signal. */
export interface Exit {
  /** Its exit status, or null if a signal ended it. */
  readonly status: number | null;
  /** The signal that ended it, or null. */
  readonly signal: NodeJS.Signals | null;
}

const waiting = new Map<number, (exit: Exit) => void>();
let timer: NodeJS.Timeout | undefined;
let isListening = false;

/** CLD_EXITED of siginfo's si_code: asm-generic/siginfo.h. */
const CLD_EXITED = 1;

/** Waits until a child ends, and reaps it. Until then this process does not end by itself. */
export function whenEnded(pidfd: number): Promise<Exit> {
  return new Promise((resolve) => {
    waiting.set(pidfd, resolve);
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
  for (const [pidfd, resolve] of waiting) {
    const exit = exitOf(pidfd, WEXITED | WNOHANG);
    if (exit === null) continue;
    waiting.delete(pidfd);
    resolve(exit);
  }
  if (waiting.size === 0) clearInterval(timer);
}

/** How a child ended, reaping it; with WNOHANG null while it runs. */
export function exitOf(pidfd: number, options: number): Exit | null {
  const siginfo = Buffer.alloc(128);
  sys.waitid(P_PIDFD, pidfd, siginfo, options, null);
  if (siginfo.readInt32LE(16) === 0) return null;
  const status = siginfo.readInt32LE(24);
  return siginfo.readInt32LE(8) === CLD_EXITED
    ? { status, signal: null }
    : { status: null, signal: signalName(status) };
}

function signalName(number: number): NodeJS.Signals {
  const name = Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
  return (name ?? `SIG${number}`) as NodeJS.Signals;
}
