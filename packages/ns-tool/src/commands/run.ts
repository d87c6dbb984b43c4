import { resolve } from 'node:path';
import type { CopyOptions } from '@ns-tool/images';
import type { Sys } from '@ns-tool/syscalls';
import type { Argv, InferredOptionTypes } from 'yargs';
import type { CommandOptions } from '../child/run-command.ts';
import { COMMAND_OPTIONS, variables } from '../container/command-options.ts';
import type { Context } from '../context.ts';
import { NotStarted, UsageError } from '../errors.ts';
import { all, isSet, one } from '../given.ts';
import { onThisMachine } from '../on-this-machine.ts';
import { print, printError } from '../output.ts';

export const command = 'run';
export const describe = 'Run a command in a container: from an image, or a directory with a root in it';

export const asGetopt = true;
export const runsCommand = true;
export const collects = true;

export const options = {
  ...COMMAND_OPTIONS,
  volume: { alias: 'v', type: 'string', requiresArg: true, describe: 'Show a path of the host: HOST:CONTAINER[:ro]' },
  mount: {
    type: 'string',
    requiresArg: true,
    describe: 'type=bind,source=HOST,target=CONTAINER[,readonly]; type=tmpfs,…',
  },
  tmpfs: { type: 'string', requiresArg: true, describe: 'Mount a tmpfs: CONTAINER[:OPTIONS]' },
  'read-only': { type: 'boolean', describe: 'Make its root read-only' },
  'in-place': { type: 'boolean', describe: 'Write to the directory itself: no overlay over it' },
  hostname: { alias: 'h', type: 'string', requiresArg: true, describe: 'Host name inside; the ID if not given' },
  name: { type: 'string', requiresArg: true, describe: 'A name for the container; the ID if not given' },
  rm: { type: 'boolean', describe: 'Remove it when it ends: always done' },
  entrypoint: { type: 'string', requiresArg: true, describe: 'The program to run, in place of that of the image' },
  'cap-add': { type: 'string', requiresArg: true, describe: 'Give a capability: NET_ADMIN, or ALL' },
  'cap-drop': { type: 'string', requiresArg: true, describe: 'Take a capability, or ALL' },
  privileged: { type: 'boolean', describe: 'All capabilities, and all of /proc and /sys' },
  memory: {
    alias: 'm',
    type: 'string',
    requiresArg: true,
    describe: 'Bytes of memory at most, and none of swap: 64m, 1g',
  },
  cpus: { type: 'string', requiresArg: true, describe: 'Processors at most: 1.5' },
  'pids-limit': { type: 'string', requiresArg: true, describe: 'Processes and threads at most; -1 for any' },
  init: { type: 'boolean', describe: 'A small init as PID 1: passes signals on, reaps orphans' },
  network: { type: 'string', requiresArg: true, describe: 'none (default: a loopback of its own) or host' },
  chroot: { type: 'boolean', describe: 'Change the root by chroot(2), to see how that is left again' },
  store: { type: 'string', requiresArg: true, describe: 'Directory of images; also NS_TOOL_STORE' },
  'dry-run': { type: 'boolean', default: false, describe: 'Print the system calls, and make none' },
  trace: { type: 'boolean', default: false, describe: 'Print each system call and its result to stderr' },
} as const;

export function builder(yargs: Argv): Argv {
  return yargs
    .usage('$0 run [OPTIONS] IMAGE|ROOTFS [COMMAND...]\n')
    .usage('Runs a command in a container, whose root is an image of the store, or a directory.')
    .usage('It sees the image and nothing else; what it writes goes with it. The options are those of docker run.')
    .usage('A directory can also be changed in place: --in-place.')
    .usage('Where the kernel refuses it an overlay over the image, it has a copy, which takes longer.')
    .options(options)
    .example('$0 run ./rootfs', 'A shell in a directory with a root in it; takes no root')
    .example('sudo $0 run --read-only --tmpfs /tmp debian:12 ps aux', 'From an image: ns-tool pull debian:12')
    .example('$0 run -it ./rootfs sh', 'A shell with a terminal of its own: job control, and a size')
    .example('$0 run --init ./rootfs sleep 100', 'Ctrl-C ends it: PID 1 would ignore that, its child does not')
    .example('$0 run -v .:/src:ro -w /src -e DEBUG=1 ./rootfs ls', 'With a directory of yours, and a variable')
    .example('$0 run --in-place ./rootfs apk add curl', 'What it writes stays in the directory')
    .example('$0 run -m 64m --cpus 0.5 --pids-limit 100 ./rootfs', 'Limited, by cgroups of its own')
    .example('$0 run --dry-run ./rootfs', 'The recipe of a container, call by call');
}

/** What the parser makes of the options: a list of one that is given twice. */
type Arguments = InferredOptionTypes<typeof options> & { readonly '--'?: readonly string[] };

