/** Running a command where this process is, and ending as it ends. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { UserError } from '../errors.ts';

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
    readonly status: 125 | 126 | 127,
    cause: Error,
  ) {
    const reason = { 125: cause.message, 126: 'not executable', 127: 'command not found' }[status];
    super(`${command}: ${reason}`, undefined, { cause });
  }
}

const FORWARDED = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs a command and waits for it. Signals that ask this process to end are passed on to the command; this process
 * outlives it.
 *
 * It starts in the namespaces of the calling thread, since libuv forks there.
 *
 * @param stdout the command's standard output: a descriptor of this process.
 * @throws CannotRun if there is no such command.
 */
export async function runCommand(argv: readonly string[], cwd: string | undefined, stdout: number): Promise<Ended> {
  const [file = '', ...args] = argv;
  let askedBy: NodeJS.Signals | null = null;
  const pass = (signal: NodeJS.Signals) => {
    // The terminal sends its signals to the whole foreground process group: the command has got this one already.
    const fromTerminal = (signal === 'SIGINT' || signal === 'SIGQUIT') && isInForeground();
    if (!fromTerminal) child.kill(signal);
    askedBy = signal;
  };
  for (const signal of FORWARDED) process.on(signal, pass);
  const child = spawn(file, args, { stdio: ['inherit', stdout, 'inherit'], ...(cwd !== undefined && { cwd }) });
  try {
    const { code, signal } = await ended(child);
    // A command that takes an interrupt and goes on, as a shell does, has dealt with it.
    const dealtWith = (askedBy === 'SIGINT' || askedBy === 'SIGQUIT') && signal === null && isInForeground();
    return {
      status: signal === null ? (code ?? 125) : 128 + constants.signals[signal],
      askedBy: dealtWith ? null : askedBy,
    };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CannotRun(file, code === 'ENOENT' ? 127 : code === 'EACCES' ? 126 : 125, error as Error);
  } finally {
    for (const signal of FORWARDED) process.off(signal, pass);
  }
}

function ended(child: ReturnType<typeof spawn>): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
}

/** Whether this process is in the foreground of its terminal. See proc(5), /proc/PID/stat: (5) pgrp, (8) tpgid. */
function isInForeground(): boolean {
  const stat = readFileSync('/proc/self/stat', 'latin1');
  const [, , pgrp, , , tpgid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return pgrp === tpgid;
}
