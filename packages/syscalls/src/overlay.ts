/** The overlay filesystem, as mount(2) takes it. See the kernel's Documentation/filesystems/overlayfs.rst. */
import { isErrno, type SyscallError } from './syscall-error.ts';

/** mount(2) reads a page of options, with the NUL behind them. */
export const MOUNT_DATA_SIZE = 4096;

/** A path as an option of an overlay has it: colons part the layers, commas the options. */
export function overlayPath(path: string): string {
  return path.replace(/[\\:,]/g, '\\$&');
}

/** Whether a mount of an overlay failed since there is none in the kernel, for ordinary users, or over this filesystem. mount(2) */
export function isOverlayRefused(error: unknown): error is SyscallError {
  const refused = isErrno(error, 'ENODEV', 'EPERM', 'EACCES', 'EINVAL', 'EOPNOTSUPP', 'ENOSYS');
  return refused && error.call === 'mount' && error.values[2] === 'overlay';
}
