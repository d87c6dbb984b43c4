/** Which namespace it is: the inode number that the kernel gives it. See namespaces(7). */
import { AT_FDCWD, readLink, type Sys } from '@ns-tool/syscalls';

/** The number in a link of /proc/PID/ns: 4026531841 for `mnt:[4026531841]`. NaN if there is none in it. */
export function namespaceIdIn(link: string): number {
  return Number(/\d+/.exec(link)?.[0]);
}

/** The mount namespace of a process, or of this thread. @throws EACCES, ENOENT as readlink(2). */
export function mountNamespaceId(sys: Sys, pid: number | 'thread-self' = 'thread-self'): number {
  return namespaceIdIn(readLink(sys, AT_FDCWD, `/proc/${pid}/ns/mnt`).toString());
}
