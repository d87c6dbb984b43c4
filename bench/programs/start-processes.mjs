// Starts processes in several ways, in turn: start-processes.mjs ROUNDS MEGABYTES [WAY]...
// MEGABYTES are resident in this process meanwhile. Prints a JSON object: for each way, or each that is named, milliseconds
// from the call to the end of the process, or null where the way cannot be taken.

import { spawn as spawnByNode } from 'node:child_process';
import process from 'node:process';
import { MS_PRIVATE, MS_REC, mapSelf, spawn } from '@ns-tool/syscalls';
import { crunBundle } from './crun-bundle.mjs';

const [rounds, megabytes] = process.argv.slice(2, 4).map(Number);
const chosen = process.argv.slice(4);
const COMMAND = '/bin/true';

const bundle = crunBundle(COMMAND);

/** @type {(sys: import('@ns-tool/syscalls').Recorder) => void} */
const makePrivate = (sys) => sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);

/** @type {Record<string, () => Promise<void>>} */
const WAYS = {
  'child_process.spawn': () => byNode(COMMAND),
  spawn: () => ours({}),
  'unshare(1), 6 namespaces': () => byNode('unshare', '-muinpC', '--fork', COMMAND),
  'spawn, 6 namespaces': () =>
    ours({ namespaces: ['mount', 'uts', 'ipc', 'net', 'pid', 'cgroup'], setup: makePrivate }),
  'bwrap, 7 namespaces': () =>
    byNode('bwrap', '--unshare-all', '--unshare-user', '--bind', '/', '/', '--proc', '/proc', '--dev', '/dev', COMMAND),
  'crun, 6 namespaces': () =>
    bundle === null
      ? Promise.reject(new Error('no crun'))
      : byNode('crun', '--cgroup-manager=disabled', 'run', '--bundle', bundle, `ns-tool-bench-${process.pid}`),
  'spawn, 7 namespaces and proc': () =>
    ours({
      namespaces: ['mount', 'uts', 'ipc', 'net', 'pid', 'cgroup', 'user'],
      idMaps: mapSelf(),
      setup(sys) {
        makePrivate(sys);
        sys.mount('proc', '/proc', 'proc', 0, null);
      },
    }),
};

/** @param {import('@ns-tool/syscalls').SpawnOptions} options */
async function ours(options) {
  const { exited } = await spawn(COMMAND, [], { stdio: 'ignore', ...options });
  const { status } = await exited;
  if (status !== 0) throw new Error(`status ${status}`);
}

/**
 * @param {string} command
 * @param {string[]} args
 * @returns {Promise<void>}
 */
function byNode(command, ...args) {
  return new Promise((resolve, reject) => {
    const child = spawnByNode(command, args, { stdio: 'ignore' });
    child.once('error', reject);
    child.once('exit', (status) => (status === 0 ? resolve() : reject(new Error(`${command}: status ${status}`))));
  });
}

const ballast = Buffer.alloc((megabytes ?? 0) * 1024 * 1024, 1);
/** @type {Record<string, number[] | null>} */
const measured = Object.fromEntries(
  Object.keys(WAYS)
    .filter((name) => chosen.length === 0 || chosen.includes(name))
    .map((name) => [name, []]),
);
const WARM_UP = 20;
for (let round = 0; round < (rounds ?? 0) + WARM_UP; round++) {
  for (const [name, start] of Object.entries(WAYS)) {
    if (!measured[name]) continue;
    const before = performance.now();
    try {
      await start();
    } catch {
      measured[name] = null;
      continue;
    }
    if (round >= WARM_UP) measured[name]?.push(performance.now() - before);
  }
}
process.stdout.write(JSON.stringify(measured));
if (ballast.length > 0 && ballast[0] !== 1) throw new Error('unused');
