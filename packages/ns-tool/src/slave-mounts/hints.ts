/** What to do about an error of `ns-tool slave`. */
import type { SyscallError } from '@ns-tool/syscalls';
import { privilegeHint } from '../privilege.ts';

/** The advice for an error, or undefined where the error says all there is. */
export function hintFor(error: SyscallError): string | undefined {
  switch (`${error.call} ${error.code}`) {
    case 'mount EINVAL':
      return 'The root directory is not a mount point here, as after chroot(1), so its mount cannot be made a slave. Bind it to itself first: mount --bind DIRECTORY DIRECTORY, then chroot.';
    case 'openat ENOENT':
      return 'The proc filesystem is needed: mount -t proc proc /proc';
    default:
      return privilegeHint(error, 'slave');
  }
}
