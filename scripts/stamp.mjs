// A stamp remembers what an output was made from. It compares contents, not times: a fresh clone, a `git stash` or a clock
// set back change the times of files that are the same.

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './checkout.mjs';

/**
 * One hash over the names and contents of files, and of all files in folders, given relative to the checkout.
 * @param {string[]} inputs
 */
export function fingerprint(inputs) {
  const hash = createHash('sha256');
  for (const file of inputs.flatMap(filesIn)) hash.update(`${file}\0`).update(readFileSync(path.join(root, file)));
  return hash.digest('hex');
}

/** @param {string} stamp @param {string} print */
export function isStamped(stamp, print) {
  const file = path.join(root, stamp);
  return existsSync(file) && readFileSync(file, 'utf8') === print;
}

/** @param {string} stamp @param {string} print */
export function writeStamp(stamp, print) {
  writeFileSync(path.join(root, stamp), print);
}

/** @param {string} input @returns {string[]} */
function filesIn(input) {
  const stat = statSync(path.join(root, input), { throwIfNoEntry: false });
  if (!stat?.isDirectory()) return stat ? [input] : [];
  return readdirSync(path.join(root, input))
    .sort()
    .flatMap((name) => filesIn(path.join(input, name)));
}
