// System calls through `sys` and through Node's own fs, in turn: compare-calls.mjs SECONDS.
// Prints JSON: for each pair the nanoseconds per call, block by block.

import fs from 'node:fs';
import process from 'node:process';
import { AT_FDCWD, isErrno, O_CLOEXEC, O_RDONLY, sys } from '@ns-tool/syscalls';

const CALLS_PER_BLOCK = 500;
/** Until V8 has compiled both sides. */
const BLOCKS_FOR_WARM_UP = 10;

const MISSING = '/proc/self/missing';
const zeros = fs.openSync('/dev/zero', 'r');
const buffer = Buffer.alloc(64);

/** @type {{ what: string, bySys(): void, byNode(): void }[]} */
const pairs = [
  {
    what: 'read 64 bytes',
    bySys: () => sys.read(zeros, buffer),
    byNode: () => fs.readSync(zeros, buffer),
  },
  {
    what: 'open and close a file',
    bySys: () => sys.close(sys.openat(AT_FDCWD, '/dev/null', O_RDONLY | O_CLOEXEC)),
    byNode: () => fs.closeSync(fs.openSync('/dev/null', 'r')),
  },
  {
    what: 'read a symbolic link',
    bySys: () => sys.readlinkat(AT_FDCWD, '/proc/self', buffer),
    byNode: () => fs.readlinkSync('/proc/self', 'buffer'),
  },
  {
    what: 'open a missing file',
    bySys: () => expectMissing(() => sys.openat(AT_FDCWD, MISSING, O_RDONLY | O_CLOEXEC), isMissingBySys),
    byNode: () => expectMissing(() => fs.openSync(MISSING, 'r'), isMissingByNode),
  },
];

/**
 * @param {() => void} open
 * @param {(error: unknown) => boolean} isMissing
 */
function expectMissing(open, isMissing) {
  try {
    open();
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  throw new Error(`${MISSING} exists`);
}

/** @param {unknown} error */
function isMissingBySys(error) {
  return isErrno(error, 'ENOENT');
}

/** @param {unknown} error */
function isMissingByNode(error) {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/**
 * @param {() => void} call
 * @returns {number} nanoseconds per call
 */
function timeOfBlock(call) {
  const start = performance.now();
  for (let i = 0; i < CALLS_PER_BLOCK; i++) call();
  return ((performance.now() - start) * 1e6) / CALLS_PER_BLOCK;
}

/** @type {import('../calls.mjs').ComparedCall[]} */
const compared = pairs.map(({ what }) => ({ what, bySys: [], byNode: [] }));
const deadline = performance.now() + Number(process.argv[2]) * 1000;
for (let block = 0; block <= BLOCKS_FOR_WARM_UP || performance.now() < deadline; block++) {
  for (const [i, { bySys, byNode }] of pairs.entries()) {
    const times = [timeOfBlock(bySys), timeOfBlock(byNode)];
    if (block < BLOCKS_FOR_WARM_UP) continue;
    compared[i]?.bySys.push(times[0] ?? 0);
    compared[i]?.byNode.push(times[1] ?? 0);
  }
}
process.stdout.write(JSON.stringify(compared));
