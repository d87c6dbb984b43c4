/** The listing: which namespaces, in which order, and what is known of the process that stands for each. */
import type { Sys } from '@ns-tool/syscalls';
import type { Row } from './columns.ts';
import type { Files } from './files.ts';
import { byProcess, byRelation, flat, type Tree } from './forest.ts';
import type { Namespace, NamespaceType } from './namespace.ts';
import { netnsIdOf } from './netns-id.ts';
import { nsfsDevice, onNamespace } from './open.ts';
import { readProcess, userNames } from './process.ts';
import { namespacesOf, survey } from './survey.ts';

export interface Query {
  /** None means all. */
  readonly types: readonly NamespaceType[];
  /** Those that this process is in; null for all. */
  readonly pid: number | null;
  readonly arrangement: Arrangement;
  /** Whether the owner of each is to be known, also where the arrangement does not need it. */
  readonly owners: boolean;
}

/** `'process'`, `'owner'` and `'parent'`: as trees. */
export type Arrangement = 'list' | 'process' | 'owner' | 'parent';

export interface Listing {
  readonly forest: readonly Tree[];
  /** What there is to say of a namespace. Its process and its ID are read about when something of them is asked for. */
  rowOf(namespace: Namespace): Row;
  /** How many processes may not be looked at. */
  readonly unreadable: number;
}

/**
 * Lists namespaces.
 *
 * @throws ENOENT, of node:fs, if there is no process `pid`, or no proc filesystem; EACCES if it may not be looked at.
 */
export function listNamespaces(files: Files, sys: Sys, { types, pid, arrangement, owners }: Query): Listing {
  const ofProcess = pid === null ? null : namespacesOf(files, pid);
  const isByRelation = arrangement === 'owner' || arrangement === 'parent';
  const { namespaces, unreadable } = survey(files, sys, owners || isByRelation);
  const isAsked = ({ type, id }: Namespace) =>
    (types.length === 0 || types.includes(type)) && (ofProcess === null || ofProcess.has(id));
  const shown = namespaces.filter(isAsked);
  const processOf = remembered((pid: number) => readProcess(files, pid));
  const device = nsfsDevice(files);
  const names = userNames(passwd(files));
  const nameOf = (uid: number) => names.get(uid) ?? String(uid);
  const trees = {
    list: () => flat(shown),
    process: () => byProcess(shown, (pid) => processOf(pid)?.ppid ?? null),
    owner: () => byRelation('owner', shown, namespaces),
    parent: () => byRelation('parent', shown, namespaces),
  };
  return {
    forest: trees[arrangement](),
    rowOf: (namespace) => ({
      namespace,
      get process() {
        return namespace.pid === null ? null : processOf(namespace.pid);
      },
      get netnsId() {
        if (namespace.type !== 'net') return null;
        return onNamespace(files, device, namespace, (fd) => netnsIdOf(sys, fd)) ?? null;
      },
      nameOf,
    }),
    unreadable,
  };
}

function passwd(files: Files): string {
  try {
    return files.readFileSync('/etc/passwd', 'utf8');
  } catch {
    return '';
  }
}

/** The same function, which is asked once for each number. */
function remembered<T>(of: (key: number) => T): (key: number) => T {
  const known = new Map<number, T>();
  return (key) => {
    if (!known.has(key)) known.set(key, of(key));
    return known.get(key) as T;
  };
}
