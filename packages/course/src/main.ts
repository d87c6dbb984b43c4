/** `npm run lesson`: the course's own command. */
import yargs, { type Argv } from 'yargs';
import { type Entry, lessonNamed } from './catalogue.ts';
import { check } from './commands/check.ts';
import { hint } from './commands/hint.ts';
import { list } from './commands/list.ts';
import { reset } from './commands/reset.ts';
import { shell } from './commands/shell.ts';
import { solution } from './commands/solution.ts';
import { start } from './commands/start.ts';
import { watch } from './commands/watch.ts';
import { CourseError } from './errors.ts';
import { progress } from './learner.ts';

/** The lesson that was named, or the one at work. */
function lesson(named: string | undefined): Entry {
  const name = named ?? progress().current;
  if (name !== undefined) return lessonNamed(name);
  throw new CourseError('which lesson?', 'npm run lesson start 00', 2);
}

const theLesson = <T>(args: Argv<T>) =>
  args.positional('lesson', { type: 'string', describe: 'its number; the last one, if left out' });
const asJson = <T>(args: Argv<T>) => args.option('json', { type: 'boolean', default: false, describe: 'for machines' });

/** The exit status. */
let status = 0;

/** Lets a command decide on the status. */
function ending<A>(run: (args: A) => number | Promise<number>) {
  return async (args: A) => {
    status = await run(args);
  };
}

// Without a command, `list`: as yargs' own default command it would take a mistyped one for an argument.
const words = process.argv.slice(2);
const [first] = words;
const parser = yargs(first === undefined || first === '--json' ? ['list', ...words] : words)
  .scriptName('npm run lesson')
  .usage('$0 [COMMAND]\n\nThe lessons of docs/lessons: exercises that check your program, and your test.')
  .locale('en')
  .parserConfiguration({ 'parse-numbers': false, 'parse-positional-numbers': false })
  .version(false)
  .strict()
  .recommendCommands()
  .demandCommand(1)
  .exitProcess(false)
  .fail((message, error) => {
    throw error ?? new CourseError(message, 'npm run lesson -- --help', 2);
  })
  .command(
    'list',
    'Lists the lessons, and how far you are; also without a command',
    asJson,
    ending(({ json }) => list(json)),
  )
  .command(
    'start <lesson>',
    'Lays the exercise into my-lessons/',
    theLesson,
    ending((args) => start(lesson(args.lesson))),
  )
  .command(
    'check [lesson]',
    'Says where you stand: red, your test good, green',
    (args) => asJson(theLesson(args)),
    ending((args) => check(lesson(args.lesson), args.json)),
  )
  .command(
    'watch [lesson]',
    'Checks again whenever you save',
    theLesson,
    ending((args) => watch(lesson(args.lesson))),
  )
  .command(
    'hint [lesson]',
    'Gives one hint more each time',
    theLesson,
    ending((args) => hint(lesson(args.lesson))),
  )
  .command(
    'solution [lesson] [part]',
    'Shows the solution, or writes it into your folder',
    (args) =>
      theLesson(args)
        .positional('part', { choices: ['test', 'program'] as const, describe: 'one of the two files alone' })
        .option('write', { type: 'boolean', default: false, describe: 'write it; yours is kept beside it' }),
    ending((args) => solution(lesson(args.lesson), args.part, args.write)),
  )
  .command(
    'reset [lesson]',
    'Puts the stubs back; what you wrote is kept',
    theLesson,
    ending((args) => reset(lesson(args.lesson))),
  )
  .command('shell', 'Opens a root shell in the sandbox, to try things in', {}, ending(shell))
  .example('$0 start 04', 'begin lesson 04')
  .example('$0 check', 'where you stand in it')
  .epilogue(
    'With pnpm: pnpm lesson. Where this machine lets no ordinary user make a user namespace: sudo npm run lesson …',
  );

try {
  await parser.parseAsync();
  process.exitCode = status;
} catch (error) {
  if (!(error instanceof CourseError)) throw error;
  console.error(`lesson: ${error.message}`);
  if (error.hint !== undefined) console.error(error.hint);
  process.exitCode = error.status;
}
