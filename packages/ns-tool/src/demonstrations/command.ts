/** The commands that demonstrate a kind of namespace. They differ in what there is to see: kinds.ts. */
import type { Argv, InferredOptionTypes } from 'yargs';
import type { Context } from '../context.ts';
import { UsageError, UserError } from '../errors.ts';
import { onThisMachine } from '../on-this-machine.ts';
import { print, printable } from '../output.ts';
import type { Afterwards, Seen } from './demonstrate.ts';
import type { Demonstration, DemonstrationName, Facts } from './kinds.ts';

const options = {
  user: { type: 'boolean', default: false, describe: 'Make a user namespace first, and so need no root' },
  json: { type: 'boolean', default: false, describe: 'Print JSON' },
  trace: { type: 'boolean', default: false, describe: 'Print each system call of the child and its result to stderr' },
  'dry-run': { type: 'boolean', default: false, describe: 'Print the system calls of the child, and make none' },
} as const;

/** What the parser makes of the options; the user namespace's own command has no `--user`. */
type Arguments = Omit<InferredOptionTypes<typeof options>, 'user'> & {
  readonly user?: boolean;
  readonly '--'?: readonly string[];
};

/** The parts of a command file for a kind of namespace. */
export function demonstrationCommand(kind: DemonstrationName) {
  const { user: _, ...withoutUser } = options;
  const own = kind === 'user' ? withoutUser : options;
  return {
    options: own,
    runsCommand: 'behind dashes',
    builder(yargs: Argv): Argv {
      const sudo = kind === 'user' ? '' : 'sudo ';
      yargs
        .usage(`$0 ${kind} [OPTIONS] [-- COMMAND...]\n`)
        .usage('Makes a namespace with one process in it, and shows what that sees and what is seen outside.')
        .usage('With a COMMAND, runs it inside and returns its status. Nothing changes outside.');
      if (kind === 'clone') {
        yargs.usage('It is a pid namespace: clone3(2) makes it and the process in one step, see --dry-run.');
      }
      yargs
        .options(own)
        .example(`${sudo}$0 ${kind}`, 'Look at it')
        .example(`${sudo}$0 ${kind} -- sh`, 'Look around inside');
      return kind === 'user' ? yargs : yargs.example(`$0 ${kind} --user`, 'Without root');
    },
    /** Runs the command and returns its exit status, or the signal to end by. */
    run: (args: Arguments, context: Context) => run(kind, args, context),
  } as const;
}

async function run(kind: DemonstrationName, args: Arguments, { loadSys }: Context): Promise<number | NodeJS.Signals> {
  if (args['dry-run'] && args.json) throw new UsageError('--dry-run prints system calls, not JSON');
  const { DEMONSTRATIONS, SyscallError, demonstrate, hintFor, planOf } = await onThisMachine(loadWork);
  const demonstration = DEMONSTRATIONS[kind];
  const { user = false, '--': command = [] } = args;
  const settings = { user, command, stdout: args.json ? 2 : 1 };

  const { showPlan, tracing } = await import('../child/shown.ts');
  if (args['dry-run']) {
    const plan = planOf(demonstration, settings);
    for (const line of showPlan(plan.argv, plan.options)) print(line);
    return 0;
  }
  try {
    let seen: Seen | undefined;
    const { status, afterwards } = await demonstrate(
      await loadSys(),
      demonstration,
      { ...settings, ...(args.trace && { observe: tracing({}) }) },
      (looked) => {
        seen = looked;
        if (!args.json) show(demonstration, looked, user);
      },
    );
    if (args.json) showJson(kind, seen, afterwards, command, status);
    else if (seen !== undefined) showAfterwards(demonstration, seen, afterwards);
    return status;
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    throw new UserError(error.message, hintFor(error, kind, user || kind === 'user'), { cause: error });
  }
}

async function loadWork() {
  const [syscalls, kinds, demonstrate, hints] = await Promise.all([
    import('@ns-tool/syscalls'),
    import('./kinds.ts'),
    import('./demonstrate.ts'),
    import('./hints.ts'),
  ]);
  return { ...syscalls, ...kinds, ...demonstrate, ...hints };
}

function show({ title, link, isolates, notes }: Demonstration, { namespace, outside, inside }: Seen, user: boolean) {
  print(`${title} namespace created successfully!`);
  print(isolates);
  if (user) print('It is in a user namespace of its own, in which you are root: so it took no root here.');
  print();
  showFact('namespace', `${link}:[${namespace.outside}]`, `${link}:[${namespace.inside}]`);
  for (const name of Object.keys(outside)) showFact(inWords(name), outside[name] ?? '', inside[name] ?? '');
  print();
  for (const note of notes) print(note);
}

function showFact(name: string, outside: Facts[string], inside: Facts[string]): void {
  print(name);
  print(`  outside: ${inText(outside)}`);
  print(`  inside:  ${inText(inside)}`);
}

function showAfterwards({ link }: Demonstration, seen: Seen, { namespace, facts }: Afterwards): void {
  const same = isSame(seen, { namespace, facts });
  const shown = Object.entries(facts ?? {}).filter(([, value]) => !Array.isArray(value));
  const now = [`${link}:[${namespace}]`, ...shown.map(([name, value]) => `${inWords(name)} ${inText(value)}`)].join(
    ', ',
  );
  print(
    same ? `Outside, nothing has changed: ${now}` : `Outside, someone else has changed something meanwhile: ${now}`,
  );
}

/** Standard output carries the document alone, so the command's own goes to standard error. */
function showJson(
  kind: DemonstrationName,
  seen: Seen | undefined,
  afterwards: Afterwards,
  argv: readonly string[],
  status: number | NodeJS.Signals,
): void {
  const document = {
    kind,
    ...seen,
    outsideUnchanged: seen !== undefined && isSame(seen, afterwards),
    ...(argv.length > 0 && { command: { argv, status } }),
  };
  print(JSON.stringify(document, null, 2));
}

function isSame(seen: Seen, { namespace, facts }: Afterwards): boolean {
  return (
    seen.namespace.outside === namespace && (facts === null || JSON.stringify(seen.outside) === JSON.stringify(facts))
  );
}

/** A fact's name for people: `host name` for `hostName`. */
function inWords(name: string): string {
  return name
    .replace(/Id$/, ' ID')
    .replace(/[a-z](?=[A-Z][a-z])/g, '$& ')
    .replace(/ [A-Z](?=[a-z])/g, (word) => word.toLowerCase());
}

function inText(value: Facts[string]): string {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return printable(value);
  return value.length === 0 ? 'none' : value.map(printable).join(`\n${' '.repeat('  outside: '.length)}`);
}
