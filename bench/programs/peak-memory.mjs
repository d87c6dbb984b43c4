// How much memory a program and what it starts have at most.

import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** Milliseconds between two looks. The kernel keeps the peak of a process, so only its growth since the last look is missed. */
const INTERVAL = 4;

/**
 * Runs a program, and watches its process and all that descend from it.
 * @param {readonly string[]} command
 * @returns {Promise<number>} the most that one of them had resident, in KiB: VmHWM of proc_pid_status(5)
 */
export function peakOf([file = '', ...args]) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: 'ignore' });
    let peak = 0;
    const looking = setInterval(() => {
      for (const pid of treeOf(child.pid ?? 0)) peak = Math.max(peak, highWaterMark(pid));
    }, INTERVAL);
    child.once('error', (error) => {
      clearInterval(looking);
      reject(error);
    });
    child.once('exit', (status, signal) => {
      clearInterval(looking);
      if (status === 0) resolve(peak);
      else reject(new Error(`ended with ${signal ?? status}: ${[file, ...args].join(' ')}`));
    });
  });
}

/**
 * @param {number} pid
 * @returns {Generator<number>} it and its descendants, except those that are gone
 */
function* treeOf(pid) {
  yield pid;
  for (const thread of unlessGone(() => readdirSync(`/proc/${pid}/task`)) ?? []) {
    const children = unlessGone(() => readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1')) ?? '';
    for (const child of children.split(' ')) if (child !== '') yield* treeOf(Number(child));
  }
}

/** @param {number} pid */
function highWaterMark(pid) {
  const status = unlessGone(() => readFileSync(`/proc/${pid}/status`, 'latin1')) ?? '';
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1] ?? 0);
}

/**
 * @template T
 * @param {() => T} look
 */
function unlessGone(look) {
  try {
    return look();
  } catch {
    return null;
  }
}
