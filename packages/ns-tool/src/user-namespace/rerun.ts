import { mapSelf, type SpawnOptions, SyscallError } from '@ns-tool/syscalls';
import { userNamespaceHint } from '../capabilities/user-namespace-limits.ts';
import { runCommand } from '../child/run-command.ts';
import type { Context } from '../context.ts';
import { UserError } from '../errors.ts';

/** How to start this command line again: as root of a new user namespace. */
export const IN_USER_NAMESPACE: SpawnOptions = { namespaces: ['user'], idMaps: mapSelf() };

/** The words that start this command line again, without `--user`, and without `--dry-run`, which shows them. */
export function withoutUser({ self, argv }: Context): [string, ...string[]] {
  const dashes = argv.indexOf('--');
  const words = argv.filter((word, i) => !(/^--(user|dry-run)(=.*)?$/.test(word) && (dashes === -1 || i < dashes)));
  return [...self, ...words] as [string, ...string[]];
}

/**
 * Runs this command line again, without `--user`, as root of a new user namespace: what takes root there takes no privilege
 * here. A program that runs already cannot move there, for it has several threads; see unshare(2), EINVAL.
 *
 * @throws UserError where the kernel allows no user namespace.
 */
export async function rerunInUserNamespace(
  context: Context,
  observe: SpawnOptions['observe'],
): Promise<number | NodeJS.Signals> {
  try {
    const options = { ...IN_USER_NAMESPACE, ...(observe !== undefined && { observe }) };
    const { status, askedBy } = await runCommand(withoutUser(context), options);
    return askedBy ?? status;
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    throw new UserError(error.message, hintFor(error), { cause: error });
  }
}

function hintFor({ call, code }: SyscallError): string | undefined {
  switch (`${call} ${code}`) {
    case 'clone ENOSPC':
    case 'clone EUSERS':
    case 'clone EPERM':
    case 'openat EACCES':
    case 'write EPERM':
      return userNamespaceHint();
    case 'clone EINVAL':
      return 'This kernel has no user namespaces (CONFIG_USER_NS).';
    default:
      return undefined;
  }
}
