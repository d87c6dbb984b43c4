// Root, through sudo where we are not root yet.

import { isRoot } from './checkout.mjs';
import { run } from './child.mjs';
import { endLike, fail } from './end.mjs';

/** Whether `runAsRoot` will work with `--preserve-env`. On a terminal, sudo may ask for the password here. */
export async function canBeRoot() {
  if (isRoot) return true;
  const askNothing = process.stdin.isTTY ? [] : ['--non-interactive'];
  const end = await run(['sudo', ...askNothing, '--preserve-env', 'true']).catch(() => null);
  if (end?.signal) endLike(end);
  return end?.status === 0;
}

/**
 * Runs a program, given by its absolute path since sudo changes PATH, as root.
 * @param {string[]} command
 * @param {string[]} [sudoOptions]
 */
export async function runAsRoot(command, sudoOptions = []) {
  if (isRoot) return run(command);
  return run(['sudo', ...sudoOptions, ...command]).catch(() =>
    fail('this needs root, and sudo is missing: run it as root.'),
  );
}
