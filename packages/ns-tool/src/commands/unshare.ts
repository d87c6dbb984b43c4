import type { Argv, InferredOptionTypes } from 'yargs';
import { shellOr } from '../child/shell.ts';
import { NotStarted } from '../errors.ts';
import { onThisMachine } from '../on-this-machine.ts';
import { print } from '../output.ts';

export const command = 'unshare';
export const describe = 'Run a command in new namespaces, with the options of unshare(1)';

export const asGetopt = true;
export const runsCommand = true;

/** unshare(1) takes a file for a namespace with the long option alone: `--mount=FILE`, but `-m`. */
const namespace = { type: 'string', shortHasArg: false } as const;

export const options = {
  mount: {
    ...namespace,
    alias: 'm',
    describe: 'Make a mount namespace; --mount=FILE keeps it on a file, as the others',
  },
  uts: { ...namespace, alias: 'u', describe: 'Make a UTS namespace: host name' },
  ipc: { ...namespace, alias: 'i', describe: 'Make an IPC namespace' },
  net: { ...namespace, alias: 'n', describe: 'Make a network namespace' },
  pid: { ...namespace, alias: 'p', describe: 'Make a pid namespace, for the children of the command' },
  user: { ...namespace, alias: 'U', describe: 'Make a user namespace' },
  cgroup: { ...namespace, alias: 'C', describe: 'Make a cgroup namespace' },
  time: { ...namespace, alias: 'T', describe: 'Make a time namespace' },
  fork: { alias: 'f', type: 'boolean', describe: 'With --pid: the command itself is in it, as pid 1' },
  'map-root-user': { alias: 'r', type: 'boolean', describe: 'Map yourself to root; implies --user' },
  'map-current-user': { alias: 'c', type: 'boolean', describe: 'Map yourself to yourself; implies --user' },
  'map-user': { type: 'string', requiresArg: true, describe: 'Map your user to this ID; implies --user' },
  'map-group': { type: 'string', requiresArg: true, describe: 'Map your group to this ID; implies --user' },
  'map-users': { type: 'string', requiresArg: true, describe: 'Map users: OUTER,INNER,COUNT or INNER:OUTER:COUNT' },
  'map-groups': { type: 'string', requiresArg: true, describe: 'Map groups likewise' },
  'map-auto': { type: 'boolean', describe: 'Map your ranges of /etc/subuid and /etc/subgid, from 0 on' },
  'mount-proc': { type: 'string', describe: 'Mount proc, on /proc or =MOUNTPOINT; implies --mount' },
  propagation: { type: 'string', requiresArg: true, describe: 'private (default), shared, slave or unchanged' },
  setgroups: { type: 'string', requiresArg: true, describe: 'allow or deny setgroups(2) in the user namespace' },
  root: { alias: 'R', type: 'string', requiresArg: true, describe: 'Root directory of the command' },
  wd: { alias: 'w', type: 'string', requiresArg: true, describe: 'Working directory of the command' },
  setuid: { alias: 'S', type: 'string', requiresArg: true, describe: 'User ID of the command' },
  setgid: { alias: 'G', type: 'string', requiresArg: true, describe: 'Group ID of the command; drops other groups' },
  'kill-child': { type: 'string', describe: 'Send KILL or =SIGNAL to the command if ns-tool dies; implies --fork' },
  'forward-signals': { type: 'boolean', describe: 'Pass signals on to the command, as is always done; implies --fork' },
  monotonic: {
    type: 'string',
    requiresArg: true,
    describe: 'With --time: put its monotonic clock forward, in seconds',
  },
  boottime: { type: 'string', requiresArg: true, describe: 'With --time: likewise the clock of uptime(1)' },
  'dry-run': { type: 'boolean', default: false, describe: 'Print the system calls, and make none' },
  trace: { type: 'boolean', default: false, describe: 'Print each system call and its result to stderr' },
} as const;

export function builder(yargs: Argv): Argv {
  return yargs
    .usage('$0 unshare [OPTIONS] [--] [COMMAND...]\n')
    .usage('Runs a command, or your shell, in new namespaces.')
    .usage('As with unshare(1), only --fork puts the command itself into the new pid namespace.')
    .options(options)
    .example('$0 unshare -Urm', 'A shell as root, with mounts of its own; takes no privilege')
    .example('$0 unshare -Urpf --mount-proc ps', 'The only process there is')
    .example('sudo $0 unshare --mount --propagation slave sh', 'See the mounts of the host, keep your own')
    .example('$0 unshare -Urm --dry-run', 'What it would do');
}

/** What the parser makes of the options. */
type Arguments = InferredOptionTypes<typeof options> & { readonly '--'?: readonly string[] };

const ID_MAP_HINT = 'A user may map what /etc/subuid and /etc/subgid give: --map-auto takes the first range of each.';

/** Runs the command and returns its exit status, or the signal to end by. */
export async function run(args: Arguments): Promise<number | NodeJS.Signals> {
  const [{ SyscallError, IdMapError, subordinateIds }, { impliedNamespaces, unshareOptions }, { idNamed }] =
    await onThisMachine(loadWork);
  const own = {
    uid: process.geteuid?.() ?? 0,
    gid: process.getegid?.() ?? 0,
    named: (kind: 'uid' | 'gid', name: string) => idNamed(name, kind === 'uid' ? '/etc/passwd' : '/etc/group'),
    subordinate: subordinateIds,
  };
  const [argv, argv0] = shellOr(args['--'] ?? []);
  const spawnOptions = { ...unshareOptions(args, own), ...(argv0 !== undefined && { argv0 }) };

  const { showPlan, tracing } = await import('../child/shown.ts');
  if (args['dry-run']) {
    for (const line of showPlan(argv, spawnOptions)) print(line);
    return 0;
  }
  const { runCommand } = await import('../child/run-command.ts');
  try {
    const { status, askedBy } = await runCommand(argv, {
      ...spawnOptions,
      ...(args.trace && { observe: tracing(spawnOptions) }),
    });
    return askedBy ?? status;
  } catch (error) {
    if (error instanceof IdMapError) throw new NotStarted(error.message, ID_MAP_HINT, { cause: error });
    if (!(error instanceof SyscallError)) throw error;
    const { hintFor } = await import('../unshare/hints.ts');
    const fork = spawnOptions.namespaces?.includes('pid') === true;
    const hint = hintFor(error, { namespaces: impliedNamespaces(args), fork, isRoot: own.uid === 0 });
    throw new NotStarted(error.message, hint, { cause: error });
  }
}

function loadWork() {
  return Promise.all([import('@ns-tool/syscalls'), import('../unshare/unshare.ts'), import('../unshare/names.ts')]);
}
