import { posix } from 'node:path';
import { AT_FDCWD, O_DIRECTORY, O_PATH, openIfExists, pathOf, type Sys, withOpen } from '@ns-tool/syscalls';
import { standInFor } from './stand-in.ts';

/** A directory to mount on. */
export interface MountPoint {
  /** Its path as the kernel writes it in the mount table: absolute, without symbolic links. */
  readonly path: string;
  /** Whether the host has this directory too. */
  readonly existed: boolean;
  /** Removes the directories that the host does not have, once nothing is mounted there. */
  remove(): void;
}

/**
 * Provides a directory to mount on, without making one on the host. Call it in a private mount namespace.
 *
 * @param target an absolute path. What of it does not exist appears in this namespace only; see stand-in.ts.
 * @throws SyscallError ENOTDIR if a part of it is a file; and the errors of {@link standInFor}.
 */
export function provideMountPoint(sys: Sys, target: string): MountPoint {
  const { directory, missing } = openNearest(sys, target);
  const standIn = missing.length === 0 ? null : standInFor(sys, directory, missing);
  sys.close(directory);
  const path = withOpen(sys, AT_FDCWD, target, O_PATH | O_DIRECTORY, (fd) => pathOf(sys, fd)).toString();
  return { path, existed: standIn === null, remove: () => standIn?.removeMissing() };
}

/** Opens the longest part of a path that exists, and says what is missing of the rest. */
function openNearest(sys: Sys, target: string): { directory: number; missing: string[] } {
  const missing: string[] = [];
  for (let path = target; ; path = posix.dirname(path)) {
    const directory = openIfExists(sys, AT_FDCWD, path, O_PATH | O_DIRECTORY);
    if (directory !== null) return { directory, missing };
    missing.unshift(posix.basename(path));
  }
}
