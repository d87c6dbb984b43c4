/** The command line: how words become a command, and errors become text and a status. */
import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import process from 'node:process';
import yargs, { type Argv } from 'yargs';
import type { Command, Commands } from './command.ts';
import type { Context } from './context.ts';
import { UsageError, UserError } from './errors.ts';
import { getopt, UnknownOption } from './getopt.ts';
import { BrokenPipe, print, printable, printError } from './output.ts';
import { VERSION } from './version.ts';

/**
 * Runs the command line of `context`, which names one of `commands`.
 *
 * @returns the exit status, or the signal by which the process should end.
 */
export async function main(context: Context, commands: Commands): Promise<number | NodeJS.Signals> {
  const argv = helpBehind(context.argv, commands);
  const [, ...rest] = argv;
  try {
    if (argv.some((word) => word.includes('\uFFFD'))) await checkBytes();
    // The command's own parser alone: with yargs' commands, each run would lay out the help, whether asked for or not.
    const command = commandOf(argv, commands);
    if (command === undefined) return overview(argv, commands);
    const { args, help } = parse(rest, command.builder, command);
    if (help === '') return await command.run(args as never, context);
    print(help);
    return 0;
  } catch (error) {
    return await explain(error, argv, commands);
  }
}

/**
 * Looks at the words as they were given. For bytes that are not UTF-8 Node.js puts U+FFFD: the word would mean another file.
 *
 * @throws UsageError for such a word.
 */
async function checkBytes(): Promise<void> {
  const { fromBytes } = await import('@ns-tool/mount-table');
  const words = readFileSync('/proc/self/cmdline', 'latin1').split('\0');
  const strange = words.map((word) => Buffer.from(word, 'latin1')).find((word) => !isUtf8(word));
  if (strange === undefined) return;
  const hint = 'Node.js would take it for another word: give it another name, as by a link.';
  throw new UsageError(`not UTF-8: ${fromBytes(strange)}`, hint);
}

/** The words with a command's name in front: `help mount` and `--help mount` mean `mount --help`. */
function helpBehind(argv: readonly string[], commands: Commands): readonly string[] {
  const [first = '', ...rest] = argv;
  return /^(--)?help$/.test(first) && commandOf(rest, commands) !== undefined ? [...rest.slice(0, 1), '--help'] : argv;
}

/** The command that the first word names, if it names one. */
function commandOf([name = '']: readonly string[], commands: Commands): Command | undefined {
  return Object.hasOwn(commands, name) ? commands[name] : undefined;
}

/** What `ns-tool` says without a command it knows: its help, its version, or what is wrong. */
function overview(argv: readonly string[], commands: Commands): number {
  if (argv.length === 0) throw new UsageError('no command given');
  const { help } = parse(argv, (yargs) => {
    for (const { command, describe } of Object.values(commands)) yargs.command(command, describe);
    return yargs
      .usage('$0 COMMAND [OPTIONS]\n\nShows, makes and tests Linux namespaces.')
      .version(VERSION)
      .epilogue('Each command has its own: ns-tool mount --help');
  });
  print(help);
  return 0;
}

/** Parses arguments, and returns them with what yargs has to print: the help or the version if asked for, or nothing. */
function parse(
  argv: readonly string[],
  builder: (yargs: Argv) => Argv,
  { command = '', options = {}, asGetopt = false, runsCommand, collects = false, operand }: Partial<Command> = {},
): { args: unknown; help: string } {
  const parser = yargs()
    .scriptName('ns-tool')
    .parserConfiguration({
      // Where no command is run, the words behind `--` are operands like those before it.
      'populate--': asGetopt || runsCommand !== undefined,
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'duplicate-arguments-array': collects,
      'parse-numbers': false,
      'parse-positional-numbers': false,
    })
    .locale('en')
    .detectLocale(false)
    .version(false)
    .help()
    .strict()
    // Of words too many, yargs would tell only how many there are, and not look behind `--`.
    .demandCommand(0, Number.POSITIVE_INFINITY)
    .exitProcess(false)
    .fail((message: string | null, error: Error | undefined) => {
      // yargs reports a mistake in the command line as a message, with or without an error of its own.
      throw error === undefined || error.name === 'YError' ? new UsageError(inOurWords(message ?? '')) : error;
    });
  const words = asGetopt ? getopt(withOperand(argv, operand), options) : withoutValues(argv, options);
  if (words.includes('--help')) {
    const { columns = 80 } = process.stdout;
    parser.wrap(Math.min(80, columns));
  }
  let help = '';
  const args = builder(parser).parseSync(words, {}, (_error, _args, output) => {
    help = output;
  });
  const [name = '', ...operands] = command.split(' ');
  const unexpected = help !== '' || command.endsWith('...') ? undefined : args._[operands.length];
  if (unexpected === undefined) return { args, help };
  if (name === '') throw new UsageError(`Unknown command: ${unexpected}`);
  const hint = `A command to run comes after two dashes: ns-tool ${name} -- ${unexpected}`;
  throw new UsageError(`unexpected argument: ${unexpected}`, runsCommand === undefined ? undefined : hint);
}

