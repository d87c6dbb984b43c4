/** The states of containers: what others can know of those that run. */
import { readdirSync, readFileSync, renameSync, rmdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectories } from '@ns-tool/syscalls';
import { NotStarted, UsageError } from '../errors.ts';
import { printable } from '../output.ts';
import { processStat } from '../process-stat.ts';
import { removeTree } from './remove-tree.ts';

const FILE = 'state.json';

/** state.json of one container. */
export interface ContainerState {
  /** 12 hexadecimal digits. */
  readonly id: string;
  readonly name: string;
  /** Its first process; until that runs, the process that starts it. */
  readonly pid: number;
  /** When that was started, in ticks since boot, by which a pid that is used again is told: (22) of proc_pid_stat(5). */
  readonly startTime: number;
  /** Until its first process runs: what `pid` names is not in it. */
  readonly starting?: true;
  readonly image: string;
  readonly command: readonly string[];
  /** RFC 3339. */
  readonly created: string;
  /** Its files in the store. */
  readonly bundle: string;
  /** The directories of its cgroups, where it is limited. */
  readonly cgroups?: readonly string[];
}

/** @throws UsageError for what cannot name a container. */
export function checkName(name: string): string {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,63}$/.test(name) && !/^[0-9a-f]{12}$/.test(name)) return name;
  throw new UsageError(
    `--name: not a name: ${printable(name)}`,
    'A name has letters, digits, and after the first one also _ . -; and it is no ID.',
  );
}

/**
 * When a process was started, or null if there is none, or only what is left of one until its parent hears of its end. One whose
 * first thread has ended looks the same, but for its other threads.
 */
export function startTimeOf(pid: number | 'self'): number | null {
  try {
    const field = processStat(pid);
    const [state, threads, startTime] = [field(3), Number(field(20)), Number(field(22))];
    const isLeft = state === 'X' || (state === 'Z' && threads <= 1);
    return isLeft ? null : startTime;
  } catch {
    return null;
  }
}

/** Whether the process of a state still runs. */
export function isAlive({ pid, startTime }: ContainerState): boolean {
  return startTimeOf(pid) === startTime;
}

/** All states in a directory, also of containers that are dead. What is no state is left out. */
export function statesIn(directory: string): ContainerState[] {
  return namesIn(directory).flatMap((id) => {
    try {
      const state = JSON.parse(readFileSync(join(directory, id, FILE), 'utf8'));
      return state?.id === id && typeof state.name === 'string' ? [state as ContainerState] : [];
    } catch {
      return [];
    }
  });
}

/** Writes another state of a container: whoever reads it reads either the old or the new one. */
export function writeState(directory: string, state: ContainerState): void {
  const file = join(directory, state.id, FILE);
  writeText(`${file}.new`, state);
  renameSync(`${file}.new`, file);
}

function writeText(file: string, state: ContainerState): void {
  writeFileSync(file, JSON.stringify(state), { mode: 0o600 });
}

/**
 * Writes the first state of a container, with a name that no other has.
 *
 * It is written before the others are looked at, so that of two that begin at once at least one sees the other.
 *
 * @throws NotStarted if the name is taken.
 */
export function reserve(directory: string, state: ContainerState): void {
  const own = join(directory, state.id);
  makeDirectories(own, 0o700);
  // Until it is whole, it is none: what is no state is left out.
  writeText(join(own, FILE), state);
  if (state.name === state.id) return;
  const others = statesIn(directory).filter(({ id, name }) => id !== state.id && name === state.name);
  if (!others.some(isAlive)) return;
  removeState(directory, state.id);
  throw new NotStarted(
    `the name is taken: ${printable(state.name)}`,
    `Choose another, or end it: ns-tool stop ${state.name}`,
  );
}

export function removeState(directory: string, id: string): void {
  const own = join(directory, id);
  try {
    // Nearly always that is all there is.
    unlinkSync(join(own, FILE));
    rmdirSync(own);
  } catch {
    removeTree(own);
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
