// Measuring programs side by side.

import { outputOf, timeOf } from './timed-process.mjs';

/** @import { Program } from './timed-process.mjs' */

/** Below this a median says nothing, however long a run takes. */
const FEWEST_ROUNDS = 3;

/**
 * @typedef {object} Effort
 * @property {number} warmUps runs of each program that do not count
 * @property {number} rounds the most runs of each program that count
 * @property {number} seconds after which no further round begins
 */

/**
 * Runs programs in turn, A B C A B C …: whatever slows the machine for a while slows all of them.
 * @template {Program} P
 * @param {readonly P[]} programs
 * @param {Effort} effort
 * @param {AbortSignal} interrupted
 * @returns {Promise<ReadonlyMap<P, readonly number[]>>} for each program its times in milliseconds, in order
 */
export async function timesInTurn(programs, { warmUps, rounds, seconds }, interrupted) {
  // The first warm-up shows what a program that fails has to say.
  for (let i = 0; i < warmUps; i++) {
    for (const program of programs) {
      /** @type {Promise<unknown>} */
      const run = i === 0 ? outputOf(program) : timeOf(program);
      await unlessInterrupted(interrupted, run);
    }
  }

  const times = new Map(programs.map((program) => [program, /** @type {number[]} */ ([])]));
  const deadline = performance.now() + seconds * 1000;
  for (let i = 0; i < rounds && (i < FEWEST_ROUNDS || performance.now() < deadline); i++) {
    for (const [program, measured] of times) measured.push(await unlessInterrupted(interrupted, timeOf(program)));
  }
  return times;
}

/**
 * Waits for a child, and only then gives way to an interruption: nothing that we started outlives us. An interruption
 * that also ended the child is no failure of the child.
 * @template T
 * @param {AbortSignal} interrupted
 * @param {Promise<T>} child
 */
export async function unlessInterrupted(interrupted, child) {
  const [result] = await Promise.allSettled([child]);
  interrupted.throwIfAborted();
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}
