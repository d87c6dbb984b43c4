// Times commands in a mount namespace with many mounts: with-mounts.mjs MOUNTS PEERS ROUNDS COMMANDS
//
// To be started in a mount namespace of its own. Makes MOUNTS mounts there. With PEERS above 0 they are all of one peer group,
// which is also in so many other namespaces, and the commands run where all of them are slaves of it. COMMANDS is a JSON array of arrays
// of words. Prints a JSON array: the milliseconds of each run of each, which are taken in turn.

import process from 'node:process';
import { MS_REC, MS_SLAVE, spawn } from '@ns-tool/syscalls';
import { holdNamespaces } from './held-namespaces.mjs';
import { makeMounts } from './many-mounts.mjs';

const [mounts = 0, peers = 0, rounds = 0] = process.argv.slice(2, 5).map(Number);
/** @type {[string, ...string[]][]} */
const commands = JSON.parse(process.argv[5] ?? '[]');

makeMounts(mounts, peers > 0 ? 'one' : 'none');

const release = await holdNamespaces('mount', peers);
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
await release();
process.stdout.write(JSON.stringify(times));
