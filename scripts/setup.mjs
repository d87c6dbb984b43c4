// Makes the checkout ready to run: installs the dependencies and builds, if either is not done or not up to date.

import { realpathSync } from 'node:fs';
import path from 'node:path';
import { isBuilt } from './build.mjs';
import { asOwner } from './checkout.mjs';
import { run } from './child.mjs';
import { isCodeCached } from './code-cache.mjs';
import { endLike, fail } from './end.mjs';
import { isInstalled } from './install.mjs';

/** Sets up what is missing. Where that fails, this process ends. */
export async function setUp() {
  if (isInstalled() && isBuilt() && isCodeCached()) return;

  const installAndBuild = [process.execPath, path.join(import.meta.dirname, 'install-and-build.mjs')];
  const end = await run(installAndBuild, { ...asOwner(), stdio: ['ignore', 2, 2] }).catch((error) =>
    fail(`the owner of this checkout cannot run ${process.execPath} (${error.code}): use a Node.js for all users.`),
  );
  if (end.signal || end.status !== 0) endLike(end);
}

if (realpathSync(process.argv[1] ?? '') === import.meta.filename) await setUp();
