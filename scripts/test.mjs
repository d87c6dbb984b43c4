// npm test: the whole suite, as root where that can be had, since most of what it tests is for root only.

import path from 'node:path';
import { root } from './checkout.mjs';
import { run } from './child.mjs';
import { endLike } from './end.mjs';
import { setUp } from './setup.mjs';
import { canBeRoot, runAsRoot } from './sudo.mjs';

const vitest = [process.execPath, path.join(root, 'node_modules/vitest/vitest.mjs'), 'run'];
// As root in somebody's checkout: no compiled config and no timings of the last run, which would be root's files there.
const writeNothing = ['--configLoader=runner', '--no-cache'];
const command = [...vitest, ...writeNothing, ...process.argv.slice(2)];

await setUp();
process.chdir(root);
if (await canBeRoot()) {
  endLike(await runAsRoot(command, ['--preserve-env']));
} else {
  console.error('ns-tool: no root here (sudo is missing or refuses): the tests that need it are skipped.');
  endLike(await run(command));
}
