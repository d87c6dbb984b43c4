// What `ns-tool mount` does until it is done, as whole processes of which each gets one step further.

import { fileURLToPath } from 'node:url';
import { outputOf } from './timed-process.mjs';

/** @import { Program } from './timed-process.mjs' */

const file = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

/** The command as its users run it. */
export const bundle = file('../packages/ns-tool/dist/bin/ns-tool.cjs');

/** Starting a process and waiting for it, whatever it is, is part of every time here: this is how much. */
export const anyProcess = step('any process: true', ['true']);

/**
 * @typedef {Program & { readonly what: string, readonly needsRoot: boolean }} Step
 */

/**
 * The steps, for one Node.
 * @param {string} node its binary
 */
export function stepsOf(node) {
  return {
    // Compiling what follows -e takes more than reading an empty file, so the next step can come out below zero.
    bare: step('node -e 0', [node, '-e', '0']),
    emptyFile: step('an empty file', [node, file('programs/empty.cjs')]),
    // Refused once the arguments are parsed, before anything else is loaded.
    parsed: step('+ bundle loaded, arguments parsed', [node, bundle, 'mount', '--target', 'relative'], { status: 2 }),
    // Refused once everything is loaded, before the first system call.
    loaded: step('+ system calls loaded (koffi)', [node, bundle, 'mount', '--size', 'none'], { status: 2 }),
    whole: step('+ the calls: ns-tool mount', [node, bundle, 'mount'], { needsRoot: true }),
  };
}

/**
 * @param {string} what
 * @param {string[]} command
 * @param {{ status?: number, needsRoot?: boolean }} [properties]
 * @returns {Step}
 */
function step(what, command, { status = 0, needsRoot = false } = {}) {
  return { what, command, status, needsRoot };
}

/** @typedef {ReturnType<typeof stepsOf>} Steps */

/**
 * Makes sure that the steps still stop where they say: koffi's native half is what the one lacks and the other has.
 * @param {Steps} steps
 * @returns {Promise<{ codeCache: boolean }>} whether V8 takes the bundle's code from a cache
 */
export async function checkSteps({ parsed, loaded }) {
  const before = await loadingOf(parsed);
  const after = await loadingOf(loaded);
  if (before.nativeAddon) throw new Error(`this loads native code: ${parsed.command.join(' ')}`);
  if (!after.nativeAddon) throw new Error(`this loads no native code: ${loaded.command.join(' ')}`);
  return { codeCache: after.codeCache };
}

/**
 * How a program is loaded, as it tells at its end.
 * @param {Program} program
 * @returns {Promise<{ codeCache: boolean, nativeAddon: boolean }>}
 */
async function loadingOf({ command: [node = '', ...args], status }) {
  const command = [node, '--require', file('programs/tell-loading.cjs'), ...args];
  return JSON.parse(await outputOf({ command, status }));
}
