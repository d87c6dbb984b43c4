import type { SyscallError } from '@ns-tool/syscalls';
import type { Argv, InferredOptionTypes } from 'yargs';
import type { Context } from '../context.ts';
import { UserError } from '../errors.ts';
import { onThisMachine } from '../on-this-machine.ts';
import { print } from '../output.ts';
import { checkedPid, noSuchProcess, notYours } from '../pid.ts';
import type { ProcessNamespace } from '../process-namespaces/process-namespaces.ts';

export const command = 'proc [PID]';
export const describe = 'List the namespaces of a process';

export const options = {
  json: { type: 'boolean', default: false, describe: 'Print JSON' },
} as const;

export function builder(yargs: Argv): Argv {
  return (
    yargs
      .usage('$0 proc [OPTIONS] [PID]\n')
      .usage(
        'Lists the namespaces of a process, from /proc/PID/ns; of this one without a PID, which are your shell’s too.',
      )
      .options(options)
      // A pid as it is typed: `1e3` is none.
      .string('_')
      .example('$0 proc', 'Your own')
      .example('sudo $0 proc 1', 'Those of process 1')
  );
}

/** What the parser makes of the options. */
type Arguments = InferredOptionTypes<typeof options> & { readonly _: readonly (string | number)[] };

/** Runs the command and returns its exit status. */
export async function run({ json, _: [pid] }: Arguments, { loadSys }: Context): Promise<number> {
  const subject = pid === undefined ? 'self' : checkedPid(String(pid), 'ns-tool proc 1');
  const { SyscallError, namespacesOf, inColumns } = await onThisMachine(loadWork);
  try {
    const namespaces = namespacesOf(await loadSys(), subject);
    if (json) print(JSON.stringify({ pid: subject === 'self' ? process.pid : subject, namespaces }, null, 2));
    else for (const line of inColumns(rowsOf(namespaces), null)) print(line);
    return 0;
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    throw new UserError(error.message, hintFor(error, subject), { cause: error });
  }
}

async function loadWork() {
  const [syscalls, namespaces, width] = await Promise.all([
    import('@ns-tool/syscalls'),
    import('../process-namespaces/process-namespaces.ts'),
    import('../text-width.ts'),
  ]);
  return { ...syscalls, ...namespaces, ...width };
}

function rowsOf(namespaces: readonly ProcessNamespace[]): string[][] {
  const rows = namespaces.map(({ type, id, sameAsSelf, sameAsPid1 }) => [
    type,
    id === null ? '-' : String(id),
    sameAsSelf ? 'same' : 'other',
    sameAsPid1 === null ? 'unknown' : sameAsPid1 ? 'same' : 'other',
  ]);
  return [['TYPE', 'ID', 'OURS', "PID 1'S"], ...rows];
}

function hintFor({ code }: SyscallError, pid: number | 'self'): string | undefined {
  switch (code) {
    case 'ENOENT':
    case 'ESRCH':
      return pid === 'self' ? 'The proc filesystem is needed: mount -t proc proc /proc' : noSuchProcess(pid);
    case 'EACCES':
    case 'EPERM':
      return notYours(pid, `proc ${pid}`);
    default:
      return undefined;
  }
}
