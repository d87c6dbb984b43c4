import { mapSelf, SyscallError } from '@ns-tool/syscalls';
import { runCommand } from '../child/run-command.ts';
import type { Context } from '../context.ts';
import { UserError } from '../errors.ts';

/**
 * Runs this command line again, without `--user`, as root of a new user namespace: what takes root there takes no privilege
 * here. A program that runs already cannot move there, for it has several threads; see unshare(2), EINVAL.
 *
 * @throws UserError where the kernel allows no user namespace.
 */
export async function rerunInUserNamespace({ self, argv }: Context): Promise<number | NodeJS.Signals> {
  const dashes = argv.indexOf('--');
  const words = argv.filter((word, i) => !(/^--user(=.*)?$/.test(word) && (dashes === -1 || i < dashes)));
  try {
    const { status, askedBy } = await runCommand([...self, ...words], { namespaces: ['user'], idMaps: mapSelf() });
    return askedBy ?? status;
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    throw new UserError(error.message, hintFor(error), { cause: error });
  }
}

/** What keeps user namespaces from being made: user_namespaces(7), and what distributions have added. */
function hintFor({ call, code }: SyscallError): string | undefined {
  switch (`${call} ${code}`) {
    case 'clone ENOSPC':
    case 'clone EUSERS':
      return 'The limit /proc/sys/user/max_user_namespaces is reached, or it is 0: sudo sysctl user.max_user_namespaces=10000';
    case 'clone EPERM':
    case 'openat EACCES':
    case 'write EPERM':
      return 'User namespaces are for root only here. Debian: sudo sysctl kernel.unprivileged_userns_clone=1. Ubuntu: sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0. In a container: --security-opt seccomp=unconfined';
    case 'clone EINVAL':
      return 'This kernel has no user namespaces (CONFIG_USER_NS).';
    default:
      return undefined;
  }
}
