// Times a mount table of slaves, read and made a tree in this process, against findmnt(8):
// read-slaves.mjs MOUNTS NAMESPACES ROUNDS WAY GROUPS
//
// To be started in a mount namespace of its own. Makes MOUNTS mounts in it, all of one peer group or each of its own,
// which are then also in so many other NAMESPACES, and goes to another one, where they are slaves. Prints JSON: the milliseconds of each
// reading, and of each run of findmnt, which are taken in turn. One WAY in a process: the first reading compiles what all use.

import { readFileSync } from 'node:fs';
import process from 'node:process';
import { mountTree, parseMountinfo } from '@ns-tool/mount-table';
import { CLONE_NEWNS, MS_REC, MS_SLAVE, sys } from '@ns-tool/syscalls';
import { readTable } from '../../packages/ns-tool/dist/mount-table/source.js';
import { timeOf } from '../timed-process.mjs';
import { holdNamespaces } from './held-namespaces.mjs';
import { makeMounts } from './many-mounts.mjs';

const [mounts = 0, namespaces = 0, rounds = 0] = process.argv.slice(2, 5).map(Number);
const way = process.argv[5];
const groups = process.argv[6] === 'each' ? 'each' : 'one';

const WAYS = {
  /** As `ns-tool mounts` does it. */
  'ns-tool': () => readTable(sys, { pid: 'self' }, false),
  mountinfo: () => parseMountinfo(readFileSync('/proc/thread-self/mountinfo')),
};
if (way !== 'ns-tool' && way !== 'mountinfo') throw new Error(`no such way: ${way}`);
const read = WAYS[way];

makeMounts(mounts, groups);
const release = await holdNamespaces('mount', namespaces);
// It moves this thread, from which children come; the others of this process stay, and with them the peers.
sys.unshare(CLONE_NEWNS);
sys.mount(null, '/', null, MS_REC | MS_SLAVE, null);

const measured = { readings: /** @type {number[]} */ ([]), findmnt: /** @type {number[]} */ ([]) };
for (let round = 0; round < rounds; round++) {
  const start = performance.now();
  const { nodes } = mountTree(read());
  measured.readings.push(performance.now() - start);
  const slaves = nodes.filter(({ mount }) => mount.master !== null).length;
  if (slaves < mounts) throw new Error(`${slaves} slaves instead of ${mounts}`);
  measured.findmnt.push(await timeOf({ command: ['findmnt'], status: 0 }));
}
await release();
process.stdout.write(JSON.stringify(measured));
