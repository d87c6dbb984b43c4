/**
 * What containers have left behind whose ns-tool was killed: their cgroups, their states, and their files in the store.
 * Their mounts, processes and namespaces the kernel has removed. What runs is never touched.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { cgroupsOf } from './cgroup/remove.ts';
import { type ContainerState, isAlive, statesIn } from './state.ts';

/** Something that nobody needs any more. */
export interface Leftover {
  readonly what: 'cgroup' | 'state' | 'files';
  /** Of the container. */
  readonly id: string;
  readonly path: string;
}

/** Milliseconds after which a state that cannot be read is not one that is being written. */
const SETTLED = 60_000;

/**
 * Finds what is left over, in the order in which it is to be removed.
 *
 * @param states the directory of states.
 * @param bundles the directory of the containers' files.
 */
export function leftovers(states: string, bundles: string): readonly Leftover[] {
  // Files first: a container that begins meanwhile has its state before it has files.
  const files = directoriesIn(bundles);
  const names = directoriesIn(states);
  const known = new Map(statesIn(states).map((state) => [state.id, state]));
  return [
    ...[...known.values()]
      .filter((state) => !isAlive(state))
      .flatMap((state) =>
        cgroupsOf(state)
          .filter(existsSync)
          .map((path) => ({ what: 'cgroup', id: state.id, path }) as const),
      ),
    ...files
      .filter((id) => known.get(id) === undefined || !isAlive(known.get(id) as ContainerState))
      .map((id) => ({ what: 'files', id, path: join(bundles, id) }) as const),
    // Last of all, since only the state knows the others.
    ...names
      .filter((id) => isOver(known.get(id), join(states, id)))
      .map((id) => ({ what: 'state', id, path: join(states, id) }) as const),
  ];
}

function isOver(state: ContainerState | undefined, directory: string): boolean {
  if (state !== undefined) return !isAlive(state);
  const age = Date.now() - (statSync(directory, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  return age > SETTLED;
}

/** The directories in a directory whose names are IDs. Nothing else there is ours to remove. */
function directoriesIn(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() && /^[0-9a-f]{12}$/.test(entry.name) ? [entry.name] : [],
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
