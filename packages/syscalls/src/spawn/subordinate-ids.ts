/** The IDs that an ordinary user may map beside the own: subuid(5), subgid(5). */
import { accessSync, constants, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import type { IdMaps, IdRange } from './id-maps.ts';

/** A range of IDs that belongs to a user: `count` of them, from `outside` on. */
export type SubordinateIds = Pick<IdRange, 'outside' | 'count'>;

/**
 * The first range that a file gives to a user, or null if there is none.
 *
 * @param text of /etc/subuid or /etc/subgid: lines of `NAME:FIRST:COUNT`, with a user's name or ID.
 */
export function firstRangeOf(text: string, user: { readonly name: string | null; readonly uid: number }) {
  for (const line of text.split('\n')) {
    const [owner, outside, count, ...more] = line.split(':');
    if (owner !== user.name && owner !== String(user.uid)) continue;
    if (more.length > 0 || !isNumber(outside) || !isNumber(count)) continue;
    return { outside: Number(outside), count: Number(count) };
  }
  return null;
}

/** The first range of users, or of groups, that is this user's: null without one. */
export function subordinateIds(kind: 'uid' | 'gid'): SubordinateIds | null {
  try {
    const text = readFileSync(kind === 'uid' ? '/etc/subuid' : '/etc/subgid', 'utf8');
    return firstRangeOf(text, { name: userName(), uid: process.geteuid?.() ?? 0 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Null for a user that /etc/passwd does not have. */
function userName(): string | null {
  try {
    return userInfo().username;
  } catch {
    return null;
  }
}

function isNumber(text: string | undefined): text is string {
  return text !== undefined && /^\d{1,10}$/.test(text);
}

/** Ranges of a user in /etc/subuid and /etc/subgid. */
export interface SubordinateRanges {
  readonly uid: SubordinateIds;
  readonly gid: SubordinateIds;
}

/**
 * The ranges of this user, where newuidmap(1) and newgidmap(1) are there to map them; null otherwise.
 *
 * @param path directories to look in, as of the variable PATH.
 */
export function mappableIds(path: string): SubordinateRanges | null {
  const [uid, gid] = [subordinateIds('uid'), subordinateIds('gid')];
  if (uid === null || gid === null) return null;
  return ['newuidmap', 'newgidmap'].every((name) => isProgram(name, path)) ? { uid, gid } : null;
}

function isProgram(name: string, path: string): boolean {
  return path.split(':').some((directory) => {
    try {
      accessSync(`${directory}/${name}`, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Maps a user and group to root, and their subordinate IDs, if any, to all others from 1 on: as Podman does it. */
export function mapWithSubordinates(uid: number, gid: number, subordinate: SubordinateRanges | null): IdMaps {
  const ranges = (own: number, others: SubordinateIds | undefined): IdRange[] => [
    { inside: 0, outside: own, count: 1 },
    ...(others === undefined ? [] : [{ inside: 1, ...others }]),
  ];
  return { uid: ranges(uid, subordinate?.uid), gid: ranges(gid, subordinate?.gid) };
}
