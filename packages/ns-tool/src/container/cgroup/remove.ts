/** The end of a container's cgroups. See cgroups(7). */
import { readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { UserError } from '../../errors.ts';
import { printable } from '../../output.ts';
import type { ContainerState } from '../state.ts';
import { cgroupName } from './plan.ts';

/** The directories of a container's cgroups, by its state. */
export function cgroupsOf({ id, cgroups = [] }: Pick<ContainerState, 'id' | 'cgroups'>): string[] {
  // Whoever has written the state: only what has this name is the container's.
  return cgroups.filter((directory) => basename(directory) === cgroupName(id));
}

/** How many processes the kernel has killed in cgroups for lack of memory. */
export function killedForMemory(directories: readonly string[]): number {
  // A line `oom_kill N`, of v2 and of v1; in cgroups for other controllers there is none of the files.
  const files = ['memory.events', 'memory.oom_control'];
  const counts = directories.flatMap((directory) => files.map((file) => countIn(join(directory, file))));
  return counts.reduce((sum, count) => sum + count, 0);
}

function countIn(file: string): number {
  try {
    return Number(/^oom_kill (\d+)$/m.exec(readFileSync(file, 'latin1'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Milliseconds for which processes that end may still be in a cgroup. */
const PATIENCE = 10_000;

/**
 * Removes the cgroups of a container that has ended, with those that it has made below. A process is in its cgroup until
 * the last of it is gone (EBUSY), of which v1 tells nobody; so it is tried again and again.
 *
 * @throws UserError if one is still used after a while.
 */
export async function removeCgroups(directories: readonly string[]): Promise<void> {
  const deadline = performance.now() + PATIENCE;
  for (const directory of directories) {
    for (let pause = 1; !isRemoved(directory); pause = Math.min(2 * pause, 100)) {
      if (performance.now() > deadline) {
        throw new UserError(
          `the cgroup is in use: ${printable(directory)}`,
          `Its processes are listed in ${printable(join(directory, 'cgroup.procs'))}. Once they have ended: ns-tool cleanup`,
        );
      }
      await setTimeout(pause);
    }
  }
}

/** Removes a cgroup, unless there is a process in it. */
function isRemoved(directory: string): boolean {
  try {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      if (entry.isDirectory() && !isRemoved(join(directory, entry.name))) return false;
    }
    rmdirSync(directory);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return true;
    // ENODEV: it is being removed by somebody else.
    if (code === 'EBUSY' || code === 'ENODEV') return false;
    throw error;
  }
}
