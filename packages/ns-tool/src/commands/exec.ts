import type { Argv, InferredOptionTypes } from 'yargs';
import { COMMAND_OPTIONS, variables } from '../container/command-options.ts';
import type { Context } from '../context.ts';
import { NotStarted, UsageError } from '../errors.ts';
import { all, isSet, one } from '../given.ts';
import { onThisMachine } from '../on-this-machine.ts';
import { print } from '../output.ts';

export const command = 'exec';
export const describe = 'Run another command in a container that runs';

export const asGetopt = true;
export const runsCommand = true;
export const collects = true;

export const options = {
  ...COMMAND_OPTIONS,
  'dry-run': { type: 'boolean', default: false, describe: 'Print the system calls, and make none' },
  trace: { type: 'boolean', default: false, describe: 'Print each system call and its result to stderr' },
} as const;

export function builder(yargs: Argv): Argv {
  return yargs
    .usage('$0 exec [OPTIONS] CONTAINER [--] COMMAND...\n')
    .usage('Runs a command where the first process of a container is: in its namespaces, with its root, its user, its')
    .usage('environment, and no capability that it has not.')
    .options(options)
    .example('$0 exec web -- ps aux', 'What runs in it')
    .example('$0 exec -it web sh', 'A shell with a terminal of its own')
    .example('$0 exec -u 1000 -w /srv web sh', 'A shell, as another user')
    .example('$0 exec --dry-run web true', 'How it is done');
}

type Arguments = InferredOptionTypes<typeof options> & { readonly '--'?: readonly string[] };

/** Runs the command and returns its exit status, or the signal to end by. */
export async function run(args: Arguments, { loadSys }: Context): Promise<number | NodeJS.Signals> {
  const [word, ...rest] = args['--'] ?? [];
  const [program, ...words] = rest[0] === '--' ? rest.slice(1) : rest;
  if (word === undefined) throw new UsageError('no container given', 'Those that there are: ns-tool ps');
  if (program === undefined) throw new UsageError('no command given', `For example: ns-tool exec ${word} -- sh`);
  const workingDir = args.workdir === undefined ? '/' : one(args.workdir);
  if (!workingDir.startsWith('/'))
    throw new UsageError('--workdir is not absolute', 'Give a path from the root: -w /srv');

  const work = await onThisMachine(loadWork);
  const sys = await loadSys();
  const state = work.containerNamed(work.statesIn(work.ownStateDirectory()), word);
  const pidfd = work.holdProcess(sys, state);
  if (pidfd === null) throw ended(state.name);
  // What it would join are the namespaces of ns-tool.
  if (state.starting) throw new NotStarted(`${state.name} is still starting`, 'Whether it runs by now: ns-tool ps');
  try {
    // Before its namespaces: it may make itself a user namespace at any moment, in which it has all capabilities, and these
    // must not be for a command that joins it in the one before.
    const inside = work.insideOf(state.pid);
    const { differs } = work.targetWithPid(String(state.pid));
    const user = args.user === undefined ? undefined : one(args.user);
    if (isSet(args.tty) && !isSet(args['dry-run'])) work.requireTerminal();
    const terminal = work.terminalFor(isSet(args.tty), () => work.openPseudoTerminalOf(sys, state.pid));
    const account = user === undefined ? undefined : work.accountInLayers(sys, [`/proc/${state.pid}/root`], user);
    // Whom a user namespace maps, is called otherwise here.
    if (terminal !== null && !differs.includes('user')) work.giveTo(terminal, (account ?? inside).uid);
    const spawnOptions = work.execOptions(pidfd, differs, inside, {
      env: { ...(terminal !== null && { TERM: 'xterm' }), ...variables(all(args.env), process.env) },
      workingDir,
      cgroups: work.cgroupsOf(state),
      ...(account !== undefined && { account }),
      ...(terminal !== null && { slave: terminal.inside.slave }),
    });
    const argv = [program, ...words] as const;
    if (isSet(args['dry-run'])) {
      for (const line of work.showPlan(argv, spawnOptions)) print(line);
      return 0;
    }
    const tracing = isSet(args.trace) && { observe: work.tracing(spawnOptions) };
    const { status, askedBy } =
      terminal === null
        ? await work.copied(sys, (stdio) => work.runCommand(argv, { ...spawnOptions, ...tracing, stdio }))
        : await work.connected(sys, terminal, (told) =>
            work.runCommand(argv, { ...spawnOptions, ...tracing, ...told, hasTerminal: true }),
          );
    return askedBy ?? status;
  } catch (error) {
    // Whatever has noticed that first; but for errors of the output, which have nothing to do with it.
    const isOfStart = error instanceof NotStarted || 'code' in (error as Error);
    if (isOfStart && work.hasEnded(sys, pidfd, state.pid)) throw ended(state.name, error);
    if (!(error instanceof work.SyscallError)) throw error;
    const hint = work.hintForStart(error) ?? hintFor(error.call, error.code);
    throw new NotStarted(error.message, hint, { cause: error });
  }
}

function ended(name: string, cause?: unknown): NotStarted {
  return new NotStarted(`${name} has ended`, 'Those that run: ns-tool ps', { cause });
}

function hintFor(call: string, code: string): string | undefined {
  if (call === 'setns' && code === 'EPERM') return 'The container is not yours: use sudo.';
  if (call === 'clone' && code === 'EAGAIN') return 'The container has as many processes as it may have: --pids-limit';
  if (call === 'chdir') return 'There is no such directory in the container: -w /';
  return undefined;
}

async function loadWork() {
  const modules = await Promise.all([
    import('@ns-tool/syscalls'),
    import('../container/host.ts'),
    import('../container/state.ts'),
    import('../container/find.ts'),
    import('../container/hold.ts'),
    import('../container/inside.ts'),
    import('../container/exec.ts'),
    import('../container/account-in-layers.ts'),
    import('../enter/target.ts'),
    import('../child/run-command.ts'),
    import('../child/shown.ts'),
    import('../container/pseudo-terminal.ts'),
    import('../container/cgroup/remove.ts'),
    import('../container/start-hints.ts'),
    import('../container/standard-streams.ts'),
  ]);
  const [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o] = modules;
  return { ...a, ...b, ...c, ...d, ...e, ...f, ...g, ...h, ...i, ...j, ...k, ...l, ...m, ...n, ...o };
}
