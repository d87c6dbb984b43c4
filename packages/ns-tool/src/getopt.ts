/** How getopt_long(3) reads a command line, in words that yargs reads in no other way. Pure. */
import type { Options } from 'yargs';
import { UsageError } from './errors.ts';

/**
 * An option as yargs has it: the key is its name, `alias` the letter of its short form. A boolean takes no argument, a
 * string takes one, which without `requiresArg` may be left out, and is then never in the next word.
 */
export interface Option extends Options {
  /** False where the short form takes no argument, though the long one does: `-m`, but `--mount=FILE`. */
  readonly shortHasArg?: false;
}

type OptionTable = Readonly<Record<string, Option>>;

/** A long option that there is not. */
export class UnknownOption extends UsageError {
  constructor(
    readonly option: string,
    /** The names that there are. */
    readonly known: readonly string[],
  ) {
    super(`unknown option: --${option}`);
  }
}

/** One option of a word, with the argument that is in the same word. */
interface Given {
  readonly name: string;
  readonly hasArg: HasArg;
  readonly arg: string | undefined;
}

type HasArg = 'no_argument' | 'required_argument' | 'optional_argument';

/**
 * Reads words as getopt_long(3) does with `+`: the first that is neither an option nor its argument starts the command.
 *
 * @returns each option as `--NAME`, or as `--NAME=ARGUMENT` with an empty one where it is left out; then `--` and the
 *   command, if there are any. `--help`, which yargs adds to the options, ends the reading, as it does in util-linux.
 * @throws UsageError for a word that getopt_long(3) refuses.
 */
export function getopt(argv: readonly string[], options: OptionTable): string[] {
  const table: OptionTable = { ...options, help: { type: 'boolean' } };
  const words: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? '';
    if (word === '--') return [...words, ...argv.slice(i)];
    if (word === '-' || !word.startsWith('-')) return [...words, '--', ...argv.slice(i)];
    const given = word.startsWith('--') ? [longOption(word, table)] : shortOptions(word, table);
    for (const { name, hasArg, arg } of given) {
      const value = arg ?? (hasArg === 'required_argument' ? argv[++i] : '');
      if (value === undefined) throw new UsageError(`--${name} needs a value`);
      words.push(table[name]?.type === 'string' ? `--${name}=${quoted(value, hasArg)}` : `--${name}`);
      if (name === 'help') return words;
    }
  }
  return words;
}

/** The option of a word that begins with two dashes. */
function longOption(word: string, table: OptionTable): Given {
  const [, abbreviation = '', arg] = /^--([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
  const name = unabbreviated(abbreviation, Object.keys(table));
  const hasArg = hasArgOf(table[name]);
  if (hasArg === 'no_argument' && arg !== undefined) throw new UsageError(`--${name} takes no value`);
  return { name, hasArg, arg };
}

/** The name that is meant: itself, or the only one that begins so. */
function unabbreviated(abbreviation: string, names: readonly string[]): string {
  if (names.includes(abbreviation)) return abbreviation;
  const [name, ...others] = names.filter((name) => name.startsWith(abbreviation));
  if (name === undefined) throw new UnknownOption(abbreviation, names);
  if (others.length === 0) return name;
  const hint = `Give one of: ${[name, ...others].map((name) => `--${name}`).join(', ')}`;
  throw new UsageError(`ambiguous option: --${abbreviation}`, hint);
}

/** The options of a word that begins with one dash: a letter each, up to one that takes the rest as its argument. */
function* shortOptions(word: string, table: OptionTable): Generator<Given> {
  let rest = word.slice(1);
  while (rest !== '') {
    const [letter = ''] = rest;
    rest = rest.slice(letter.length);
    const [name, option] = Object.entries(table).find(([, { alias }]) => alias === letter) ?? [];
    if (name === undefined) throw new UsageError(`unknown option: -${letter}`);
    const hasArg = option?.shortHasArg === false ? 'no_argument' : hasArgOf(option);
    const takesRest = hasArg !== 'no_argument' && rest !== '';
    yield { name, hasArg, arg: takesRest ? rest : undefined };
    if (takesRest) return;
  }
}

function hasArgOf(option: Option | undefined): HasArg {
  if (option?.type !== 'string') return 'no_argument';
  return option.requiresArg === true ? 'required_argument' : 'optional_argument';
}

/** What yargs reads as this argument: it takes a pair of quotes off one that may be left out. */
function quoted(arg: string, hasArg: HasArg): string {
  return hasArg !== 'required_argument' && /^(["']).*\1$/s.test(arg) ? `"${arg}"` : arg;
}
