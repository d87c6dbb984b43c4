// Images of real files, made by umoci.

import { randomBytes } from 'node:crypto';
import { closeSync, lstatSync, openSync, readdirSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { outputOf } from '../timed-process.mjs';

const MEGABYTE = 1024 * 1024;

/**
 * Lists files of this machine: whole directories below /usr, until they have so many bytes for each layer.
 * @param {number} layers
 * @param {number} megabytes of all layers together
 * @returns {{ lists: string[][], bytes: number, files: number }} fewer bytes where the machine has fewer
 */
export function filesForLayers(layers, megabytes) {
  const most = (megabytes * MEGABYTE) / layers;
  /** @type {string[][]} */
  const lists = [[]];
  let [bytes, files, inLayer] = [0, 0, 0];
  for (const [file, size] of filesBelow('/usr')) {
    // A layer with one file that is larger than a layer would be no layer like others.
    if (size > most / 2) continue;
    if (inLayer >= most) {
      if (lists.length === layers) break;
      lists.push([]);
      inLayer = 0;
    }
    lists.at(-1)?.push(file);
    inLayer += size;
    bytes += size;
    files++;
  }
  return { lists, bytes, files };
}

/**
 * @param {string} directory
 * @returns {Generator<[file: string, bytes: number]>} files and symbolic links
 */
function* filesBelow(directory) {
  for (const name of readdirSync(directory).sort()) {
    const file = path.join(directory, name);
    const stat = lstatSync(file);
    if (stat.isDirectory()) yield* filesBelow(file);
    else if (stat.isFile() || stat.isSymbolicLink()) yield [file, stat.size];
  }
}

/**
 * Adds an image to an OCI layout, with these files in its layers.
 * @param {string} layout exists
 * @param {string} tag
 * @param {readonly (readonly string[])[]} lists the files of each layer
 */
export async function makeImage(layout, tag, lists) {
  await newImage(layout, tag);
  const archive = `${layout}.tar`;
  for (const list of lists) {
    writeFileSync(`${archive}.files`, list.map((file) => `${file}\0`).join(''));
    const words = ['--create', `--file=${archive}`, '--directory=/', '--null', `--files-from=${archive}.files`];
    await ok('tar', ...words, '--warning=no-file-changed', '--absolute-names', '--transform=s,^/,,');
    await addLayer(layout, tag, archive);
  }
}

/**
 * Adds an image of one layer with one file, which gzip makes half as large.
 * @param {string} layout exists
 * @param {string} tag
 * @param {number} megabytes
 */
export async function makeImageOfOneFile(layout, tag, megabytes) {
  await newImage(layout, tag);
  const large = `${layout}.large`;
  const fd = openSync(large, 'w');
  for (let i = 0; i < megabytes; i++) writeSync(fd, randomBytes(MEGABYTE / 2).toString('hex'));
  closeSync(fd);
  const archive = `${layout}.tar`;
  await ok('tar', '--create', `--file=${archive}`, `--directory=${path.dirname(large)}`, path.basename(large));
  rmSync(large);
  await addLayer(layout, tag, archive);
}

/**
 * @param {string} layout
 * @param {string} tag
 */
async function newImage(layout, tag) {
  await ok('umoci', 'new', '--image', `${layout}:${tag}`);
}

/**
 * @param {string} layout
 * @param {string} tag
 * @param {string} archive plain; removed
 */
async function addLayer(layout, tag, archive) {
  await ok('umoci', 'raw', 'add-layer', '--image', `${layout}:${tag}`, archive);
  rmSync(archive);
}

/** @param {[string, ...string[]]} command */
async function ok(...command) {
  await outputOf({ command, status: 0 });
}
