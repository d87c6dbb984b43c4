/**
 * Starts the command, from V8's code cache where the build has made one for this version of Node: compiling the command
 * anew takes about as long as all that it does.
 */
import { readFileSync, statSync } from 'node:fs';
import { Module } from 'node:module';
import process from 'node:process';
import { Script } from 'node:vm';

/** This file is bundled as CommonJS, beside the command: what is found from here is found from there. */
declare const require: NodeJS.Require;

const bundle = process.argv[2] === 'mount' ? 'mount' : 'command';
const command = `${import.meta.dirname}/${bundle}.cjs`;
const codeCache = `${command}.${process.version}-${process.arch}.cache`;

if (isUpToDate()) {
  // V8 takes a cache for the code if only the lengths agree, hence the look at the times. One that another V8 has made, or
  // one with other flags, it rejects, and compiles.
  const script = new Script(Module.wrap(readFileSync(command, 'latin1')), {
    filename: command,
    cachedData: readFileSync(codeCache),
  });
  script.runInThisContext()({}, require, { exports: {} }, command, import.meta.dirname);
} else {
  require(command);
}

function isUpToDate(): boolean {
  const made = statSync(codeCache, { throwIfNoEntry: false });
  return made !== undefined && made.mtimeMs > statSync(command).mtimeMs;
}
