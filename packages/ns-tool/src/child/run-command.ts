/** Running a command as the work of this process, and ending as it ends. */
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import {
  type Child,
  ChildEndedEarly,
  errnoMessage,
  isErrno,
  type SpawnOptions,
  SyscallError,
  spawn,
} from '@ns-tool/syscalls';
import { NotStarted, UserError } from '../errors.ts';

/** How a command came to its end. */
export interface Ended {
  /** Its exit status; 128 + n if signal n ended it. */
  readonly status: number;
  /** The signal that asked this process to end meanwhile, and by which it should do so. */
  readonly askedBy: NodeJS.Signals | null;
}

/** A command that could not be started; `status` is what shells return for it. */
export class CannotRun extends UserError {
  override readonly name = 'CannotRun';

  constructor(
    command: string,
    readonly status: 126 | 127,
    cause: SyscallError,
  ) {
    super(`${command}: ${why(cause)}`, undefined, { cause });
  }
}

/** Why a command cannot be executed, in the words of a shell. */
function why({ errno, code }: SyscallError): string {
  if (code === 'ENOENT') return 'command not found';
  return code === 'EACCES' ? 'not executable' : `${errnoMessage(errno)} (${code})`;
}

const FORWARDED = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Starts a command and waits for it. Signals that ask this process to end are passed on to the command, which this process
 * outlives; if this process is killed, the command is killed too.
 *
 * @throws CannotRun if there is no such command, or it is not executable.
 * @throws SyscallError for a step of `options.setup`, or a namespace, that the kernel refused.
 */
export async function runCommand(argv: readonly string[], options: SpawnOptions): Promise<Ended> {
  const [file = '', ...args] = argv;
  let child: Child | undefined;
  let askedBy: NodeJS.Signals | null = null;
  // In a session of its own it has another terminal, or none.
  const sharesForeground = () => options.newSession !== true && isInForeground();
  const pass = (signal: NodeJS.Signals) => {
    // The terminal sends its signals to the whole foreground process group: the command has got this one already.
    const fromTerminal = (signal === 'SIGINT' || signal === 'SIGQUIT') && sharesForeground();
    if (!fromTerminal) child?.kill(signal);
    askedBy = signal;
  };
  // For who has started this process, it is the command: so it stops as the command does, and both go on together.
  const stopAlong = (_signal: NodeJS.Signals, resume: () => void) => {
    process.kill(process.pid, 'SIGSTOP');
    resume();
  };
  for (const signal of FORWARDED) process.on(signal, pass);
  try {
    child = await spawn(file, args, { parentDeathSignal: 'SIGKILL', onStopped: stopAlong, ...options });
    const { status, signal } = await child.exited;
    // A signal of the terminal comes to both at once, but this process may hear of the end first: a turn of the event loop later
    // it has heard of both.
    for (let turns = 0; turns < 2; turns++) await new Promise(setImmediate);
    // An init ends with a status where a signal has ended the command.
    const diedOf = (asked: NodeJS.Signals) =>
      signal === asked || (options.through === 'init' && status === 128 + constants.signals[asked]);
    // A command that takes an interrupt and goes on, as a shell does, has dealt with it; also if something else kills it.
    const dealtWith = (askedBy === 'SIGINT' || askedBy === 'SIGQUIT') && !diedOf(askedBy) && sharesForeground();
    return {
      status: signal === null ? (status ?? 1) : 128 + constants.signals[signal],
      askedBy: dealtWith ? null : askedBy,
    };
  } catch (error) {
    if (error instanceof ChildEndedEarly) {
      throw new NotStarted(`${file} was not started: ${error.message}`, undefined, { cause: error });
    }
    if (!(error instanceof SyscallError) || error.call !== 'execve') throw error;
    throw new CannotRun(file, isErrno(error, 'ENOENT') ? 127 : 126, error);
  } finally {
    for (const signal of FORWARDED) process.off(signal, pass);
  }
}

/** Whether this process is in the foreground of its terminal. See proc(5), /proc/PID/stat: (5) pgrp, (8) tpgid. */
function isInForeground(): boolean {
  const stat = readFileSync('/proc/self/stat', 'latin1');
  const [, , pgrp, , , tpgid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return pgrp === tpgid;
}
