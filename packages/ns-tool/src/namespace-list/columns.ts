/** The columns of a listing, named as lsns(8) names them. Pure. */
import { keptBy, type Namespace, type NamespaceType, pathTo } from './namespace.ts';
import type { NetnsId } from './netns-id.ts';
import type { Process } from './process.ts';

/** What a line is about. */
export interface Row {
  readonly namespace: Namespace;
  /** The process with the lowest pid in it; null without one, and where it has ended meanwhile. */
  readonly process: Process | null;
  /** The ID of a network namespace for that of this process; null for other types, and where it is not to be known. */
  readonly netnsId: NetnsId | null;
  /** The name of a user, or the ID in digits. */
  nameOf(uid: number): string;
}

export interface Column {
  /** Aligned at the right. */
  readonly right?: true;
  value(row: Row): string | number | null;
}

const uidOf = ({ namespace, process }: Row) => process?.uid ?? namespace.ownerUid;

/** In the order of lsns(8). */
export const COLUMNS = {
  /** Its inode number. */
  NS: { right: true, value: ({ namespace }) => namespace.id },
  TYPE: { value: ({ namespace }) => namespace.type },
  /** A file by which it can be opened. */
  PATH: { value: ({ namespace }) => pathTo(namespace) },
  /** How many processes are in it. */
  NPROCS: { right: true, value: ({ namespace }) => namespace.nprocs },
  /** The lowest pid in it. What follows is about that process. */
  PID: { right: true, value: ({ namespace }) => namespace.pid },
  PPID: { right: true, value: ({ process }) => process?.ppid ?? null },
  COMMAND: { value: ({ process }) => process?.command ?? null },
  UID: { right: true, value: uidOf },
  USER: {
    value(row) {
      const uid = uidOf(row);
      return uid === null ? null : row.nameOf(uid);
    },
  },
  /** The ID by which the network namespace of this process knows it. Text, since it may be a word. */
  NETNSID: { right: true, value: ({ netnsId }) => (netnsId === null ? null : String(netnsId)) },
  /** Where it is mounted. */
  NSFS: { value: ({ namespace }) => namespace.mountPoints.join('\n') || null },
  /** The parent of a user or pid namespace. */
  PNS: { right: true, value: ({ namespace }) => namespace.parent ?? 0 },
  /** The user namespace that owns it. */
  ONS: { right: true, value: ({ namespace }) => namespace.owner ?? 0 },
  /** What keeps it, if no process is in it. Not of lsns(8). */
  KEPTBY: { value: ({ namespace }) => keptBy(namespace) },
} as const satisfies Readonly<Record<string, Column>>;

export type ColumnName = keyof typeof COLUMNS;

export const COLUMN_NAMES = Object.keys(COLUMNS) as readonly ColumnName[];

/**
 * The columns of a listing where none are asked for: those of lsns(8).
 *
 * @param types the types that are asked for. Network namespaces are mounted more often than others, and only they have IDs.
 */
export function usualColumns(types: readonly NamespaceType[], isJson: boolean): readonly ColumnName[] {
  const ofNet = types.includes('net') ? (['NETNSID', 'NSFS'] as const) : [];
  // A table says it in place of the command.
  const keptBy = isJson ? (['KEPTBY'] as const) : [];
  return ['NS', 'TYPE', 'NPROCS', 'PID', 'USER', ...ofNet, 'COMMAND', ...keptBy];
}

/** The names in a list of columns, which may not exist: `'ns,TYPE'`, or `'+PATH'` for the usual ones and PATH. */
export function namedColumns(list: string | undefined, usual: readonly ColumnName[]): readonly string[] {
  if (list === undefined) return usual;
  const isAddition = list.startsWith('+');
  const names = list
    .slice(isAddition ? 1 : 0)
    .toUpperCase()
    .split(',');
  return isAddition ? [...usual, ...names] : names;
}
