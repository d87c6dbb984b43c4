/** Running the versions of an exercise in the sandbox. */

import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { isErrno, SyscallError, spawn } from '@ns-tool/syscalls';
import type { Files } from './catalogue.ts';
import { CourseError } from './errors.ts';
import type { Request } from './inside/runner.ts';
import { LEARNER } from './learner.ts';
import type { Results } from './results.ts';
import { isRoot, sandbox } from './sandbox.ts';

/** Milliseconds until the next version has ended: each of its tests has ten seconds, and the machine may be busy. */
const PATIENCE = 60_000;

/**
 * Runs the test of each version in the sandbox, all beside each other.
 *
 * @throws CourseError where the kernel makes no sandbox for this user.
 */
export async function tryOut(versions: Readonly<Record<string, Files>>): Promise<Results> {
  const runner = join(import.meta.dirname, 'inside/runner.js');
  const child = await spawn(process.execPath, [runner], {
    ...sandbox(LEARNER),
    stdio: ['pipe', 'pipe', 'inherit'],
  }).catch(explain);
  child.stdin?.end(JSON.stringify({ folder: LEARNER, versions } satisfies Request));
  const patience = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout as Readable })) {
    lines.push(line);
    patience.refresh();
  }
  const { status, signal } = await child.exited;
  clearTimeout(patience);
  if (status === 0) return Object.assign({}, ...lines.map((line) => JSON.parse(line)));
  if (signal === 'SIGKILL') throw new CourseError(`a test did not end within ${PATIENCE / 1000} seconds`);
  throw new CourseError(`the tests could not be run: the sandbox ended by ${signal ?? `status ${status}`}`);
}

/** Why there is no sandbox. */
export function explain(error: unknown): never {
  if (!(error instanceof SyscallError)) throw error;
  const refused = isErrno(error, 'EPERM') || isErrno(error, 'ENOSPC') || isErrno(error, 'EACCES');
  throw new CourseError(
    `cannot make the sandbox: ${error.message}`,
    refused && !isRoot() ? 'This machine lets no ordinary user make a user namespace: use sudo.' : undefined,
  );
}
