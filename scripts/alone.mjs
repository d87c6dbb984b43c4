// One set-up at a time in one checkout.

import { createHash } from 'node:crypto';
import { connect, createServer } from 'node:net';
import { root } from './checkout.mjs';

/**
 * An abstract socket is a lock that needs no cleaning up: one process at a time can listen on a name, and the kernel frees
 * the name however that process ends. The others connect, and see their connection end when it is time to try again.
 */
const NAME = `\0ns-tool-setup-${createHash('sha256').update(root).digest('hex')}`;

/** Waits until no other process works on this checkout, and keeps others waiting until this process ends. */
export async function beAlone() {
  while (!(await listen())) await otherEnds();
}

/** @returns {Promise<boolean>} whether the name was free */
function listen() {
  return new Promise((resolve, reject) => {
    // Neither the name nor those who wait for it may keep this process from ending.
    const server = createServer((waiting) => waiting.unref()).unref();
    server.once('error', (error) => ('code' in error && error.code === 'EADDRINUSE' ? resolve(false) : reject(error)));
    server.listen(NAME, () => resolve(true));
  });
}

/** @returns {Promise<void>} */
function otherEnds() {
  return new Promise((resolve) => {
    const connection = connect(NAME).resume();
    connection.on('error', () => {}); // Refused or reset: it has just ended. 'close' follows.
    connection.on('close', () => resolve());
  });
}
