// Namespaces, each with a process in it, that are there while something else is measured.

import { spawn } from '@ns-tool/syscalls';

/**
 * Makes namespaces of one kind. They go with this process, or before.
 *
 * @param {import('@ns-tool/syscalls').NamespaceKind} kind
 * @param {number} count
 * @returns {Promise<() => Promise<void>>} what ends their processes
 */
export async function holdNamespaces(kind, count) {
  /** @type {import('@ns-tool/syscalls').Child[]} */
  const holders = [];
  for (let i = 0; i < count; i++) {
    holders.push(await spawn('sleep', ['1000000'], { namespaces: [kind], parentDeathSignal: 'SIGKILL' }));
  }
  return async () => {
    for (const holder of holders) holder.kill('SIGKILL');
    await Promise.all(holders.map(({ exited }) => exited));
  };
}
