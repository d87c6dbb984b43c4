/** What `run` and `exec` are told of their command. Pure. */
import { UsageError } from '../errors.ts';

/** The options by which `run` and `exec` say how the command is to find itself, as docker's are called. */
export const COMMAND_OPTIONS = {
  env: { alias: 'e', type: 'string', requiresArg: true, describe: 'Set NAME=VALUE, or pass NAME on' },
  workdir: { alias: 'w', type: 'string', requiresArg: true, describe: 'Working directory of the command' },
  user: { alias: 'u', type: 'string', requiresArg: true, describe: 'USER or USER:GROUP, by name or number' },
  interactive: { alias: 'i', type: 'boolean', describe: 'Keep standard input: always done' },
  tty: {
    alias: 't',
    type: 'boolean',
    describe: 'Give it a terminal of its own, connected with yours; always done at a terminal',
  },
} as const;

/** Variables from `NAME=VALUE`, or `NAME` for the value that it has here, if any. */
export function variables(words: readonly string[], here: NodeJS.ProcessEnv): Record<string, string> {
  const pairs = words.flatMap((word): [string, string][] => {
    const equals = word.indexOf('=');
    if (equals === 0 || word === '') throw new UsageError('-e: a variable has a name', 'For example: -e DEBUG=1');
    if (equals > 0) return [[word.slice(0, equals), word.slice(equals + 1)]];
    const value = here[word];
    return value === undefined ? [] : [[word, value]];
  });
  return Object.fromEntries(pairs);
}
