import type { SyscallError } from '@ns-tool/syscalls';
import type { Argv, InferredOptionTypes } from 'yargs';
import type { Context } from '../context.ts';
import { UsageError, UserError } from '../errors.ts';
import { onThisMachine } from '../on-this-machine.ts';
import { print, printError } from '../output.ts';
import { checkedPid, noSuchProcess, notYours } from '../pid.ts';

export const command = 'reach PATH';
export const describe = 'Show who would see a mount made at a path';

export const options = {
  pid: { type: 'string', requiresArg: true, describe: 'The path as this process sees it, in its mount namespace' },
  json: { type: 'boolean', default: false, describe: 'Print JSON' },
} as const;

const WANTED = 'one path is wanted: where the mount would be made';

export function builder(yargs: Argv): Argv {
  return yargs
    .usage('$0 reach [OPTIONS] PATH\n')
    .usage(
      'Shows where else a mount would appear that is made at PATH: in which mount namespaces, at which path, and why. Makes none. PATH is absolute and need not exist. Of the namespaces, those count that a process is in.',
    )
    .options(options)
    .demandCommand(1, 1, WANTED, WANTED)
    .string('_')
    .example('sudo $0 reach /mnt', 'Who would see a mount at /mnt')
    .example('sudo $0 reach /mnt --pid 1234', 'The same for one that process 1234 makes');
}

/** What the parser makes of the options. */
type Arguments = InferredOptionTypes<typeof options> & { readonly _: readonly (string | number)[] };

/** Runs the command and returns its exit status. */
export async function run({ json, pid, _: [word] }: Arguments, { loadSys }: Context): Promise<number> {
  const given = checkedPath(String(word));
  const asked = pid === undefined ? 'self' : checkedPid(pid, '--pid 1');
  const work = await onThisMachine(loadWork);
  const sys = await loadSys();
  try {
    const { views, asked: view, unreadable, rootless } = work.survey(sys, asked);
    const procDevices = new Set(view.mounts.filter(({ type }) => type === 'proc').map(({ device }) => device));
    const root = `/proc/${asked === 'self' ? 'thread-self' : asked}/root`;
    const flags = work.O_PATH | work.O_DIRECTORY;
    const resolved = work.withOpen(sys, work.AT_FDCWD, root, flags, (fd) =>
      work.resolveIn(sys, fd, given, procDevices),
    );
    const found = work.answer(views, view, resolved.path);
    if (found === null) {
      throw new UserError(
        `${work.display(resolved.path)}: not known, since no table shows the mount that holds it`,
        'Its root directory is no mount point, as after chroot(1), and no process sees more of the namespace.',
      );
    }
    if (json) {
      const { path, mount, state, places } = found;
      const exists = resolved.existing === resolved.path;
      const unknown = rootless.length;
      print(JSON.stringify({ path, exists, mount, state, places, unreadable, unknown }, null, 2));
    } else {
      const palette = work.paletteFor(work.wantsColours(process.env, work.terminalWidth(sys) !== null));
      for (const line of work.textOf({ given, resolved, pid: asked === 'self' ? null : asked }, found)) {
        print(work.coloured(line, palette));
      }
    }
    const pids = rootless.map(({ pid }) => pid);
    const limits = work.coverage(unreadable, pids, process.geteuid?.() === 0);
    if (limits !== null) printError(limits);
    return 0;
  } catch (error) {
    if (!(error instanceof work.SyscallError)) throw error;
    throw new UserError(error.message, hintFor(error, asked), { cause: error });
  }
}

function checkedPath(path: string): string {
  if (path.startsWith('/')) return path;
  throw new UsageError(`not an absolute path: ${JSON.stringify(path)}`, 'Give it from /: ns-tool reach /mnt');
}

function hintFor({ code }: SyscallError, pid: number | 'self'): string | undefined {
  switch (code) {
    case 'ENOENT':
    case 'ESRCH':
      return pid === 'self' ? 'The proc filesystem is needed: mount -t proc proc /proc' : noSuchProcess(pid);
    case 'EACCES':
    case 'EPERM':
      return notYours(pid);
    default:
      return undefined;
  }
}

async function loadWork() {
  const [syscalls, table, survey, resolve, answer, text, palette, terminal] = await Promise.all([
    import('@ns-tool/syscalls'),
    import('@ns-tool/mount-table'),
    import('../mount-reach/survey.ts'),
    import('../mount-reach/resolve.ts'),
    import('../mount-reach/answer.ts'),
    import('../mount-reach/text.ts'),
    import('../palette.ts'),
    import('../terminal.ts'),
  ]);
  return { ...syscalls, ...table, ...survey, ...resolve, ...answer, ...text, ...palette, ...terminal };
}
