// On what the figures were measured.

import os from 'node:os';
import { outputOf } from './timed-process.mjs';

/** The version of util-linux as unshare(1) tells it, or undefined where there is none. */
export async function utilLinuxVersion() {
  const output = await outputOf({ command: ['unshare', '--version'], status: 0 }).catch(() => '');
  return /util-linux (\S+)/.exec(output)?.[1];
}

/**
 * The version of a Node: `v20.20.2`.
 * @param {string} node its binary
 */
export async function nodeVersion(node) {
  return (await outputOf({ command: [node, '--version'], status: 0 })).trim();
}

/** Processor, cores, kernel, and how busy the machine is: `AMD EPYC, 2 cores, Linux 6.18.44, load 0.3`. */
export function machine() {
  const model = os.cpus()[0]?.model.trim() ?? os.arch();
  const load = os.loadavg()[0] ?? 0;
  return `${model}, ${os.availableParallelism()} cores, Linux ${os.release()}, load ${load.toFixed(1)}`;
}
