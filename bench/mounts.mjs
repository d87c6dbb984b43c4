// What it costs to look: `ns-tool mounts` against findmnt(8), `ns-tool ls` against lsns(8), with few and with many.
//
//     node bench/mounts.mjs [--short]

import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { machine, nodeVersion, utilLinuxVersion } from './machine.mjs';
import { bundle } from './startup.mjs';
import { median } from './statistics.mjs';
import { milliseconds, table, times } from './table.mjs';
import { outputOf } from './timed-process.mjs';

const isShort = process.argv.includes('--short');

const WITH_MOUNTS = fileURLToPath(new URL('programs/with-mounts.mjs', import.meta.url));
const READ_SLAVES = fileURLToPath(new URL('programs/read-slaves.mjs', import.meta.url));
const WITH_NAMESPACES = fileURLToPath(new URL('programs/with-namespaces.mjs', import.meta.url));

/** @type {readonly string[]} */
const OURS = [process.execPath, bundle];

/** It ends with 1 where a process may not be looked at. */
const LSNS = ['sh', '-c', 'lsns || true'];

/** findmnt takes time by the square of the number: with 100,000 mounts it is left out. */
const SIZES = isShort
  ? [
      { mounts: 20, rounds: 5, findmnt: true },
      { mounts: 1000, rounds: 5, findmnt: true },
    ]
  : [
      { mounts: 20, rounds: 15, findmnt: true },
      { mounts: 1000, rounds: 15, findmnt: true },
      { mounts: 10_000, rounds: 5, findmnt: false },
      { mounts: 20_000, rounds: 3, findmnt: true },
      { mounts: 99_900, rounds: 5, findmnt: false },
    ];

if (process.geteuid?.() !== 0) {
  console.log('Skipped, because mounts take root: ns-tool mounts against findmnt, ns-tool ls against lsns.');
} else {
  console.log(machine());
  console.log(`Node ${await nodeVersion(process.execPath)}, util-linux ${(await utilLinuxVersion()) ?? 'is missing'}`);
  await manyMounts();
  await manyPeers();
  await slavesInOneProcess();
  await manyNamespaces();
}

async function manyMounts() {
  /** @type {Map<number, number>} */
  const trees = new Map();
  const rows = [];
  for (const { mounts, rounds, findmnt } of SIZES) {
    const theirs = findmnt ? [['findmnt'], ['findmnt', '-J']] : [];
    const measured = await withMounts(mounts, 0, rounds, [
      [...OURS, 'mounts'],
      [...OURS, 'mounts', '--json'],
      ...theirs,
    ]);
    const [tree = 0, json = 0, ...others] = measured.map(median);
    trees.set(mounts, tree);
    const against = (/** @type {number} */ ours, /** @type {number | undefined} */ theirs) =>
      theirs === undefined ? ['-', '-'] : [milliseconds(theirs), times(ours / theirs)];
    rows.push([
      String(mounts),
      milliseconds(tree),
      ...against(tree, others[0]),
      milliseconds(json),
      ...against(json, others[1]),
    ]);
  }
  console.log('\nA tree of that many mounts; at 20,000 the target is 0.10 × of findmnt\n');
  console.log(table(['mounts', 'ns-tool', 'findmnt', 'ratio', 'JSON', 'findmnt -J', 'ratio'], rows));
  const [less, more] = [trees.get(10_000), trees.get(99_900)];
  if (less === undefined || more === undefined) return;
  console.log(
    `\nFrom 10,000 to 99,900 mounts: ${times(more / less)}; target 12.00 ×: ${more / less <= 12 ? 'reached' : 'missed'}`,
  );
}

async function manyPeers() {
  const [mounts, namespaces] = isShort ? [100, 20] : [1000, 200];
  const [ours = [], theirs = []] = await withMounts(mounts, namespaces, isShort ? 3 : 2, [
    [...OURS, 'mounts'],
    ['findmnt'],
  ]);
  const ratio = median(ours) / median(theirs);
  const what = `${mounts} mounts, slaves of one group of ${mounts * (namespaces + 1)} peers`;
  const verdict = isShort ? '' : `; target 0.05 ×: ${ratio <= 0.05 ? 'reached' : 'missed'}`;
  console.log(
    `\n${what}: ${milliseconds(median(ours))} against ${milliseconds(median(theirs))}, ${times(ratio)}${verdict}`,
  );
}

async function slavesInOneProcess() {
  const mounts = 1000;
  const rounds = isShort ? 5 : 15;
  /** @type {string[][]} */
  const rows = [];
  const worlds = [
    { namespaces: 0, groups: 'one' },
    { namespaces: 9, groups: 'one' },
    // A million mounts, which take a while to make.
    ...(isShort ? [] : [{ namespaces: 999, groups: 'each' }]),
  ];
  for (const { namespaces, groups } of worlds) {
    const row = async (/** @type {string} */ way, /** @type {string} */ what) => {
      const words = [process.execPath, READ_SLAVES, String(mounts), String(namespaces), String(rounds), way, groups];
      /** @type {{ readings: [number, ...number[]], findmnt: number[] }} */
      const measured = JSON.parse(await outputOf({ command: ['unshare', '--mount', ...words], status: 0 }));
      const [first, ...others] = measured.readings;
      const findmnt = median(measured.findmnt);
      const cells = [first, median(others)].flatMap((time) => [milliseconds(time), ...ratioTo(time, findmnt, 0.05)]);
      const peers = groups === 'one' ? `${mounts * (namespaces + 1)} in all` : `${namespaces + 1} each`;
      rows.push([`${peers}, ${what}`, ...cells, milliseconds(findmnt)]);
    };
    await row('ns-tool', 'read as by ns-tool mounts');
    await row('mountinfo', 'mountinfo read alone');
  }
  console.log(
    `\n${mounts} mounts, slaves of groups with that many peers: their tree, in a process that runs already\n`,
  );
  console.log(table(['peers', 'first', 'ratio', 'target', 'repeated', 'ratio', 'target', 'findmnt'], rows));
}

/**
 * @param {number} ours
 * @param {number} theirs
 * @param {number} target
 */
function ratioTo(ours, theirs, target) {
  const ratio = ours / theirs;
  return [times(ratio), `${times(target)}: ${ratio <= target ? 'reached' : 'missed'}`];
}

async function manyNamespaces() {
  const count = isShort ? 100 : 2000;
  const words = [process.execPath, WITH_NAMESPACES, String(count), isShort ? '3' : '7'];
  const measured = JSON.parse(
    await outputOf({ command: [...words, JSON.stringify([[...OURS, 'ls'], LSNS])], status: 0 }),
  );
  const [ours = 0, theirs = 0] = measured.map(median);
  console.log(
    `\n${count} namespaces: ns-tool ls ${milliseconds(ours)}, lsns ${milliseconds(theirs)}, ${times(ours / theirs)}`,
  );
}

/**
 * @param {number} mounts
 * @param {number} peers
 * @param {number} rounds
 * @param {readonly (readonly string[])[]} commands
 * @returns {Promise<number[][]>}
 */
async function withMounts(mounts, peers, rounds, commands) {
  const words = [WITH_MOUNTS, String(mounts), String(peers), String(rounds), JSON.stringify(commands)];
  return JSON.parse(await outputOf({ command: ['unshare', '--mount', process.execPath, ...words], status: 0 }));
}
