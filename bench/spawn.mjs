// What it costs to start a process: spawn() against child_process, unshare(1), bwrap and crun, from a small process and from
// one with a gigabyte resident. All ways are taken in turn, in one run.
//
//     node bench/spawn.mjs [--short]

import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { machine, nodeVersion, utilLinuxVersion } from './machine.mjs';
import { median, middleHalf } from './statistics.mjs';
import { milliseconds, range, table, times } from './table.mjs';
import { outputOf } from './timed-process.mjs';

const PROGRAM = fileURLToPath(new URL('programs/start-processes.mjs', import.meta.url));
const rounds = process.argv.includes('--short') ? 60 : 300;

/** crun 1.8 refuses to run, also without cgroups, where it sees those of version 2 beside those of version 1. */
const WITHOUT_HYBRID_CGROUPS = [
  'unshare',
  '--mount',
  'sh',
  '-c',
  'if mountpoint -q /sys/fs/cgroup/unified; then umount /sys/fs/cgroup/unified; fi; exec "$@"',
  'sh',
];

/** What is held against what, and the most that it should take of it. */
const COMPARISONS = /** @type {const} */ ([
  ['spawn', 'child_process.spawn', 0.6],
  ['spawn, 6 namespaces', 'unshare(1), 6 namespaces', 1],
  ['spawn, 7 namespaces and proc', 'bwrap, 7 namespaces', 0.5],
  ['spawn, 7 namespaces and proc', 'crun, 6 namespaces', 0.5],
]);

if (process.geteuid?.() !== 0) {
  console.log('Skipped, because namespaces take root: spawn() against child_process, unshare(1), bwrap and crun.');
} else {
  await bench();
}

async function bench() {
  console.log(machine());
  console.log(`Node ${await nodeVersion(process.execPath)}, util-linux ${(await utilLinuxVersion()) ?? 'is missing'}`);
  const parents = [];
  for (const megabytes of [0, 1024]) parents.push({ megabytes, measured: await startProcesses(megabytes) });

  for (const { megabytes, measured } of parents) {
    console.log(
      `\nFrom a parent with ${megabytes} MiB more than Node itself, medians of ${rounds} runs of each, in turn\n`,
    );
    const rows = Object.entries(measured).map(([way, all]) => [
      way,
      ...(all ? [milliseconds(median(all)), range(middleHalf(all))] : ['cannot', '']),
    ]);
    console.log(table(['way', 'median', 'middle half'], rows));
    const ratios = COMPARISONS.flatMap(([ours, theirs, target]) => {
      const ratio = ratioOf(measured[ours], measured[theirs]);
      if (ratio === undefined) return [];
      return [[`${ours} / ${theirs}`, times(ratio), `${times(target)}: ${ratio <= target ? 'reached' : 'missed'}`]];
    });
    console.log(`\n${table(['ratio', '', 'target'], ratios)}`);
  }

  // Alone, in processes that take turns: fork(2), which the others use, write-protects the parent's memory, and whatever
  // comes next pays for that.
  const [ours, theirs, large] = await alone(['spawn', 0], ['child_process.spawn', 0], ['spawn', 1024]);
  const against = ratioOf(ours, theirs);
  if (against !== undefined) {
    const verdict = against <= 0.6 ? 'reached' : 'missed';
    console.log(`\nEach alone, spawn / child_process.spawn: ${times(against)}; target 0.60 ×: ${verdict}`);
  }
  const growth = ratioOf(large, ours);
  if (growth === undefined) return;
  const verdict = growth <= 1.3 ? 'reached' : 'missed';
  console.log(`spawn alone, with 1 GiB resident / without: ${times(growth)}; target 1.30 ×: ${verdict}`);
}

/**
 * The times of ways that are each taken in processes of their own, which take turns.
 * @param {readonly [way: string, megabytes: number][]} ways
 */
async function alone(...ways) {
  const all = ways.map(() => /** @type {number[]} */ ([]));
  for (let turn = 0; turn < 3; turn++) {
    for (const [i, [way, megabytes]] of ways.entries()) {
      all[i]?.push(...((await startProcesses(megabytes, way))[way] ?? []));
    }
  }
  return all;
}

/**
 * @param {number} megabytes
 * @param {string[]} ways all if none is named
 * @returns {Promise<Record<string, number[] | null>>}
 */
async function startProcesses(megabytes, ...ways) {
  const words = [process.execPath, PROGRAM, String(rounds), String(megabytes), ...ways];
  return JSON.parse(await outputOf({ command: [...WITHOUT_HYBRID_CGROUPS, ...words], status: 0 }));
}

/**
 * @param {number[] | null | undefined} ours
 * @param {number[] | null | undefined} theirs
 */
function ratioOf(ours, theirs) {
  return ours?.length && theirs?.length ? median(ours) / median(theirs) : undefined;
}
