/** The command line: how words become a command, and errors become text and a status. */
import process from 'node:process';
import yargs, { type Argv } from 'yargs';
import type { Command, Commands } from './command.ts';
import type { Context } from './context.ts';
import { UsageError, UserError } from './errors.ts';
import { getopt, UnknownOption } from './getopt.ts';
import { BrokenPipe, print, printError } from './output.ts';
import { VERSION } from './version.ts';

/**
 * Runs the command line of `context`, which names one of `commands`.
 *
 * @returns the exit status, or the signal by which the process should end.
 */
export async function main(context: Context, commands: Commands): Promise<number | NodeJS.Signals> {
  const { argv } = context;
  const [name = '', ...rest] = argv;
  try {
    // The command's own parser alone: with yargs' commands, each run would lay out the help, whether asked for or not.
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (command === undefined) return overview(argv, commands);
    const { args, help } = parse(rest, command.builder, command);
    if (help === '') return await command.run(args as never, context);
    print(help);
    return 0;
  } catch (error) {
    return await explain(error, argv, commands);
  }
}

/** What `ns-tool` says without a command it knows: its help, its version, or what is wrong. */
function overview(argv: readonly string[], commands: Commands): number {
  const { help } = parse(argv, (yargs) => {
    for (const { command, describe } of Object.values(commands)) yargs.command(command, describe);
    return yargs
      .usage('$0 COMMAND [OPTIONS]\n\nShows, makes and tests Linux namespaces.')
      .demandCommand(1, 'no command given')
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
  { options = {}, asGetopt = false, collects = false, operand }: Partial<Command> = {},
): { args: unknown; help: string } {
  const parser = yargs()
    .scriptName('ns-tool')
    .parserConfiguration({
      'populate--': true,
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
    .exitProcess(false)
    .fail((message: string | null, error: Error | undefined) => {
      // yargs reports a mistake in the command line as a message, with or without an error of its own.
      throw error === undefined || error.name === 'YError' ? new UsageError(inOurWords(message ?? '')) : error;
    });
  const words = asGetopt ? getopt(withOperand(argv, operand), options) : argv;
  if (words.includes('--help')) {
    const { columns = 80 } = process.stdout;
    parser.wrap(Math.min(80, columns));
  }
  let help = '';
  const args = builder(parser).parseSync(words, {}, (_error, _args, output) => {
    help = output;
  });
  return { args, help };
}

/** A first word that is no option, as the option that it stands for. */
function withOperand(argv: readonly string[], operand: string | undefined): readonly string[] {
  const [first = '', ...rest] = argv;
  return operand === undefined || first === '' || first.startsWith('-') ? argv : [`--${operand}=${first}`, ...rest];
}

/** What yargs says of a mistake, where it can be said more plainly. */
function inOurWords(message: string): string {
  const option = /^Not enough arguments following: (.+)$/.exec(message)?.[1];
  return option === undefined ? message : `--${option} needs a value`;
}

/** Prints an error and returns the exit status that goes with it. */
async function explain(error: unknown, argv: readonly string[], commands: Commands): Promise<number> {
  if (error instanceof BrokenPipe) return error.status;
  if (error instanceof UsageError) {
    const { message, hint } = await withNearMiss(error, argv, commands);
    printError(`error: ${message}`);
    printError(hint ?? `Try: ns-tool ${Object.keys(commands).includes(argv[0] ?? '') ? `${argv[0]} ` : ''}--help`);
    return 2;
  }
  if (error instanceof UserError) {
    printError(`ns-tool: ${error.message}`);
    if (error.hint !== undefined) printError(error.hint);
  } else {
    printError(`ns-tool: this is a defect; please report it: ${error instanceof Error ? error.stack : String(error)}`);
  }
  return statusOf(error, argv, commands);
}

/** 1 if the work failed; with a command to run, 125, 126 or 127, so that it is told from the command's own status. */
function statusOf(error: unknown, argv: readonly string[], commands: Commands): number {
  if (error instanceof Error && 'status' in error && typeof error.status === 'number') return error.status;
  return argv.includes('--') || commands[argv[0] ?? '']?.runsCommand ? 125 : 1;
}

/** For an unknown command or option, the known one that was probably meant. */
async function withNearMiss(error: UsageError, argv: readonly string[], commands: Commands): Promise<UsageError> {
  if (error instanceof UnknownOption) {
    const { nearest } = await import('./near-miss.ts');
    return nearest('option', error.option, error.known);
  }
  const unknown = /^Unknown (?:argument|command)s?: ([^,]+)/.exec(error.message)?.[1];
  if (unknown === undefined) return error;
  const { nearest } = await import('./near-miss.ts');
  if (unknown.length === 1) return new UsageError(`unknown option: -${unknown}`);
  const isOption = argv.some((word) => /^--?/.test(word) && word.replace(/^--?/, '').split('=')[0] === unknown);
  if (!isOption && argv[0] === unknown) return nearest('command', unknown, Object.keys(commands));
  const chosen = commands[argv[0] ?? ''];
  if (isOption) return nearest('option', unknown, [...Object.keys(chosen?.options ?? {}), 'help', 'version']);
  return new UsageError(
    `unexpected argument: ${unknown}`,
    `A command to run comes after two dashes: ns-tool ${argv[0]} -- ${unknown}`,
  );
}
