/** The last steps of a child: to become the command. */
import type { ErrnoName } from '../errno.ts';
import type { EnvironmentInMemory } from '../kinds.ts';
import { environmentAddress } from '../native.ts';
import type { Recorder } from '../record.ts';

/** Where execvp(3) looks if there is no PATH. */
const DEFAULT_PATH = '/bin:/usr/bin';

/** After these, execvp(3) tries the next directory of PATH. */
const TRY_NEXT: readonly ErrnoName[] = ['EACCES', 'ENODEV', 'ENOENT', 'ENOTDIR', 'ESTALE', 'ETIMEDOUT'];

/** The programs that a command can mean, in the order in which execvp(3) tries them. */
export function candidates(command: string, path: string | undefined): string[] {
  if (command.includes('/') || command === '') return [command];
  return (path ?? DEFAULT_PATH).split(':').map((directory) => `${directory === '' ? '.' : directory}/${command}`);
}

/** How a command is executed. */
export interface Execution {
  /** Its candidates: one at least. */
  readonly paths: readonly string[];
  readonly argv: readonly string[];
  readonly environment: readonly string[] | EnvironmentInMemory;
}

/** @param env this process's own if undefined. */
export function executionOf(
  command: string,
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>> | undefined,
): Execution {
  const environment = env === undefined ? ownEnvironment() : listOf(env);
  return { paths: candidates(command, (env ?? process.env).PATH), argv, environment };
}

/** Becomes the command: the first of its candidates that can be executed, looked for in the child's own root. */
export function execute(sys: Recorder, { paths, argv, environment }: Execution): void {
  const trying = sys.allowing(...TRY_NEXT);
  for (const path of paths.slice(0, -1)) trying.execve(path, argv, environment);
  sys.execve(paths.at(-1) ?? '', argv, environment);
}

/**
 * Not copied: it may hold bytes that are no text, and a copy would take as long as all else together. A worker thread has
 * one of its own, which is no memory of libc.
 */
function ownEnvironment(): readonly string[] | EnvironmentInMemory {
  if (!process.getBuiltinModule('node:worker_threads').isMainThread) return listOf(process.env);
  return {
    address: environmentAddress(),
    get count() {
      return Object.keys(process.env).length;
    },
  };
}

function listOf(env: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
}
