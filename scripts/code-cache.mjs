// V8's code cache for the command: with it, Node need not compile the command at every start. One for each version of Node.
//
// V8 compiles a function when it is first called, and a cache holds what has been compiled until then. So this file, as a
// program of its own, runs the command once: up to its end where this is root, up to the refused unshare() where it is not.

import fs from 'node:fs';
import { createRequire, Module } from 'node:module';
import path from 'node:path';
import process from 'node:process';
import { Script } from 'node:vm';
import { command, root } from './checkout.mjs';
import { run } from './child.mjs';
import { endLike, fail } from './end.mjs';

/** Where launch.ts looks for it. */
const codeCache = `${command}.${process.version}-${process.arch}.cache`;

/** Whether there is one for this Node, made from the command as it is. */
export function isCodeCached() {
  const time = (/** @type {string} */ file) => fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return time(codeCache) > time(command);
}

export async function makeCodeCache() {
  const end = await run([process.execPath, import.meta.filename], { cwd: root, stdio: ['ignore', 2, 2] });
  if (end.signal) endLike(end);
  if (end.status !== 0) fail('the command does not start, see above.');
}

if (process.argv[1] === import.meta.filename) {
  const script = new Script(Module.wrap(fs.readFileSync(command, 'latin1')), { filename: command });

  // What the command prints is of no interest here.
  const { writeSync } = fs;
  fs.writeSync = (/** @type {number} */ _fd, /** @type {unknown} */ bytes) => /** @type {Uint8Array} */ (bytes).length;
  process.on('exit', () => {
    fs.writeSync = writeSync;
    const draft = `${codeCache}.${process.pid}`;
    fs.writeFileSync(draft, script.createCachedData());
    fs.renameSync(draft, codeCache);
    process.exitCode = 0;
  });

  process.argv = [process.execPath, command, 'mount'];
  script.runInThisContext()({}, createRequire(command), { exports: {} }, command, path.dirname(command));
}
