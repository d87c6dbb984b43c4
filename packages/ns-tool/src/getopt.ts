/** How getopt_long(3) reads a command line, where yargs reads it otherwise. Pure. */
import type { Options } from 'yargs';
import { UsageError } from './errors.ts';

/** Where the command to run starts: at the first word that is neither an option nor the value of one. */
export function commandStart(argv: readonly string[], options: Readonly<Record<string, Options>>): number {
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? '';
    if (word === '--' || !/^-./.test(word)) return i;
    const option = optionOf(/^(?:--([^=]+)|-\w*(\w))$/.exec(word), options)?.[1];
    if (option?.requiresArg === true) i++;
  }
  return argv.length;
}

/** The option that a match names: its name in the first group, or its letter in the second. */
function optionOf(match: RegExpExecArray | null, options: Readonly<Record<string, Options>>) {
  const [, long, short] = match ?? [];
  return Object.entries(options).find(([name, { alias }]) =>
    long === undefined ? short !== undefined && short === alias : long === name,
  );
}

export function mayLackValue(option: Options | undefined): boolean {
  return option?.type === 'string' && option.requiresArg !== true;
}

/** @throws UsageError for a value of an option that takes none: yargs would take any but `true` for a no. */
export function refuseValues(words: readonly string[], options: Readonly<Record<string, Options>>): void {
  for (const word of words) {
    const found = optionOf(/^(?:--([^=]+)|-\w*(\w))=/.exec(word), options);
    if (found?.[1].type === 'boolean') throw new UsageError(`--${found[0]} takes no value`);
  }
}
