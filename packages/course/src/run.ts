/** Running the program of an exercise, in the sandbox of `npm run lesson check`. */
import { spawnSync } from 'node:child_process';
import { basename, dirname } from 'node:path';
import { buildSync } from 'esbuild';
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
  const folder = dirname(file);
  const { status, signal, stdout, stderr, error } = spawnSync(
    process.execPath,
    ['--enable-source-maps', '--input-type=module', '-', ...args],
    { cwd: folder, input: compiled(folder, basename(file)), encoding: 'utf8', timeout: LONGEST, killSignal: 'SIGKILL' },
  );
  if (error !== undefined && signal === null) throw error;
  return { status, signal, stdout, stderr };
}

/** A TypeScript file as one JavaScript module, for a Node that runs no TypeScript. Nothing is written anywhere. */
function compiled(folder: string, file: string): string {
  const { outputFiles } = buildSync({
    absWorkingDir: folder,
    entryPoints: [file],
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    sourcemap: 'inline',
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}
