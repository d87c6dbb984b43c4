/** Signals, around the birth of a child. */
import { constants } from 'node:os';
import { SIG_SETMASK } from '../constants.ts';
import type { Recorder } from '../record.ts';
import { sys } from '../run.ts';

/** A set of signals has 64 bits. */
const SET = 8;
const NONE = new Uint8Array(SET);
const ALL = new Uint8Array(SET).fill(0xff);

/** A struct sigaction of zeros: SIG_DFL. */
const DEFAULT = new Uint8Array(32);

const SIGNALS = Array.from({ length: 64 }, (_, i) => i + 1).filter(
  (signal) => signal !== constants.signals.SIGKILL && signal !== constants.signals.SIGSTOP,
);

/** @throws TypeError for what is no signal. */
export function signalNumber(signal: NodeJS.Signals): number {
  if (Object.hasOwn(constants.signals, signal)) return constants.signals[signal];
  throw new TypeError(`not a signal: ${signal}`);
}

/**
 * Calls `start` while all signals are blocked on this thread. A child inherits that: until it has its own dispositions, a
 * handler of Node's would run in it, in memory that it may share with its parent.
 */
export function withSignalsBlocked<T>(start: () => T): T {
  const before = new Uint8Array(SET);
  sys.rt_sigprocmask(SIG_SETMASK, ALL, before, SET);
  try {
    return start();
  } finally {
    sys.rt_sigprocmask(SIG_SETMASK, before, null, SET);
  }
}

/** Gives a child the signals of a fresh process. Node ignores SIGPIPE, for one, and execve(2) would keep it so. */
export function resetSignals(sys: Recorder): void {
  for (const signal of SIGNALS) sys.aside().rt_sigaction(signal, DEFAULT, null, SET);
  sys.rt_sigprocmask(SIG_SETMASK, NONE, null, SET);
}
