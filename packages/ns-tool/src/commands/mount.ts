import { posix } from 'node:path';
import { fromBytes, inMountFormat } from '@ns-tool/mount-table';
import type { Argv, InferredOptionTypes } from 'yargs';
import type { Context } from '../context.ts';
import { UsageError, UserError } from '../errors.ts';
import type { IsolatedTmpfs } from '../isolated-tmpfs/isolated-tmpfs.ts';
import { onThisMachine } from '../on-this-machine.ts';
import { print, printable, printError } from '../output.ts';

export const command = 'mount';
export const describe = 'Mount a tmpfs that nobody else can see';

export const runsCommand = 'behind dashes';

export const options = {
  target: {
    type: 'string',
    default: '/mnt/test_mount',
    requiresArg: true,
    describe: 'Where to mount it: an absolute path, which need not exist',
  },
  size: { type: 'string', requiresArg: true, describe: 'The most it may hold: 10m, 50%' },
  mode: { type: 'string', requiresArg: true, describe: 'Permission bits of its root, in octal' },
  user: { type: 'boolean', default: false, describe: 'Without root: in a user namespace of its own' },
  json: { type: 'boolean', default: false, describe: 'Print JSON' },
  trace: { type: 'boolean', default: false, describe: 'Print each system call and its result to stderr' },
  'dry-run': { type: 'boolean', default: false, describe: 'With --user: print the calls of its child, and make none' },
} as const;

export function builder(yargs: Argv): Argv {
  return yargs
    .usage('$0 mount [OPTIONS] [-- COMMAND...]\n')
    .usage('Makes a mount namespace, mounts a tmpfs in it, shows the mount table and cleans up.')
    .usage('The host sees nothing of it at any time: no mount, and no directory.')
    .options(options)
    .example('sudo $0 mount', 'Look at it')
    .example('$0 mount --user', 'Without root')
    .example('sudo $0 mount -- sh', 'Look around inside')
    .example('sudo $0 mount --target /tmp/a/b --size 10m -- df -h /tmp/a/b', 'Elsewhere, with a limit');
}

/** What the parser makes of the options. */
type Arguments = InferredOptionTypes<typeof options> & { readonly '--'?: readonly string[] };

const RULE = '-'.repeat(54);

/** Runs the command and returns its exit status, or the signal to end by. */
export async function run(args: Arguments, context: Context): Promise<number | NodeJS.Signals> {
  const target = checkedTarget(args.target);
  const inside = args['--'] ?? [];
  const cwd = workingDirectory();
  const { SyscallError, trace, isolateTmpfs, hintFor } = await onThisMachine(loadWork);
  if (args.user) return await runAsUser(args, context);
  if (args['dry-run']) {
    throw new UsageError(
      '--dry-run is for --user, which starts a child',
      'ns-tool mount itself makes its calls as it goes, and looks between them; to see them: --trace',
    );
  }
  const sys = args.trace ? trace(await context.loadSys(), printError) : await context.loadSys();

  try {
    const tmpfs = isolateTmpfs(sys, target, args);
    return args.json ? await showJson(tmpfs, inside, cwd) : await show(tmpfs, inside, cwd);
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    throw new UserError(error.message, hintFor(error, target), { cause: error });
  }
}

/** Does it all in a child, which is root of a user namespace of its own. */
async function runAsUser(args: Arguments, context: Context): Promise<number | NodeJS.Signals> {
  const { IN_USER_NAMESPACE, rerunInUserNamespace, withoutUser } = await import('../user-namespace/rerun.ts');
  if (!args.trace && !args['dry-run']) return await rerunInUserNamespace(context, undefined);
  const { showPlan, tracing } = await import('../child/shown.ts');
  if (!args['dry-run']) return await rerunInUserNamespace(context, tracing(IN_USER_NAMESPACE));
  for (const line of showPlan(withoutUser(context), IN_USER_NAMESPACE)) print(line);
  return 0;
}

async function loadWork() {
  const [{ SyscallError, trace }, { isolateTmpfs }, { hintFor }] = await Promise.all([
    import('@ns-tool/syscalls'),
    import('../isolated-tmpfs/isolated-tmpfs.ts'),
    import('../isolated-tmpfs/hints.ts'),
  ]);
  return { SyscallError, trace, isolateTmpfs, hintFor };
}

async function show(tmpfs: IsolatedTmpfs, inside: readonly string[], cwd: string | undefined) {
  const path = printable(tmpfs.mountPoint.path);
  print('Mount namespace created successfully!');
  print('Root mount made private (MS_PRIVATE | MS_REC)');
  print(`tmpfs mounted at: ${path}`);
  print();
  print('Mount table inside namespace (/proc/self/mounts):');
  print(RULE);
  print(fromBytes(tmpfs.table).trimEnd().split('\n').map(printable).join('\n'));
  print(RULE);
  print(printable(inMountFormat(tmpfs.mount)));
  print('Note: This mount is NOT visible in the parent namespace!');
  const status = await runInside(tmpfs, inside, cwd, 1);
  print(
    tmpfs.mountPoint.existed
      ? `Cleanup: unmounted ${path}, which was there before`
      : `Cleanup: unmounted and removed ${path}`,
  );
  return status;
}

/** Standard output carries the document alone, so the command's own goes to standard error. */
async function showJson(tmpfs: IsolatedTmpfs, inside: readonly string[], cwd: string | undefined) {
  const status = await runInside(tmpfs, inside, cwd, 2);
  const { namespace, mountPoint, mount, mounts } = tmpfs;
  const document = {
    namespace,
    mountPoint: mountPoint.path,
    mountPointExisted: mountPoint.existed,
    mount,
    mounts,
    ...(inside.length > 0 && { command: { argv: inside, status } }),
  };
  print(JSON.stringify(document, null, 2));
  return status;
}

/** Runs the command, if there is one, while the mount is up, and unmounts it. */
async function runInside(tmpfs: IsolatedTmpfs, inside: readonly string[], cwd: string | undefined, stdout: number) {
  try {
    return await statusOf(inside, cwd, stdout);
  } finally {
    tmpfs.remove();
  }
}

async function statusOf(inside: readonly string[], cwd: string | undefined, stdout: number) {
  if (inside.length === 0) return 0;
  const { runCommand } = await import('../child/run-command.ts');
  const { status, askedBy } = await runCommand(inside, {
    stdio: [0, stdout, 2],
    ...(cwd !== undefined && { cwd }),
  });
  return askedBy ?? status;
}

/** A target as a path without `.`, `..` and slashes too many. @throws UsageError for one that is not absolute. */
function checkedTarget(target: string): string {
  if (target === '') throw new UsageError('--target is empty', 'Give an absolute path: --target /mnt/test_mount');
  if (!posix.isAbsolute(target)) {
    throw new UsageError(
      `--target must be an absolute path: ${printable(target)}`,
      `From here that would be: --target ${printable(posix.resolve(workingDirectory() ?? '/', target))}`,
    );
  }
  const path = posix.normalize(target).replace(/(?<=.)\/$/, '');
  if (path === '/')
    throw new UsageError('--target must not be /', 'A mount on / would not be seen by anyone whose root it is.');
  return path;
}

/** The working directory, or undefined where it has been deleted. */
function workingDirectory(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}
