// Child processes.

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** @type {NodeJS.Signals[]} */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs a program to its end. A signal that asks us to end asks the program; we wait until it has cleaned up.
 * @param {string[]} command
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<{ status: number | null, signal: NodeJS.Signals | null, output: string }>} how it ended, or, if it ended
 *   in its own way after a signal came, that signal; and what it printed to pipes
 */
export async function run([file = '', ...args], options = {}) {
  /** @type {import('node:child_process').ChildProcess} */
  const child = spawn(file, args, { stdio: 'inherit', ...options });

  /** @type {NodeJS.Signals | null} */
  let received = null;
  const passOn = (/** @type {NodeJS.Signals} */ signal) => {
    received = signal;
    if (!(signal === 'SIGINT' && isInForeground())) child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, passOn);

  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk));

  try {
    return await new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (status, signal) => resolve({ status, signal: signal ?? received, output }));
    });
  } finally {
    for (const signal of SIGNALS) process.off(signal, passOn);
  }
}

/** Whether the terminal's Ctrl-C reaches us, and with us, by itself, every process that we started. */
function isInForeground() {
  const [, , group, , , foreground] = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return group === foreground;
}
