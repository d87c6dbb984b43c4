/** Running a command as the work of this process, and ending as it ends. */
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
import { isInForeground } from '../foreground.ts';

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

/** Those that a terminal sends, for a key, to all of the process group in its foreground. */
const OF_KEYS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT'];

/** How a command is started. */
export interface CommandOptions extends SpawnOptions {
  /** It has a terminal of its own, whose keys are bytes for this process. */
  readonly hasTerminal?: boolean;
  /** Told once it runs. */
  readonly onStarted?: () => void;
}

/**
 * Starts a command and waits for it. Signals that ask this process to end are passed on to the command, which this process
 * outlives; if this process is killed, the command is killed too.
 *
 * A command in a session of its own gets nothing from the keys of this terminal, so they are passed on, too: to its process
 * group, as the terminal would.
 *
 * @throws CannotRun if there is no such command, or it is not executable.
 * @throws SyscallError for a step of `options.setup`, or a namespace, that the kernel refused.
 */
export async function runCommand(
  argv: readonly string[],
  { hasTerminal = false, onStarted, ...options }: CommandOptions,
): Promise<Ended> {
  const [file = '', ...args] = argv;
  let child: Child | undefined;
  let askedBy: NodeJS.Signals | null = null;
  let hasEnded = false;
  // Elsewhere a start is over before a signal is heard.
  const start = options.join === undefined ? undefined : new AbortController();
  const pass = (signal: NodeJS.Signals) => {
    askedBy = signal;
    if (child === undefined) return start?.abort(signal);
    if (hasEnded) return;
    if (!OF_KEYS.includes(signal)) child.kill(signal);
    else if (options.newSession) process.kill(-child.pid, signal);
    // In the foreground the terminal has sent it to the command as well.
    else if (!isInForeground()) child.kill(signal);
  };
  // For who has started this process, it is the command: so it stops as the command does, and both go on together.
  const stopAlong = (_signal: NodeJS.Signals, resume: () => void) => {
    process.kill(process.pid, 'SIGSTOP');
    resume();
  };
  for (const signal of FORWARDED) process.on(signal, pass);
  try {
    child = await spawn(file, args, {
      parentDeathSignal: 'SIGKILL',
      onStopped: stopAlong,
      ...(start && { signal: start.signal }),
      ...options,
    });
    onStarted?.();
    const { status, signal } = await child.exited;
    hasEnded = true;
    // A signal of the terminal comes to both at once, but this process may hear of the end first: a turn of the event loop later
    // it has heard of both.
    for (let turns = 0; turns < 2; turns++) await new Promise(setImmediate);
    // An init ends with a status where a signal has ended the command.
    const diedOf = (asked: NodeJS.Signals) =>
      signal === asked || (options.through === 'init' && status === 128 + constants.signals[asked]);
    // A command that takes an interrupt and goes on, as a shell does, has dealt with it; also if something else kills it.
    const dealtWith =
      askedBy !== null && OF_KEYS.includes(askedBy) && !diedOf(askedBy) && !hasTerminal && isInForeground();
    return {
      status: signal === null ? (status ?? 1) : 128 + constants.signals[signal],
      askedBy: dealtWith ? null : askedBy,
    };
  } catch (error) {
    if (askedBy !== null && error === askedBy) return { status: 128 + constants.signals[askedBy], askedBy };
    if (error instanceof ChildEndedEarly) {
      throw new NotStarted(`${file} was not started: ${error.message}`, undefined, { cause: error });
    }
    if (!(error instanceof SyscallError) || error.call !== 'execve') throw error;
    throw new CannotRun(file, isErrno(error, 'ENOENT') ? 127 : 126, error);
  } finally {
    for (const signal of FORWARDED) process.off(signal, pass);
  }
}
