// What the calls of `ns-tool mount` cost alone, without starting Node and loading anything.

import { fileURLToPath } from 'node:url';
import { unlessInterrupted } from './rounds.mjs';
import { growth, median } from './statistics.mjs';
import { outputOf } from './timed-process.mjs';

const PROGRAM = fileURLToPath(new URL('programs/repeat-mount.mjs', import.meta.url));

/** The target of `ns-tool mount` without options. */
const TARGET = '/mnt/test_mount';

/** Iterations in which V8 still compiles what runs. */
const WARM_UP = 20;

/**
 * @typedef {object} Iteration milliseconds
 * @property {number} isolate for isolateTmpfs()
 * @property {number} remove for its remove()
 * @property {number} leave for leaving the namespace, which the kernel then takes apart
 */

/**
 * @typedef {object} RepeatedMount
 * @property {Iteration} first medians of the first iteration of each process
 * @property {Iteration} repeated medians of those after the warm-up
 * @property {number} growth of an iteration's time from the first quarter of them to the last, as a factor
 * @property {number} processes
 * @property {number} iterations of each process
 */

/**
 * Repeats the calls in several processes, one after the other.
 * @param {string} node
 * @param {{ processes: number, iterations: number, seconds: number }} effort the seconds are the most for each process
 * @param {AbortSignal} interrupted
 * @returns {Promise<RepeatedMount>}
 */
export async function repeatMount(node, { processes, iterations, seconds }, interrupted) {
  const command = [node, PROGRAM, TARGET, String(iterations), String(seconds)];
  /** @type {Iteration[][]} */
  const runs = [];
  for (let i = 0; i < processes; i++) {
    runs.push(JSON.parse(await unlessInterrupted(interrupted, outputOf({ command, status: 0 }))));
  }
  const warm = runs.map((run) => run.slice(WARM_UP));
  return {
    first: medians(runs.flatMap((run) => run.slice(0, 1))),
    repeated: medians(warm.flat()),
    growth: median(warm.map((run) => growth(run.map(total)))),
    processes,
    iterations: Math.min(...runs.map((run) => run.length)),
  };
}

/** @param {Iteration} iteration */
export function total({ isolate, remove, leave }) {
  return isolate + remove + leave;
}

/**
 * @param {readonly Iteration[]} iterations
 * @returns {Iteration}
 */
function medians(iterations) {
  return {
    isolate: median(iterations.map(({ isolate }) => isolate)),
    remove: median(iterations.map(({ remove }) => remove)),
    leave: median(iterations.map(({ leave }) => leave)),
  };
}
