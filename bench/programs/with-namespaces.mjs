// Times commands on a machine with many namespaces: with-namespaces.mjs COUNT ROUNDS COMMANDS, as with-mounts.mjs.
// Each namespace is one of UTS, with a process in it.

import process from 'node:process';
import { spawn } from '@ns-tool/syscalls';
import { holdNamespaces } from './held-namespaces.mjs';

const [count = 0, rounds = 0] = process.argv.slice(2, 4).map(Number);
/** @type {[string, ...string[]][]} */
const commands = JSON.parse(process.argv[4] ?? '[]');

const release = await holdNamespaces('uts', count);
const times = commands.map(() => /** @type {number[]} */ ([]));
for (let round = 0; round < rounds; round++) {
  for (const [i, [file, ...args]] of commands.entries()) {
    const start = performance.now();
    const { status } = await (await spawn(file, args, { stdio: 'ignore' })).exited;
    if (status !== 0) throw new Error(`${file} ${args.join(' ')}: status ${status}`);
    times[i]?.push(performance.now() - start);
  }
}
await release();
process.stdout.write(JSON.stringify(times));
