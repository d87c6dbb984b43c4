/** The namespaces of a process, from /proc/PID/ns. See namespaces(7). */
import {
  AT_FDCWD,
  isErrno,
  O_DIRECTORY,
  O_RDONLY,
  readDirectory,
  readLink,
  type Sys,
  withOpen,
} from '@ns-tool/syscalls';
import { namespaceIdIn } from '../namespace-id.ts';

/** A namespace that a process is in, or its children will be. */
export interface ProcessNamespace {
  /** Its file in /proc/PID/ns: `'mnt'`, `'pid_for_children'`. */
  readonly type: string;
  /** Its inode number: 4026531841 for `mnt:[4026531841]`. Null for one that does not exist yet: a pid namespace without a process. */
  readonly id: number | null;
  /** Whether this process is in it too. */
  readonly sameAsSelf: boolean;
  /** Whether process 1 is in it too; null if that may not be read. */
  readonly sameAsPid1: boolean | null;
}

/**
 * The namespaces of a process, by type.
 *
 * @param pid its pid, or `'self'` for this process.
 * @throws SyscallError ENOENT if there is no such process; EACCES if it is another user's.
 */
export function namespacesOf(sys: Sys, pid: number | 'self'): ProcessNamespace[] {
  const own = linksOf(sys, 'self');
  const first = ifReadable(() => linksOf(sys, 1));
  return [...linksOf(sys, pid)].map(([type, link]) => ({
    type,
    id: link === '' ? null : namespaceIdIn(link),
    sameAsSelf: own.get(type) === link,
    sameAsPid1: first === null ? null : first.get(type) === link,
  }));
}

function linksOf(sys: Sys, pid: number | 'self'): ReadonlyMap<string, string> {
  return withOpen(sys, AT_FDCWD, `/proc/${pid}/ns`, O_RDONLY | O_DIRECTORY, (directory) => {
    const types = readDirectory(sys, directory).map(({ name }) => name.toString());
    return new Map(types.toSorted().map((type) => [type, linkIn(sys, directory, type)]));
  });
}

/** An empty link is one that leads nowhere yet: pid_for_children before the first child. */
function linkIn(sys: Sys, directory: number, type: string): string {
  try {
    return readLink(sys, directory, type).toString();
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return '';
    throw error;
  }
}

function ifReadable<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (isErrno(error, 'EACCES', 'EPERM', 'ENOENT')) return null;
    throw error;
  }
}
