/** User and group IDs of a new user namespace. See user_namespaces(7), "User and group ID mappings". */
import { AT_FDCWD, O_WRONLY } from '../constants.ts';
import { withOpen } from '../files.ts';
import type { Sys } from '../table.ts';

/** A range of IDs: `count` of them, from `inside` on in the new user namespace and from `outside` on in the parent's. */
export interface IdRange {
  readonly inside: number;
  readonly outside: number;
  readonly count: number;
}

/** The maps of a user namespace. */
export interface IdMaps {
  readonly uid: readonly IdRange[];
  readonly gid: readonly IdRange[];
}

/** Maps one user and group to `inside`, root by default: what every user may do for the own IDs. */
export function mapSelf(inside = 0): IdMaps {
  const range = (outside: number): IdRange[] => [{ inside, outside, count: 1 }];
  return { uid: range(process.geteuid?.() ?? 0), gid: range(process.getegid?.() ?? 0) };
}

/** Whether a process may write these maps for itself: one line that maps its own IDs. */
export function isSelfMap({ uid, gid }: IdMaps): boolean {
  const isOwn = ([range, ...others]: readonly IdRange[], own: number | undefined) =>
    range !== undefined && others.length === 0 && range.count === 1 && range.outside === own;
  return isOwn(uid, process.geteuid?.()) && isOwn(gid, process.getegid?.());
}

/**
 * Writes the maps of a process's user namespace: `'self'`, or a pid in the own pid namespace.
 *
 * A process without privilege may map its group only after it has given up setgroups(2), which could otherwise take away
 * a group that is denied something.
 *
 * @throws SyscallError EPERM where the ranges are not this process's to give.
 */
export function writeIdMaps(sys: Sys, process: 'self' | number, { uid, gid }: IdMaps, denySetgroups: boolean): void {
  if (denySetgroups) writeFile(sys, `/proc/${process}/setgroups`, 'deny');
  // An empty map is left unwritten: the kernel takes a map once, and none without a line.
  if (gid.length > 0) writeFile(sys, `/proc/${process}/gid_map`, lines(gid));
  if (uid.length > 0) writeFile(sys, `/proc/${process}/uid_map`, lines(uid));
}

function writeFile(sys: Sys, path: string, content: string): void {
  withOpen(sys, AT_FDCWD, path, O_WRONLY, (fd) => sys.write(fd, content));
}

function lines(ranges: readonly IdRange[]): string {
  return ranges.map(({ inside, outside, count }) => `${inside} ${outside} ${count}\n`).join('');
}
