// Times commands in a mount namespace with many mounts: with-mounts.mjs MOUNTS PEERS ROUNDS COMMANDS
//
// To be started in a mount namespace of its own. Makes MOUNTS mounts there. With PEERS above 0 they are all of one peer group,
// which is also in so many other namespaces, and the commands run where all of them are slaves of it. COMMANDS is a JSON array of arrays
// of words. Prints a JSON array: the milliseconds of each run of each, which are taken in turn.

import { mkdirSync } from 'node:fs';
import process from 'node:process';
import { MS_BIND, MS_PRIVATE, MS_REC, MS_SHARED, MS_SLAVE, spawn, sys } from '@ns-tool/syscalls';

const [mounts = 0, peers = 0, rounds = 0] = process.argv.slice(2, 5).map(Number);
/** @type {[string, ...string[]][]} */
const commands = JSON.parse(process.argv[5] ?? '[]');
const BASE = '/dev/shm';

sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);
sys.mount('bench', BASE, 'tmpfs', 0, null);
// What is bound from a shared mount is of its group.
if (peers > 0) sys.mount(null, BASE, null, MS_SHARED, null);
for (let i = 0; i < mounts; i++) {
  const directory = `${BASE}/${i}`;
  mkdirSync(directory);
  sys.mount(directory, directory, null, MS_BIND, null);
}

const holders = [];
for (let i = 0; i < peers; i++) {
  holders.push(await spawn('sleep', ['1000000'], { namespaces: ['mount'], parentDeathSignal: 'SIGKILL' }));
}
const times = commands.map(() => /** @type {number[]} */ ([]));
for (let round = 0; round < rounds; round++) {
  for (const [i, [file, ...args]] of commands.entries()) {
    const start = performance.now();
    const { exited } = await spawn(file, args, {
      stdio: 'ignore',
      ...(peers > 0 && { namespaces: ['mount'], setup: (sys) => sys.mount(null, '/', null, MS_REC | MS_SLAVE, null) }),
    });
    const { status } = await exited;
    if (status !== 0) throw new Error(`${file} ${args.join(' ')}: status ${status}`);
    times[i]?.push(performance.now() - start);
  }
}
for (const holder of holders) holder.kill('SIGKILL');
await Promise.all(holders.map(({ exited }) => exited));
process.stdout.write(JSON.stringify(times));
