/** Who runs containers on this machine, and where they are kept. */
import { existsSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Capability,
  type ErrnoName,
  errnoMessage,
  errnoNumber,
  type IdMaps,
  makeDirectories,
  mappableIds,
  mapWithSubordinates,
  permittedCapabilities,
  type SubordinateRanges,
} from '@ns-tool/syscalls';
import { UserError } from '../errors.ts';
import { printable } from '../output.ts';

/** What a plan takes from the machine and the user. */
export interface Host {
  readonly uid: number;
  readonly gid: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The capabilities that this process has to give. */
  readonly permitted: readonly Capability[];
  /** The ranges of the user in /etc/subuid and /etc/subgid, where newuidmap(1) can map them; null without. */
  readonly subordinate: SubordinateRanges | null;
}

/** Where containers are kept, and for whom. */
export interface Places {
  readonly host: Host;
  readonly store: string;
  readonly states: string;
}

export function thisHost(env: Host['env'] = process.env): Host {
  const uid = process.geteuid?.() ?? 0;
  return {
    uid,
    gid: process.getegid?.() ?? 0,
    env,
    permitted: permittedCapabilities(),
    subordinate: uid === 0 ? null : mappableIds(env.PATH ?? ''),
  };
}

/** The IDs of an ordinary user's containers: root is that user, and the others are the subordinate ones. Null for root. */
export function idMapsFor({ uid, gid, subordinate }: Host): IdMaps | null {
  return uid === 0 ? null : mapWithSubordinates(uid, gid, subordinate);
}

/** Where the states of running containers are. It goes with the machine's end. */
export function stateDirectory(env: Host['env'] = process.env, uid: number = process.geteuid?.() ?? 0): string {
  if (uid === 0) return '/run/ns-tool';
  return env.XDG_RUNTIME_DIR ? join(env.XDG_RUNTIME_DIR, 'ns-tool') : `/tmp/ns-tool-${uid}`;
}

/**
 * Makes a directory that only this user can enter, or finds it.
 *
 * @throws UserError if somebody else has made it, as anyone can in /tmp.
 */
export function ownDirectory(path: string): string {
  // Nearly always it is there: an mkdir(2) that fails takes longer than this look.
  if (!existsSync(path)) makeDirectories(path, 0o700);
  return checkOwn(path);
}

/**
 * Where the states are to be read, if there are any.
 *
 * @throws UserError if somebody else may have written them: they say what is to be killed, and removed.
 */
export function ownStateDirectory(): string {
  return unlessRefused('read', () => checkOwn(stateDirectory()), STATES_HINT);
}

export const STATES_HINT = 'Where the states of containers are: set XDG_RUNTIME_DIR.';

/**
 * Does what the system may refuse, which is for the user to mend: a directory of somebody else, a full disk.
 *
 * @param verb what it cannot do then.
 * @throws UserError in place of an error of the system.
 */
export function unlessRefused<T>(verb: 'make' | 'read', work: () => T, hint: string): T {
  try {
    return work();
  } catch (error) {
    const { syscall, code, path = 'the files of a container' } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error;
    const why = `${errnoMessage(errnoNumber(code as ErrnoName))} (${code})`;
    throw new UserError(`cannot ${verb} ${printable(path)}: ${why}`, hint, { cause: error });
  }
}

function checkOwn(path: string): string {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return path;
  const isOwn = found.uid === process.geteuid?.() && (found.mode & 0o170077) === 0o040000;
  if (isOwn) return path;
  throw new UserError(
    `${printable(path)} is not a directory of yours alone`,
    `Others could change what ns-tool relies on: remove it, or chmod 700 ${printable(path)}`,
  );
}
