/**
 * Starts a bundle from V8's code cache, where the build has made one for this version of Node: compiling the command anew
 * takes about as long as all that it does.
 */
import { readFileSync, statSync } from 'node:fs';
import { Module } from 'node:module';
import { dirname } from 'node:path';
import process from 'node:process';
import { Script } from 'node:vm';

/** The caller is bundled as CommonJS, beside what it starts: what is found from there is found from here. */
declare const require: NodeJS.Require;

/** @param bundle the absolute path of a CommonJS module, which becomes the program of this process. */
export function startCached(bundle: string): void {
  const codeCache = `${bundle}.${process.version}-${process.arch}.cache`;
  if (!isNewer(codeCache, bundle)) return void require(bundle);
  // V8 takes a cache for the code if only the lengths agree, hence the look at the times. One that another V8 has made, or
  // one with other flags, it rejects, and compiles.
  const script = new Script(Module.wrap(readFileSync(bundle, 'latin1')), {
    filename: bundle,
    cachedData: readFileSync(codeCache),
  });
  script.runInThisContext()({}, require, { exports: {} }, bundle, dirname(bundle));
}

function isNewer(codeCache: string, bundle: string): boolean {
  const made = statSync(codeCache, { throwIfNoEntry: false });
  return made !== undefined && made.mtimeMs > statSync(bundle).mtimeMs;
}