/** Runs the command and returns its exit status, or the signal to end by. */
export async function run(args: Arguments, { loadSys }: Context): Promise<number | NodeJS.Signals> {
  const [imageOrPath = '', ...words] = args['--'] ?? [];
  if (imageOrPath === '') throw new UsageError('no image given', 'For example: ns-tool run ./rootfs sh');
  const work = await onThisMachine(loadWork);
  const sys = await loadSys();
  const host = work.thisHost();
  const store =
    args.store === undefined ? (await import('@ns-tool/images')).storeDirectory() : resolve(one(args.store));
  const places = { host, store, states: work.stateDirectory() };
  const rootfs = await work.rootfsOf(imageOrPath, async (name) => {
    const { findImage } = await import('../container/images.ts');
    return findImage(store, name);
  });
  if (isSet(args.tty) && !args['dry-run']) work.requireTerminal();
  const terminal = work.terminalFor(isSet(args.tty), () => work.openPseudoTerminal(sys));
  const asked = { ...optionsOf(args, work), ...(terminal !== null && { terminal: terminal.inside }) };
  const decided = work.decide(sys, rootfs, words, asked, places);
  const { argv, idMaps, account } = decided.plan;

  const { showPlan, tracing } = await import('../child/shown.ts');
  if (args['dry-run']) {
    for (const line of work.showCgroups(decided.plan.cgroups)) print(line);
    for (const line of showPlan(argv, work.containerOptions(decided.plan))) print(line);
    return 0;
  }
  const { runCommand } = await import('../child/run-command.ts');
  try {
    // Whom a user namespace maps, is called otherwise here, and owns the terminal of this user only there.
    if (terminal !== null && idMaps === null) work.giveTo(terminal, account.uid);
    const begin = (terminalOptions: CommandOptions) =>
      work.begin(
        decided,
        places,
        (own) => {
          const trace = args.trace ? tracing(own) : undefined;
          return runCommand(argv, {
            ...own,
            ...terminalOptions,
            observe(attempt) {
              own.observe(attempt);
              trace?.(attempt);
            },
          });
        },
        (message) => printError(`ns-tool: ${message}`),
        (copy) => showingCopy(sys, copy),
      );
    const { started, remove } =
      terminal === null
        ? await work.copied(sys, (stdio) => begin({ stdio }))
        : await work.connected(sys, terminal, (told) => begin({ ...told, hasTerminal: true }));
    await remove();
    return started.askedBy ?? started.status;
  } catch (error) {
    const [{ IdMapError, SyscallError }, { Interrupted }] = [work, await import('../child/interruptible.ts')];
    if (error instanceof Interrupted) return error.by;
    if (error instanceof IdMapError) throw new NotStarted(error.message, ID_MAP_HINT, { cause: error });
    if (!(error instanceof SyscallError)) throw error;
    const { hintFor } = await import('../container/hints.ts');
    throw new NotStarted(error.message, hintFor(error, decided.plan), { cause: error });
  }
}

/** Copies an image, which may take long: with a bar on a terminal, and so that Ctrl-C ends it. */
async function showingCopy(sys: Sys, copy: (options: CopyOptions) => Promise<string>): Promise<string> {
  const [{ interruptible }, { withCopyProgress }] = await Promise.all([
    import('../child/interruptible.ts'),
    import('../image-store/copy-progress.ts'),
  ]);
  return await interruptible((signal) => withCopyProgress(sys, (onProgress) => copy({ signal, onProgress })));
}

const ID_MAP_HINT = '/etc/subuid and /etc/subgid say which IDs are yours; newuidmap(1) refused them.';

async function loadWork() {
  const [syscalls, host, rootfs, container, recipe, mounts, state, pseudoTerminal, streams, limits, cgroups] =
    await Promise.all([
      import('@ns-tool/syscalls'),
      import('../container/host.ts'),
      import('../container/rootfs.ts'),
      import('../container/container.ts'),
      import('../container/recipe.ts'),
      import('../container/mounts.ts'),
      import('../container/state.ts'),
      import('../container/pseudo-terminal.ts'),
      import('../container/standard-streams.ts'),
      import('../container/cgroup/limits.ts'),
      import('../container/cgroup/make.ts'),
    ]);
  return {
    ...syscalls,
    ...host,
    ...rootfs,
    ...container,
    ...recipe,
    ...mounts,
    ...state,
    ...pseudoTerminal,
    ...streams,
    ...limits,
    ...cgroups,
  };
}

/** The options as the container takes them. */
function optionsOf(args: Arguments, work: Awaited<ReturnType<typeof loadWork>>) {
  const network = args.network === undefined ? 'none' : one(args.network);
  if (network !== 'none' && network !== 'host') {
    throw new UsageError(`--network: unknown: ${network}`, 'Give one of: none, host');
  }
  const { memory, cpus, 'pids-limit': pids } = args;
  const entrypoint = args.entrypoint === undefined ? undefined : one(args.entrypoint);
  return {
    ...(args.name !== undefined && { name: work.checkName(one(args.name)) }),
    ...(entrypoint !== undefined && { entrypoint: entrypoint === '' ? [] : [entrypoint] }),
    env: variables(all(args.env), process.env),
    ...(args.workdir !== undefined && { workingDir: one(args.workdir) }),
    ...(args.user !== undefined && { user: one(args.user) }),
    mounts: [
      ...all(args.tmpfs).map(work.parseTmpfs),
      ...all(args.mount).map(work.parseMount),
      ...all(args.volume).map(work.parseVolume),
    ],
    readOnly: isSet(args['read-only']),
    inPlace: isSet(args['in-place']),
    ...(args.hostname !== undefined && { hostname: one(args.hostname) }),
    network,
    capAdd: all(args['cap-add']),
    capDrop: all(args['cap-drop']),
    privileged: isSet(args.privileged),
    limits: work.parseLimits({
      ...(memory !== undefined && { memory: one(memory) }),
      ...(cpus !== undefined && { cpus: one(cpus) }),
      ...(pids !== undefined && { pids: one(pids) }),
    }),
    init: isSet(args.init),
    enterBy: isSet(args.chroot) ? 'chroot' : 'pivot_root',
  } as const;
}
