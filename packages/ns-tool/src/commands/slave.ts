import { posix } from 'node:path';
import type { Recorder, SpawnOptions, Sys } from '@ns-tool/syscalls';
import type { Argv, InferredOptionTypes } from 'yargs';
import type { Context } from '../context.ts';
import { NotStarted, UsageError } from '../errors.ts';
import { onThisMachine } from '../on-this-machine.ts';
import { BrokenPipe, print, printable } from '../output.ts';
import type { Remount } from '../slave-mounts/slave-mounts.ts';

export const command = 'slave';
export const describe = 'Start a shell in which every mount can be unmounted without the host noticing';

export const runsCommand = true;

export const options = {
  json: { type: 'boolean', default: false, describe: 'Print JSON' },
  trace: { type: 'boolean', default: false, describe: 'Print each system call of the child and its result to stderr' },
  'dry-run': { type: 'boolean', default: false, describe: 'Print the system calls of the child, and make none' },
} as const;

export function builder(yargs: Argv): Argv {
  return yargs
    .usage('$0 slave [OPTIONS] [-- COMMAND...]\n')
    .usage('Makes a mount namespace, remounts every mount in it as a slave and starts $SHELL, or COMMAND, inside.')
    .usage('What is unmounted inside stays mounted outside; what the host mounts on a shared mount appears inside.')
    .usage(
      'Leave / mounted: umount(2) of / makes the file system on it read-only, outside too, unless a file is open for writing.',
    )
    .options(options)
    .example('sudo $0 slave', 'Look around; Ctrl-D ends it')
    .example('sudo $0 slave -- sh -c "umount /dev/shm; findmnt -o TARGET,PROPAGATION"', 'Unmount something')
    .example('$0 slave --dry-run', 'See what it would do');
}

/** What the parser makes of the options. */
type Arguments = InferredOptionTypes<typeof options> & { readonly '--'?: readonly string[] };

/** Runs the command and returns its exit status, or the signal to end by. */
export async function run(args: Arguments, context: Context): Promise<number | NodeJS.Signals> {
  const [program = process.env.SHELL || '/bin/sh', ...rest] = args['--'] ?? [];
  if (args['dry-run'] && args.json) throw new UsageError('--dry-run prints system calls, not JSON');
  const work = await onThisMachine(loadWork);
  try {
    return await start([program, ...rest], args, work, await context.loadSys());
  } catch (error) {
    if (!(error instanceof work.SyscallError)) throw error;
    // The child writes the announcements.
    if (error.call === 'write' && error.code === 'EPIPE') throw new BrokenPipe();
    throw new NotStarted(error.message, work.hintFor(error), { cause: error });
  }
}

/** A command and its arguments. */
type Words = readonly [string, ...string[]];

type Work = Awaited<ReturnType<typeof loadWork>>;

async function loadWork() {
  const [syscalls, table, ids, slaveMounts, hints, child, shown] = await Promise.all([
    import('@ns-tool/syscalls'),
    import('@ns-tool/mount-table'),
    import('../namespace-id.ts'),
    import('../slave-mounts/slave-mounts.ts'),
    import('../slave-mounts/hints.ts'),
    import('../child/run-command.ts'),
    import('../child/shown.ts'),
  ]);
  return { ...syscalls, ...table, ...ids, ...slaveMounts, ...hints, ...child, ...shown };
}

async function start(argv: Words, args: Arguments, work: Work, sys: Sys) {
  const mountPoints = work
    .parseMounts(work.readFile(sys, '/proc/thread-self/mounts'))
    .map(({ mountPoint }) => mountPoint);
  if (args.json) return await showJson(argv, args, mountPoints, work, sys);

  let announced = false;
  const spawnOptions = inSlaves((child) => {
    // A script without `#!` takes a second child, for /bin/sh, which has nothing new to say.
    const say = announced ? () => {} : (line: string) => child.write(1, `${line}\n`);
    announced = true;
    work.remountAsSlaves(child, mountPoints, (mountPoint) => say(`Remounting ${work.display(mountPoint)} as slave...`));
    const program = printable(posix.basename(argv[0]));
    say(`Starting ${program} inside a mount namespace. You can safely unmount any mount point but /.`);
  });
  if (args['dry-run']) {
    for (const line of work.showPlan(argv, spawnOptions)) print(line);
    return 0;
  }
  const tracing = args.trace && { observe: work.tracing(spawnOptions) };
  const { status, askedBy } = await work.runCommand(argv, { ...spawnOptions, ...tracing });
  return askedBy ?? status;
}

/** Standard output carries the document alone, so the command's own goes to standard error. */
async function showJson(argv: Words, args: Arguments, mountPoints: readonly string[], work: Work, sys: Sys) {
  const outside = work.mountNamespaceId(sys);
  // Filled by the child: when this process could look where it is, it may have ended.
  const link = new Uint8Array(LINK_SIZE);
  const spawnOptions = inSlaves((child) => {
    work.remountAsSlaves(child, mountPoints);
    child.readlinkat(work.AT_FDCWD, '/proc/self/ns/mnt', link);
  });
  const trace = work.tracing(spawnOptions);
  let mounts: readonly Remount[] = [];
  const { status, askedBy } = await work.runCommand(argv, {
    ...spawnOptions,
    stdio: [0, 2, 2],
    observe(attempt) {
      mounts = work.remountsOf(attempt.steps);
      if (args.trace) trace(attempt);
    },
  });
  const inside = work.namespaceIdIn(Buffer.from(link).toString());
  const outcome = askedBy ?? status;
  print(JSON.stringify({ namespace: { outside, inside }, mounts, command: { argv, status: outcome } }, null, 2));
  return outcome;
}

/** More than `mnt:[4294967295]` takes. */
const LINK_SIZE = 32;

/** How the child is started, whatever is printed: in a mount namespace of its own, and never outliving ns-tool. */
function inSlaves(setup: (child: Recorder) => void): SpawnOptions {
  return { namespaces: ['mount'], parentDeathSignal: 'SIGKILL', setup };
}
