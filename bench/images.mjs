// What an image costs: `ns-tool pull`, which unpacks, too, against `skopeo copy` and `umoci unpack`, from one registry on
// loopback, each into an empty folder, in turn, in one run; and how much memory it takes for a small layer and for a large one.
//
//     node bench/images.mjs [--short]

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { machine, nodeVersion } from './machine.mjs';
import { filesForLayers, makeImage, makeImageOfOneFile } from './programs/make-image.mjs';
import { peakOf } from './programs/peak-memory.mjs';
import { lookFor } from './programs/peers.mjs';
import { startRegistry } from './programs/registry.mjs';
import { unlessInterrupted } from './rounds.mjs';
import { bundle } from './startup.mjs';
import { median, middleHalf } from './statistics.mjs';
import { milliseconds, range, table, times } from './table.mjs';
import { outputOf, timeOf } from './timed-process.mjs';

const { megabytes, layers, rounds, layerSizes, memoryRounds, others } = process.argv.includes('--short')
  ? { megabytes: 60, layers: 4, rounds: 3, layerSizes: [10, 60], memoryRounds: 1, others: false }
  : { megabytes: 300, layers: 6, rounds: 9, layerSizes: [10, 500], memoryRounds: 3, others: true };

/** The most that it should take of the time of skopeo and umoci. */
const TIME = 0.8;

/** Memory that grows by this much only, from the small layer to the large one, does not grow with the layer. */
const MEMORY = 1.25;

const WHAT = 'ns-tool pull against skopeo copy and umoci unpack';

const interruption = new AbortController();
/** @type {NodeJS.Signals | undefined} */
let endedBy;
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.on(signal, () => {
    endedBy = signal;
    interruption.abort();
  });
}

const { found, missing } = await lookFor(['skopeo', 'umoci', 'docker-registry']);
if (process.geteuid?.() !== 0) {
  console.log(`Skipped, because owners take root: ${WHAT}.`);
} else if (missing.length > 0) {
  console.log(`Skipped, because not all of it is installed (${missing.join(', ')}): ${WHAT}.`);
} else {
  console.log(machine());
  console.log(`Node ${await nodeVersion(process.execPath)}, ${found.join(', ')}`);
  const folder = mkdtempSync(path.join(tmpdir(), 'ns-tool-bench-'));
  try {
    const { host, stop } = await startRegistry(folder);
    try {
      await pullAndUnpack(folder, host);
      await peakMemory(folder, host);
    } finally {
      await stop();
    }
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

/**
 * The ways to get an image: what each runs, of which everything goes into `target`.
 * @param {string} image with its registry and tag
 * @param {string} target
 */
function waysToGet(image, target) {
  const skopeo = ['skopeo', 'copy', '--quiet', '--src-tls-verify=false', `docker://${image}`, `oci:${target}/layout:1`];
  const umoci = ['umoci', 'unpack', '--image', `${target}/layout:1`, `${target}/bundle`];
  return {
    'ns-tool pull': [process.execPath, bundle, 'pull', '--store', `${target}/store`, image],
    'skopeo copy, umoci unpack': ['sh', '-euc', `${skopeo.join(' ')}; exec ${umoci.join(' ')}`],
  };
}

/**
 * @param {string} folder
 * @param {string} host of the registry
 */
async function pullAndUnpack(folder, host) {
  const { lists, bytes, files } = filesForLayers(layers, megabytes);
  const image = await pushed(folder, host, 'several', (layout) => makeImage(layout, 'several', lists));
  const target = path.join(folder, 'target');
  const ways = Object.entries(waysToGet(image, target));
  const measured = ways.map(([way]) => ({ way, all: /** @type {number[]} */ ([]) }));
  for (let round = -1; round < rounds; round++) {
    for (const [i, [, command]] of ways.entries()) {
      await prepare(target);
      const program = { command, status: 0 };
      // The first shows what a program that fails has to say.
      if (round === -1) await unlessInterrupted(interruption.signal, outputOf(program));
      else measured[i]?.all.push(await unlessInterrupted(interruption.signal, timeOf(program)));
    }
  }
  rmSync(target, { recursive: true });

  const size = `${(bytes / 1024 / 1024).toFixed(0)} MiB in ${files} files and ${lists.length} layers`;
  console.log(`\nAn image of ${size}: medians of ${rounds} runs of each, in turn\n`);
  const rows = measured.map(({ way, all }) => [way, milliseconds(median(all)), range(middleHalf(all))]);
  console.log(table(['way', 'median', 'middle half'], rows));
  const [ours = 0, theirs = 0] = measured.map(({ all }) => median(all));
  const ratio = ours / theirs;
  console.log(`\nRatio: ${times(ratio)}; target ${times(TIME)}: ${ratio <= TIME ? 'reached' : 'missed'}`);
}

/**
 * @param {string} folder
 * @param {string} host of the registry
 */
async function peakMemory(folder, host) {
  const target = path.join(folder, 'target');
  /** @type {Map<string, number[]>} for each way the peaks of each size, in MiB */
  const peaks = new Map();
  for (const size of layerSizes) {
    const image = await pushed(folder, host, `layer-${size}`, (layout, tag) => makeImageOfOneFile(layout, tag, size));
    for (const [way, command] of Object.entries(waysToGet(image, target)).slice(0, others ? 2 : 1)) {
      const all = [];
      for (let round = 0; round < memoryRounds; round++) {
        await prepare(target);
        all.push((await unlessInterrupted(interruption.signal, peakOf(command))) / 1024);
      }
      peaks.set(way, [...(peaks.get(way) ?? []), median(all)]);
    }
  }
  const sizes = layerSizes.map((size) => `a layer of ${size} MiB`);
  const runs = memoryRounds === 1 ? '1 run' : `medians of ${memoryRounds} runs`;
  console.log(`\nThe most that one process has resident, ${runs} of each\n`);
  const rows = [...peaks].map(([way, [small = 0, large = 0]]) => {
    const ratio = large / small;
    const verdict = `${times(MEMORY)}: ${ratio <= MEMORY ? 'reached' : 'missed'}`;
    const cells = [small, large].map((peak) => `${peak.toFixed(0)} MiB`);
    return [way, ...cells, times(ratio), way.startsWith('ns-tool') ? verdict : 'none'];
  });
  console.log(table(['way', ...sizes, 'ratio', 'target'], rows));
}

/**
 * Makes an image, and copies it into the registry.
 * @param {string} folder
 * @param {string} host
 * @param {string} tag
 * @param {(layout: string, tag: string) => Promise<void>} make
 * @returns {Promise<string>} how it is called there
 */
async function pushed(folder, host, tag, make) {
  const layout = path.join(folder, 'layout');
  await outputOf({ command: ['umoci', 'init', '--layout', layout], status: 0 });
  await unlessInterrupted(interruption.signal, make(layout, tag));
  const image = `${host}/bench:${tag}`;
  const command = ['skopeo', 'copy', '--quiet', '--dest-tls-verify=false', `oci:${layout}:${tag}`, `docker://${image}`];
  await unlessInterrupted(interruption.signal, outputOf({ command, status: 0 }));
  rmSync(layout, { recursive: true });
  return image;
}

/**
 * Makes an empty folder. What was written before is on the disk by then, so that nobody pays for another's files.
 * @param {string} target
 */
async function prepare(target) {
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target);
  await outputOf({ command: ['sync', '--file-system', target], status: 0 });
}
