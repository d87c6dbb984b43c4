/** Running the program of an exercise, in the sandbox of `npm run lesson check`. */
import { spawnSync } from 'node:child_process';
import { basename, dirname, join } from 'node:path';
import { SANDBOXED } from './sandbox.ts';

/** How a program ended, and what it printed. */
export interface Ended {
  /** Its exit status; null if a signal ended it. */
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Milliseconds after which a program is killed. */
const LONGEST = 8_000;

/**
 * Runs a TypeScript program as a process of its own, and waits for its end.
 *
 *     const { status, stdout } = run(`${import.meta.dirname}/mount.ts`, '/mnt/test_mount');
 *
 * @param file its absolute path.
 * @param args what it finds in `process.argv.slice(2)`.
 * @throws Error outside of the sandbox: a program with a mistake would make it on the machine.
 */
export function run(file: string, ...args: string[]): Ended {
  if (process.env[SANDBOXED] === undefined) {
    throw new Error('this runs in the sandbox only: npm run lesson check');
  }
  const { status, signal, stdout, stderr, error } = spawnSync(
    process.execPath,
    ['--enable-source-maps', compiledFile(file), ...args],
    { cwd: dirname(file), encoding: 'utf8', timeout: LONGEST, killSignal: 'SIGKILL' },
  );
  if (error !== undefined && signal === null) throw error;
  return { status, signal, stdout, stderr };
}

/** Where the JavaScript of a program is. */
export function compiledFile(program: string): string {
  return join(dirname(program), '.compiled', `${basename(program, '.ts')}.mjs`);
}
