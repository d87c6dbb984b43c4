// What a container costs: `ns-tool run` of a prepared root, as a command and as run() of the library in a process that runs
// already, against bwrap, runc, crun and podman. All run busybox's /bin/true. They are taken in turn, each
// some times in a loop, in one run.
//
//     node bench/containers.mjs [--short]

import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { machine, nodeVersion } from './machine.mjs';
import { lookFor } from './programs/peers.mjs';
import { unlessInterrupted } from './rounds.mjs';
import { bundle } from './startup.mjs';
import { median, middleHalf } from './statistics.mjs';
import { milliseconds, range, table, times } from './table.mjs';
import { outputOf } from './timed-process.mjs';

const PROGRAM = fileURLToPath(new URL('programs/run-containers.mjs', import.meta.url));
const BUSYBOX = '/bin/busybox';

/**
 * Runs of a way in a turn are a loop. In a process that has just waited the first dozens take longer: those of run() by a fifth,
 * those of bwrap by a twentieth.
 */
const { turns, runs } = process.argv.includes('--short') ? { turns: 1, runs: 25 } : { turns: 4, runs: 100 };

/** States of containers, which are in /run, go with the namespace. */
const SCRIPT = 'mount -t tmpfs ns-tool-bench /run; exec "$@"';

/** What is held against what, and the most that it should take of it. */
const COMPARISONS = /** @type {const} */ ([
  ['run()', 'bwrap', 0.5],
  ['run(), in place', 'bwrap', 0.5],
  ['run(), store in memory', 'bwrap', null],
  ['run()', 'bwrap, started by spawn()', null],
  ['run()', 'bwrap, few mounts', null],
  ['run()', 'runc', 0.1],
  ['run(), in place', 'runc', 0.1],
  ['run(), limited', 'runc', null],
  ['run(), store in memory', 'runc', null],
  ['run()', 'runc, without cgroups', null],
  ['run()', 'crun, without cgroups', null],
  ['run()', 'podman, without cgroups', null],
  ['ns-tool run', 'node -e 0', null],
  ['ns-tool run', 'bwrap', null],
  ['ns-tool run', 'runc', null],
  ['ns-tool run', 'crun, without cgroups', null],
  ['ns-tool run', 'podman, without cgroups', null],
]);

const interruption = new AbortController();
/** @type {NodeJS.Signals | undefined} */
let endedBy;
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.on(signal, () => {
    endedBy = signal;
    interruption.abort();
  });
}

if (process.geteuid?.() !== 0) {
  console.log('Skipped, because runc and crun take root here: ns-tool run against bwrap, runc, crun and podman.');
} else if (!existsSync(BUSYBOX)) {
  console.log(
    `Skipped, because there is no ${BUSYBOX} (busybox-static): ns-tool run against bwrap, runc, crun and podman.`,
  );
} else {
  const folder = mkdtempSync(path.join(tmpdir(), 'ns-tool-bench-'));
  try {
    await bench(folder);
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
  if (endedBy !== undefined) {
    process.removeAllListeners(endedBy);
    process.kill(process.pid, endedBy);
  }
}

/** @param {string} folder */
async function bench(folder) {
  console.log(machine());
  const { found, missing } = await lookFor(['bwrap', 'runc', 'crun', 'podman']);
  console.log(`Node ${await nodeVersion(process.execPath)}, ${found.join(', ')}`);
  for (const program of missing) console.log(`Skipped, because it is not installed: ${program}.`);

  makeRootfs(path.join(folder, 'rootfs'));
  const words = ['sh', '-euc', SCRIPT, 'sh', process.execPath, PROGRAM, folder, bundle, String(turns), String(runs)];
  /** @type {Record<string, number[] | string>} */
  const measured = JSON.parse(
    await unlessInterrupted(interruption.signal, outputOf({ command: ['unshare', '--mount', ...words], status: 0 })),
  );

  const ways = Object.entries(measured).filter(([way]) => !missing.includes(firstWord(way)));
  for (const [way, all] of ways)
    if (typeof all === 'string') console.log(`Skipped, because it does not run here: ${way}: ${all}`);
  const find = ['findmnt', '--noheadings', '--output=FSTYPE', `--target=${folder}`];
  const on = (await outputOf({ command: find, status: 0 })).trim();
  console.log(
    `\n/bin/true of busybox in a container, its root and the store on ${on}: medians of ${turns * runs} runs of each, by ${runs} in turn\n`,
  );
  const rows = ways.flatMap(([way, all]) =>
    typeof all === 'string' ? [] : [[way, milliseconds(median(all)), range(middleHalf(all))]],
  );
  console.log(table(['way', 'median', 'middle half'], rows));

  const ratios = COMPARISONS.flatMap(([ours, theirs, target]) => {
    const [our, their] = [measured[ours], measured[theirs]];
    if (typeof our !== 'object' || typeof their !== 'object') return [];
    const ratio = median(our) / median(their);
    const verdict = target === null ? 'none' : `${times(target)}: ${ratio <= target ? 'reached' : 'missed'}`;
    return [[`${ours} / ${theirs}`, times(ratio), verdict]];
  });
  console.log(`\n${table(['ratio', '', 'target'], ratios)}`);
}

/** @param {string} way */
function firstWord(way) {
  return /^\w+/.exec(way)?.[0] ?? way;
}

/**
 * With the directories and files on which others mount: they would make them.
 * @param {string} rootfs
 */
function makeRootfs(rootfs) {
  for (const directory of ['bin', 'dev', 'etc', 'proc', 'sys'])
    mkdirSync(path.join(rootfs, directory), { recursive: true });
  copyFileSync(BUSYBOX, path.join(rootfs, 'bin/busybox'));
  symlinkSync('busybox', path.join(rootfs, 'bin/true'));
}
