// All benchmarks, one after the other, each with the arguments given here: pnpm bench

import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

for (const name of ['spawn', 'mounts', 'mount', 'lesson', 'containers', 'images']) {
  const file = fileURLToPath(new URL(`${name}.mjs`, import.meta.url));
  const { status, signal } = spawnSync(process.execPath, [file, ...process.argv.slice(2)], { stdio: 'inherit' });
  if (signal !== null) process.kill(process.pid, signal);
  if (status !== 0) process.exitCode = 1;
  console.log();
}
