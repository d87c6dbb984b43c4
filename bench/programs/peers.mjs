// What others' programs there are here.

import { outputOf } from '../timed-process.mjs';

/**
 * The version of a program as its --version tells it, or null where there is no such program.
 * @param {string} program
 */
export async function versionOf(program) {
  try {
    return /\d+\.\d+\S*/.exec(await outputOf({ command: [program, '--version'], status: 0 }))?.[0] ?? 'unknown';
  } catch {
    return null;
  }
}

/**
 * The versions of programs, and what must be said of those that are missing.
 * @param {readonly string[]} programs
 */
export async function lookFor(programs) {
  const versions = await Promise.all(programs.map(versionOf));
  const missing = programs.filter((_, i) => versions[i] === null);
  const found = programs.flatMap((program, i) => (versions[i] === null ? [] : [`${program} ${versions[i]}`]));
  return { found, missing };
}
