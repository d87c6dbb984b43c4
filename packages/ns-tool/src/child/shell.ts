import { basename } from 'node:path';

/**
 * The command, or else the shell that an environment names, as a login shell, whose own name begins with a dash: as
 * unshare(1) and nsenter(1) start it.
 */
export function shellOr(
  [command, ...args]: readonly string[],
  env: Readonly<Record<string, string | undefined>> = process.env,
): [argv: [string, ...string[]], argv0?: string] {
  if (command !== undefined) return [[command, ...args]];
  const shell = env.SHELL || '/bin/sh';
  return [[shell], `-${basename(shell)}`];
}
