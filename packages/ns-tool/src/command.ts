/** What a command is to the command line. */
import type { Argv } from 'yargs';
import type { Context } from './context.ts';
import type { Option } from './getopt.ts';

/** A file of commands/: one subcommand. */
export interface Command {
  readonly command: string;
  readonly describe: string;
  readonly options: Readonly<Record<string, Option>>;
  /** Words mean what they mean to getopt_long(3): the first that is no option starts the command to run, also without `--`. */
  readonly asGetopt?: boolean;
  /** Whether it runs a command, whose status it returns: always, or one that stands behind `--`. */
  readonly runsCommand?: true | 'behind dashes';
  /** An option that is given again adds its value to the first; otherwise the last one counts. */
  readonly collects?: boolean;
  /** With `asGetopt`: the option that the first word stands for, where it is none itself. */
  readonly operand?: string;
  /** Describes options, usage and examples to the parser. */
  builder(yargs: Argv): Argv;
  /** Runs the command and returns its exit status, or the signal to end by. `args` are what the parser makes of `options`. */
  run(args: never, context: Context): Promise<number | NodeJS.Signals>;
}

/** Commands by name. */
export type Commands = Readonly<Record<string, Command>>;