/** A first word that is no option, as the option that it stands for. */
function withOperand(argv: readonly string[], operand: string | undefined): readonly string[] {
  const [first = '', ...rest] = argv;
  return operand === undefined || first === '' || first.startsWith('-') ? argv : [`--${operand}=${first}`, ...rest];
}

/**
 * The words, in which no option has a value that takes none: yargs would read `--json=1` as its contrary.
 *
 * @throws UsageError if one has.
 */
function withoutValues(argv: readonly string[], options: Command['options']): readonly string[] {
  for (const word of upToDashes(argv)) {
    const name = /^--([^=]+)=/.exec(word)?.[1] ?? '';
    if (Object.hasOwn(options, name) && options[name]?.type === 'boolean') {
      throw new UsageError(`--${name} takes no value`);
    }
  }
  return argv;
}

function upToDashes(argv: readonly string[]): readonly string[] {
  return argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
}

/** What yargs says of a mistake, where it can be said more plainly. */
function inOurWords(message: string): string {
  const option = /^Not enough arguments following: (.+)$/.exec(message)?.[1];
  return option === undefined ? message : `--${option} needs a value`;
}

/** Prints an error and returns the exit status that goes with it. */
async function explain(thrown: unknown, argv: readonly string[], commands: Commands): Promise<number> {
  if (thrown instanceof BrokenPipe) return thrown.status;
  const error = isWithoutDirectory(thrown)
    ? new UserError(
        'the working directory has been removed',
        'A relative path leads nowhere from there: cd to another.',
      )
    : thrown;
  const command = commandOf(argv, commands);
  if (error instanceof UsageError) {
    const { message, hint } = await withNearMiss(error, argv, commands);
    tell(`error: ${message}`, hint ?? `Try: ns-tool ${command === undefined ? '' : `${argv[0]} `}--help`);
    return 2;
  }
  if (error instanceof UserError) tell(`ns-tool: ${error.message}`, error.hint);
  else {
    const details = error instanceof Error ? error.stack : String(error);
    tell(...`ns-tool: this is a defect; please report it: ${details}`.split('\n'));
  }
  return statusOf(error, argv, command);
}

/** Whether a relative path was to be made absolute where there is no working directory any more. getcwd(3) */
function isWithoutDirectory(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && error.syscall === 'uv_cwd';
}

/** Prints lines on standard error. Where that cannot be written to, the status alone says what there is to say. */
function tell(...lines: readonly (string | undefined)[]): void {
  try {
    for (const line of lines) if (line !== undefined) printError(printable(line));
  } catch (error) {
    if (!(error instanceof BrokenPipe || error instanceof UserError)) throw error;
  }
}

/** 1 if the work failed; with a command to run, 125, 126 or 127, so that it is told from the command's own status. */
function statusOf(error: unknown, argv: readonly string[], command: Command | undefined): number {
  if (error instanceof Error && 'status' in error && typeof error.status === 'number') return error.status;
  const wouldRun = command?.runsCommand === true || (command?.runsCommand !== undefined && argv.includes('--'));
  return wouldRun ? 125 : 1;
}

/** For an unknown command or option, the known one that was probably meant. */
async function withNearMiss(error: UsageError, argv: readonly string[], commands: Commands): Promise<UsageError> {
  if (error instanceof UnknownOption) {
    const { nearest } = await import('./near-miss.ts');
    return nearest('option', error.option, error.known);
  }
  const unknown = /^Unknown (?:argument|command)s?: ([^,]+)/.exec(error.message)?.[1];
  if (unknown === undefined) return error;
  const command = commandOf(argv, commands);
  const options = upToDashes(argv);
  if (unknown.length === 1 && options.some((word) => /^-[^-]/.test(word) && word.includes(unknown))) {
    return new UsageError(`unknown option: -${unknown}`);
  }
  const { nearest } = await import('./near-miss.ts');
  if (options.some((word) => word.split('=')[0] === `--${unknown}`)) {
    const own = command === undefined ? ['version'] : Object.keys(command.options);
    return nearest('option', unknown, [...own, 'help']);
  }
  if (command === undefined) return nearest('command', unknown, Object.keys(commands));
  return new UsageError(`unexpected argument: ${unknown}`);
}
