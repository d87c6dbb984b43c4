/** Users and groups by the files of the image: passwd(5), group(5). Pure. What they say may be hostile. */
import { NotStarted } from '../errors.ts';
import { printable } from '../output.ts';
import type { Account } from './plan.ts';

/** The files of an image that know its users; empty where they are missing. */
export interface AccountFiles {
  readonly passwd: string;
  readonly group: string;
}

/** The highest ID. The next one means "unchanged" to setresuid(2): who asks for it would stay root. */
const HIGHEST = 2 ** 32 - 2;

/**
 * The account that a user of an image stands for: empty for root, `USER` or `USER:GROUP`, each by name or number.
 *
 * As Docker has it: without a group it is that of the user's entry, or 0; and the supplementary groups are those that have
 * the user as a member, unless a group is given.
 *
 * @throws NotStarted for a name that the files do not have, and for what is no ID.
 */
export function accountOf(user: string, { passwd, group }: AccountFiles): Account {
  const [userPart = '', groupPart = ''] = splitOnce(user);
  const users = entries(passwd);
  const groups = entries(group);
  const wanted = userPart === '' ? '0' : userPart;
  const entry = users.find(isMeant(wanted));
  const uid = numberOf(wanted) ?? numberOf(entry?.[2]) ?? refuse('user', userPart, '/etc/passwd');
  const ownGroup = numberOf(entry?.[3]) ?? 0;
  const gid =
    groupPart === ''
      ? ownGroup
      : (numberOf(groupPart) ??
        numberOf(groups.find(isMeant(groupPart))?.[2]) ??
        refuse('group', groupPart, '/etc/group'));
  const name = entry?.[0];
  const supplementary = groups.filter(
    ([, , , members = '']) => name !== undefined && members.split(',').includes(name),
  );
  return {
    uid,
    gid,
    groups: groupPart === '' ? [...new Set(supplementary.flatMap(([, , id]) => numberOf(id) ?? []))] : [],
    home: entry?.[5]?.startsWith('/') ? entry[5] : '/',
  };
}

function splitOnce(user: string): [string, string?] {
  const colon = user.indexOf(':');
  return colon === -1 ? [user] : [user.slice(0, colon), user.slice(colon + 1)];
}

/** Lines of `NAME:PASSWORD:ID:…`. */
function entries(text: string): string[][] {
  return text
    .split('\n')
    .map((line) => line.split(':'))
    .filter(([name, , id]) => name !== '' && numberOf(id) !== null);
}

/** A number is an ID, also where some user is called so. */
function isMeant(wanted: string): (entry: readonly string[]) => boolean {
  const id = numberOf(wanted);
  return ([name, , own]) => (id === null ? name === wanted : numberOf(own) === id);
}

function numberOf(text: string | undefined): number | null {
  if (text === undefined || !/^\d{1,10}$/.test(text)) return null;
  const id = Number(text);
  return id <= HIGHEST ? id : null;
}

function refuse(what: 'user' | 'group', name: string, file: string): never {
  const hint = `Give one that ${file} of the image has, or a number from 0 to ${HIGHEST}: --user 1000:1000`;
  throw new NotStarted(`no such ${what} in the image: ${printable(name)}`, hint);
}
