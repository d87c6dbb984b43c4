/** What to do about an error of `ns-tool mount`. */

import { realpathSync } from 'node:fs';
import type { SyscallError } from '@ns-tool/syscalls';
import { printable } from '../output.ts';
import { privilegeHint } from '../privilege.ts';
import { type Holder, holdersOf } from './holders.ts';

/** The advice for an error at `target`, or undefined where the error says all there is. */
export function hintFor(error: SyscallError, target: string): string | undefined {
  const { call, code, args } = error;
  const shown = printable(target);
  switch (`${call} ${code}`) {
    case 'mount ENODEV':
    case 'fsopen ENODEV':
      return 'This kernel has no tmpfs; it is not among the filesystems that /proc/filesystems lists. It comes with CONFIG_TMPFS.';
    case 'mount EINVAL':
      return 'The kernel refused the options of the tmpfs; are --size and --mode what tmpfs(5) allows?';
    case 'fsopen ENOSYS':
      return `The mount point is missing, and to provide one without touching the host takes Linux 5.2. Make it first: mkdir -p ${shown}`;
    case 'mkdirat EEXIST':
      return `A part of ${shown} is a symbolic link that leads nowhere; choose another target, or mend the link.`;
    case 'open_tree ENOSPC':
    case 'move_mount ENOSPC':
      return `The directory that ${shown} is to appear in has more entries than fs.mount-max allows mounts. Make the target first: mkdir -p ${shown}`;
    case 'umount2 EBUSY':
      return stillBusy(target);
    case 'openat ENOTDIR':
      return `A mount point for a tmpfs is a directory, but a part of ${shown} is a file; choose another --target.`;
    case 'openat EACCES':
      return `A part of ${shown} may not be entered; choose another --target.`;
    case 'openat ELOOP':
      return `The symbolic links of ${shown} lead in a circle; choose another --target.`;
    case 'openat ENAMETOOLONG':
      return 'A name may have 255 bytes and a path 4095; choose a shorter --target.';
    case 'openat ENOENT':
    case 'readlinkat ENOENT':
      return args[1]?.startsWith('"/proc/') ? 'The proc filesystem is needed: mount -t proc proc /proc' : undefined;
    default:
      return privilegeHint(error, 'mount');
  }
}

function stillBusy(target: string): string {
  const holders = holdersOf(realpathSync(target));
  const goesAnyway = 'The mount goes when its last process ends, and the host never sees it.';
  if (holders.length === 0) return `A process still uses ${printable(target)}. ${goesAnyway}`;
  const list = holders.map(({ pid, command, what }: Holder) => `${printable(command)} (pid ${pid}) has ${what} there`);
  return `${list.join('; ')}. ${goesAnyway}`;
}
