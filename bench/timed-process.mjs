// One child process, and the time it takes.

import { spawn } from 'node:child_process';

/**
 * @typedef {object} Program
 * @property {readonly string[]} command
 * @property {number} status the exit status with which it has done what it should
 */

/**
 * Runs a program with no input and nobody reading its output.
 * @param {Program} program
 * @returns {Promise<number>} milliseconds from before its start until it is known to have ended
 * @throws {Error} if it ended in another way than it should
 */
export async function timeOf({ command: [file = '', ...args], status }) {
  const start = performance.now();
  const child = spawn(file, args, { stdio: 'ignore' });
  const end = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve({ at: performance.now(), how: signal ?? code }));
  });
  if (end.how !== status) throw new Error(`ended with ${end.how} instead of ${status}: ${[file, ...args].join(' ')}`);
  return end.at - start;
}

/**
 * Runs a program and returns what it wrote to standard output.
 * @param {Program} program
 * @throws {Error} if it ended in another way than it should, with what it wrote to standard error
 */
export async function outputOf({ command: [file = '', ...args], status }) {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const written = { stdout: '', stderr: '' };
  for (const name of /** @type {const} */ (['stdout', 'stderr'])) {
    child[name].setEncoding('utf8').on('data', (chunk) => {
      written[name] += chunk;
    });
  }
  const end = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(signal ?? code));
  });
  if (end === status) return written.stdout;
  throw new Error(`ended with ${end} instead of ${status}: ${[file, ...args].join(' ')}\n${written.stderr}`);
}
