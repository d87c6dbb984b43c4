// What one system call through the library costs, against the same call through Node's own fs.

import { fileURLToPath } from 'node:url';
import { unlessInterrupted } from './rounds.mjs';
import { outputOf } from './timed-process.mjs';

const PROGRAM = fileURLToPath(new URL('programs/compare-calls.mjs', import.meta.url));

/**
 * @typedef {object} ComparedCall
 * @property {string} what
 * @property {number[]} bySys nanoseconds per call, block by block
 * @property {number[]} byNode the same through fs, each block measured right after its neighbour
 */

/**
 * @param {string} node
 * @param {{ seconds: number }} effort
 * @param {AbortSignal} interrupted
 * @returns {Promise<ComparedCall[]>}
 */
export async function compareCalls(node, { seconds }, interrupted) {
  const program = { command: [node, PROGRAM, String(seconds)], status: 0 };
  return JSON.parse(await unlessInterrupted(interrupted, outputOf(program)));
}
