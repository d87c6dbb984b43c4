// Takes a way of container-ways.mjs in a loop, as often as its parent says, and tells it the milliseconds of each:
// take-way.mjs WAY PLACES, started with an IPC channel. PLACES as JSON.

import process from 'node:process';
import { containerWays } from './container-ways.mjs';

const [way = '', places = ''] = process.argv.slice(2);
const start = containerWays(JSON.parse(places))[way];

process.on('message', async (/** @type {number} */ runs) => {
  try {
    const times = [];
    for (let i = 0; i < runs; i++) {
      const before = performance.now();
      await start?.();
      times.push(performance.now() - before);
    }
    process.send?.(times);
  } catch (error) {
    process.send?.(error instanceof Error ? error.message : String(error));
  }
});
