/** User and group IDs of a new user namespace. See user_namespaces(7), "User and group ID mappings". */
import { AT_FDCWD, O_WRONLY } from '../constants.ts';
import { withOpen } from '../files.ts';
import { sys } from '../run.ts';
import { isErrno } from '../syscall-error.ts';
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

/** A range of IDs that newuidmap(1) or newgidmap(1) refused to map. */
export class IdMapError extends Error {
  override readonly name = 'IdMapError';
}

/**
 * Writes the maps of a child's user namespace, by newuidmap(1) and newgidmap(1) where this process may not: they are
 * set-user-ID root, and give to a user what /etc/subuid and /etc/subgid say.
 *
 * @throws SyscallError EPERM without the privilege, where these programs are not installed.
 * @throws IdMapError for ranges that they refuse.
 */
export function giveIdMaps(pid: number, { uid, gid }: IdMaps): void {
  const none: IdMaps = { uid: [], gid: [] };
  giveIdMap('newgidmap', pid, gid, () => writeIdMaps(sys, pid, { ...none, gid }, false));
  giveIdMap('newuidmap', pid, uid, () => writeIdMaps(sys, pid, { ...none, uid }, false));
}

function giveIdMap(helper: string, pid: number, ranges: readonly IdRange[], write: () => void): void {
  try {
    write();
  } catch (error) {
    if (!isErrno(error, 'EPERM', 'EACCES')) throw error;
    const { spawnSync } = process.getBuiltinModule('node:child_process');
    const numbers = ranges.flatMap(({ inside, outside, count }) => [inside, outside, count]);
    const {
      status,
      signal,
      stderr,
      error: missing,
    } = spawnSync(helper, [pid, ...numbers].map(String), { encoding: 'utf8' });
    if (missing !== undefined) throw error;
    if (status !== 0)
      throw new IdMapError(stderr.trim() || `${helper} was ended by ${signal ?? `status ${status}`}`, { cause: error });
  }
}

function writeFile(sys: Sys, path: string, content: string): void {
  withOpen(sys, AT_FDCWD, path, O_WRONLY, (fd) => sys.write(fd, content));
}

function lines(ranges: readonly IdRange[]): string {
  return ranges.map(({ inside, outside, count }) => `${inside} ${outside} ${count}\n`).join('');
}
