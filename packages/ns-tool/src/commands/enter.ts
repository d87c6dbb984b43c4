import { readFileSync } from 'node:fs';
import type { Argv, InferredOptionTypes } from 'yargs';
import { shellOr } from '../child/shell.ts';
import type { Target } from '../enter/enter.ts';
import { NotStarted, UsageError } from '../errors.ts';
import { onThisMachine } from '../on-this-machine.ts';
import { print } from '../output.ts';

export const command = 'enter';
export const describe = 'Run a command in the namespaces of a process, with the options of nsenter(1)';

export const asGetopt = true;
export const runsCommand = true;

/** The option that a first word without dashes stands for. No name of nsenter(1) begins as it does, and is abbreviated to it. */
export const operand = 'operand';

export const options = {
  operand: { type: 'string', requiresArg: true, hidden: true },
  target: { alias: 't', type: 'string', requiresArg: true, describe: 'The process, by its pid' },
  all: { alias: 'a', type: 'boolean', describe: 'Enter all its namespaces' },
  mount: { alias: 'm', type: 'string', describe: 'Enter its mount namespace, or that of =FILE, as with the others' },
  uts: { alias: 'u', type: 'string', describe: 'Enter its UTS namespace: host name' },
  ipc: { alias: 'i', type: 'string', describe: 'Enter its IPC namespace' },
  net: { alias: 'n', type: 'string', describe: 'Enter its network namespace' },
  pid: { alias: 'p', type: 'string', describe: 'Enter its pid namespace' },
  user: { alias: 'U', type: 'string', describe: 'Enter its user namespace, as root of it' },
  cgroup: { alias: 'C', type: 'string', describe: 'Enter its cgroup namespace' },
  time: { alias: 'T', type: 'string', describe: 'Enter its time namespace' },
  root: { alias: 'r', type: 'string', describe: 'Use its root directory, or =DIR' },
  wd: { alias: 'w', type: 'string', describe: 'Use its working directory, or =DIR' },
  wdns: { alias: 'W', type: 'string', requiresArg: true, describe: 'Working directory, in the namespaces' },
  setuid: { alias: 'S', type: 'string', requiresArg: true, describe: 'User ID of the command' },
  setgid: { alias: 'G', type: 'string', requiresArg: true, describe: 'Group ID of the command; drops other groups' },
  'preserve-credentials': { type: 'boolean', describe: 'Stay who you are, also in another user namespace' },
  'no-fork': { alias: 'F', type: 'boolean', describe: 'With --pid: only the children of the command are in it' },
  env: { alias: 'e', type: 'boolean', describe: 'Take the environment of the process' },
  'dry-run': { type: 'boolean', default: false, describe: 'Print the system calls, and make none' },
  trace: { type: 'boolean', default: false, describe: 'Print each system call and its result to stderr' },
} as const;

export function builder(yargs: Argv): Argv {
  return yargs
    .usage('$0 enter PID|NAME [OPTIONS] [--] [COMMAND...]')
    .usage('$0 enter [OPTIONS] [--] [COMMAND...]\n')
    .usage('Runs a command, or your shell, in namespaces of another process.')
    .usage('PID or NAME alone means: all those in which it is not with you, and its root directory.')
    .usage('With options, what they say, as with nsenter(1).')
    .options(options)
    .example('sudo $0 enter 1234', 'A shell where process 1234 is')
    .example('sudo $0 enter nginx --net ss -tl', 'Its network, with your tools')
    .example('$0 enter -t 1234 -U -m --preserve-credentials ls /mnt', 'Into what you made without root')
    .example('sudo $0 enter --net=/run/netns/blue ip addr', 'A namespace that a file keeps')
    .example('$0 enter 1234 --dry-run', 'What it would do');
}

/** What the parser makes of the options. */
type Arguments = InferredOptionTypes<typeof options> & { readonly '--'?: readonly string[] };

/** Runs the command and returns its exit status, or the signal to end by. */
export async function run(args: Arguments): Promise<number | NodeJS.Signals> {
  const work = await onThisMachine(loadWork);
  const target = targetIn(args, work);
  const env = args.env ? environmentOf(target, work) : undefined;
  const [argv, argv0] = shellOr(args['--'] ?? [], env);
  const may = privileges(work);
  const isPlain = args.operand !== undefined && !saysWhere(args);
  const enterArguments = isPlain && target !== null ? { ...args, ...work.whereItIs(target, may) } : args;
  const spawnOptions = {
    ...work.enterOptions(enterArguments, target, may),
    ...(argv0 !== undefined && { argv0 }),
    ...(env !== undefined && { env }),
  };

  if (args['dry-run']) {
    for (const line of work.showPlan(argv, spawnOptions)) print(line);
    return 0;
  }
  try {
    const tracing = args.trace && { observe: work.tracing(spawnOptions) };
    const { status, askedBy } = await work.runCommand(argv, { ...spawnOptions, ...tracing });
    return askedBy ?? status;
  } catch (error) {
    if (!(error instanceof work.SyscallError)) throw error;
    throw new NotStarted(error.message, work.hintFor(error, process.geteuid?.() === 0), { cause: error });
  }
}

/** Options that do not say where to go. */
const OTHERS: readonly string[] = [
  'operand',
  'target',
  'setuid',
  'setgid',
  'preserve-credentials',
  'no-fork',
  'env',
  'dry-run',
  'trace',
];

/** Whether an option says where to go: into which namespaces, root and working directory. */
function saysWhere(args: Arguments): boolean {
  return Object.keys(options).some((name) => !OTHERS.includes(name) && args[name as keyof Arguments] !== undefined);
}

type Work = Awaited<ReturnType<typeof loadWork>>;

async function loadWork() {
  const [syscalls, enter, target, hints, capabilities, child, shown] = await Promise.all([
    import('@ns-tool/syscalls'),
    import('../enter/enter.ts'),
    import('../enter/target.ts'),
    import('../enter/hints.ts'),
    import('../capabilities/capabilities.ts'),
    import('../child/run-command.ts'),
    import('../child/shown.ts'),
  ]);
  return { ...syscalls, ...enter, ...target, ...hints, ...capabilities, ...child, ...shown };
}

/** The process that is meant, or null if none was named: then namespaces are those of files. */
function targetIn(args: Arguments, work: Work): Target | null {
  if (args.operand !== undefined && args.target !== undefined) {
    throw new UsageError('two processes to enter', 'Give one: ns-tool enter PID, or --target PID');
  }
  if (args.operand !== undefined) return work.targetOf(args.operand);
  if (args.target !== undefined) return work.targetWithPid(args.target);
  if (!saysWhere(args)) {
    throw new UsageError('nothing to enter', 'Name a process: ns-tool enter PID, or a file: ns-tool enter --net=FILE');
  }
  return null;
}

function privileges({ effectiveCapabilities }: Work) {
  const names = effectiveCapabilities(readFileSync('/proc/thread-self/status', 'utf8'));
  return { join: names.includes('CAP_SYS_ADMIN'), setGroups: names.includes('CAP_SETGID') };
}

/** @throws UsageError without a process; NotStarted if there is none, or it may not be looked at. */
function environmentOf(target: Target | null, work: Work): Record<string, string> {
  if (target === null) throw new UsageError('--env takes a process', 'Name one: ns-tool enter PID --env');
  try {
    return work.environmentOf(target);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isThere = code !== 'ENOENT' && code !== 'ESRCH';
    throw new NotStarted(
      message,
      isThere
        ? 'Its environment is for its user and root to see: use sudo.'
        : 'There is no such process: ps -e lists those that there are.',
    );
  }
}
