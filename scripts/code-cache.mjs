// V8's code cache for the bundles of the command, and for those of its versions under test: with it, Node need not compile
// them at every start. One for each version of Node.
//
// V8 compiles a function when it is first called, and a cache holds what has been compiled until then. So this file, as a
// program of its own, runs the command once: up to its end where this is root, up to the refused unshare() where it is not.

import fs from 'node:fs';
import { createRequire, Module } from 'node:module';
import path from 'node:path';
import process from 'node:process';
import { Script } from 'node:vm';
import { commands, root, versions } from './checkout.mjs';
import { run } from './child.mjs';
import { endLike, fail } from './end.mjs';

const bundles = [...commands, ...versions];

/** Where cached.ts looks for that of a bundle. */
const cacheOf = (/** @type {string} */ bundle) => `${bundle}.${process.version}-${process.arch}.cache`;

/** Whether there is one of each bundle for this Node, made from the bundle as it is. */
export function isCodeCached() {
  const time = (/** @type {string} */ file) => fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return bundles.every((bundle) => time(cacheOf(bundle)) > time(bundle));
}

export async function makeCodeCache() {
  // A version under test uses descriptors that whoever starts it has opened.
  /** @type {import('node:child_process').StdioOptions} */
  const stdio = ['ignore', 2, 2, 'pipe', 'pipe', 'pipe'];
  for (const bundle of bundles) {
    const end = await run([process.execPath, import.meta.filename, bundle], { cwd: root, stdio });
    if (end.signal) endLike(end);
    if (end.status !== 0) fail('the command does not start, see above.');
  }
}

if (process.argv[1] === import.meta.filename) {
  const bundle = process.argv[2] ?? '';
  const script = new Script(Module.wrap(fs.readFileSync(bundle, 'latin1')), { filename: bundle });

  // What the command prints is of no interest here.
  const { writeSync } = fs;
  fs.writeSync = (/** @type {number} */ _fd, /** @type {unknown} */ bytes) => /** @type {Uint8Array} */ (bytes).length;
  process.on('exit', () => {
    fs.writeSync = writeSync;
    const draft = `${cacheOf(bundle)}.${process.pid}`;
    fs.writeFileSync(draft, script.createCachedData());
    fs.renameSync(draft, cacheOf(bundle));
    process.exitCode = 0;
  });

  process.argv = [process.execPath, bundle, 'mount'];
  script.runInThisContext()({}, createRequire(bundle), { exports: {} }, bundle, path.dirname(bundle));
}
