/** The IDs that an ordinary user may map beside the own: subuid(5), subgid(5). */
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import type { IdRange } from './id-maps.ts';

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
