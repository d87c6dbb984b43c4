// The calls of `ns-tool mount`, again and again in one process: repeat-mount.mjs TARGET ITERATIONS SECONDS.
// Prints a JSON array with the milliseconds of each part of each iteration.

import process from 'node:process';
import { AT_FDCWD, CLONE_NEWNS, O_CLOEXEC, O_RDONLY, sys } from '@ns-tool/syscalls';
import { isolateTmpfs } from 'ns-tool';

const [target = '', iterations, seconds] = process.argv.slice(2);

// Each iteration starts from the namespace of the beginning. Otherwise each would copy the mounts of all before it: the
// stand-in for a missing mount point stays as long as its namespace. setns(2) refuses a thread that shares its root and
// working directory with others; unshare(CLONE_NEWNS) has given this one its own.
const outside = sys.openat(AT_FDCWD, '/proc/thread-self/ns/mnt', O_RDONLY | O_CLOEXEC);

/** @type {import('../repeated-mount.mjs').Iteration[]} */
const measured = [];
const deadline = performance.now() + Number(seconds) * 1000;
while (measured.length < Number(iterations) && performance.now() < deadline) {
  const start = performance.now();
  const tmpfs = isolateTmpfs(sys, target, {});
  const isolated = performance.now();
  tmpfs.remove();
  const removed = performance.now();
  sys.setns(outside, CLONE_NEWNS);
  const left = performance.now();
  measured.push({ isolate: isolated - start, remove: removed - isolated, leave: left - removed });
}
process.stdout.write(JSON.stringify(measured));
