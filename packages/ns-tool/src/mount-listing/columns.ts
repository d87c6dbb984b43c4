/** The columns of a listing, by the names of findmnt(8), and some of our own. */
import { display, findmntPropagation, type Mount, optionalFields, type TreeNode } from '@ns-tool/mount-table';
import { mergedOptions } from './options.ts';
import { propagationText } from './propagation-text.ts';

/** A mount, and of which process the table is: null for a table from a file. */
export interface Entry {
  readonly node: TreeNode;
  readonly tid: number | null;
}

/** What a column says of a mount. Null where there is nothing to say. */
export type Value = string | number | boolean | null;

export interface Column {
  /** What of a mount it shows, which is what has to be read. */
  readonly fields: readonly (keyof Mount)[];
  /** For programs: as findmnt(8) has it. */
  readonly value: (entry: Entry) => Value;
  /** For people, where that is something else than the value. */
  readonly text?: (entry: Entry) => string;
  /** Aligned to the right, as numbers are. */
  readonly isNumber?: true;
}

/** A column of a mount's own. */
function of(fields: readonly (keyof Mount)[], value: (mount: Mount) => Value): Column {
  return { fields, value: ({ node }) => value(node.mount) };
}

export const COLUMNS = {
  TARGET: of(['mountPoint'], ({ mountPoint }) => mountPoint),
  SOURCE: of(['source', 'root'], sourceOf),
  FSTYPE: of(['type'], ({ type }) => type),
  OPTIONS: of(['options', 'superOptions'], mergedOptions),
  'VFS-OPTIONS': of(['options'], ({ options }) => options.join()),
  'FS-OPTIONS': of(['superOptions'], ({ superOptions }) => superOptions.join()),
  PROPAGATION: {
    ...of(['peerGroup', 'master', 'unbindable', 'unknownFields'], findmntPropagation),
    text: ({ node }) => propagationText(node.mount),
  },
  'OPT-FIELDS': of(
    ['peerGroup', 'master', 'propagateFrom', 'unbindable', 'unknownFields'],
    (mount) => optionalFields(mount).join(' ') || null,
  ),
  ID: { ...of(['id'], ({ id }) => id), isNumber: true },
  PARENT: { ...of(['parentId'], ({ parentId }) => parentId), isNumber: true },
  'MAJ:MIN': { ...of(['device'], ({ device }) => device), text: ({ node }) => alignedDevice(node.mount.device) },
  FSROOT: of(['root'], ({ root }) => root),
  TID: { fields: [], value: ({ tid }) => tid, isNumber: true },
  /** Ours: the number of its peer group. */
  GROUP: { ...of(['peerGroup'], ({ peerGroup }) => peerGroup), isNumber: true },
  /** Ours: the number of the peer group that it receives from. */
  MASTER: { ...of(['master'], ({ master }) => master), isNumber: true },
  /** Ours: whether its mount point leads elsewhere, since another mount covers it or a directory above. */
  COVERED: {
    fields: [],
    value: ({ node }) => !node.visible,
    text: ({ node }) => (node.visible ? '' : 'covered'),
  },
} as const satisfies Readonly<Record<string, Column>>;

export type ColumnName = keyof typeof COLUMNS;

export const COLUMN_NAMES = Object.keys(COLUMNS) as readonly ColumnName[];

/** What is shown where nobody says what. */
export const DEFAULT_COLUMNS: readonly ColumnName[] = ['TARGET', 'SOURCE', 'FSTYPE', 'OPTIONS', 'PROPAGATION'];

/** The same for programs: the numbers, which people find in PROPAGATION, in columns of their own. */
export const DEFAULT_DATA_COLUMNS: readonly ColumnName[] = [...DEFAULT_COLUMNS, 'GROUP', 'MASTER', 'COVERED'];

/** A column that there is not. */
export class UnknownColumn extends Error {
  override readonly name = 'UnknownColumn';

  constructor(readonly column: string) {
    super(`unknown column: ${column}`);
  }
}

/**
 * The columns of a list as `--output` takes it, in any case of letters; with `+` in front, those after the default ones.
 *
 * @throws UnknownColumn
 */
export function columnsIn(list: string, standard: readonly ColumnName[]): ColumnName[] {
  const [start, names] = list.startsWith('+') ? [standard, list.slice(1)] : [[], list];
  const chosen = names.split(',').map((word) => {
    const name = COLUMN_NAMES.find((name) => name === word.toUpperCase());
    if (name === undefined) throw new UnknownColumn(word);
    return name;
  });
  return [...start, ...chosen];
}

/**
 * What of each mount has to be read to show these columns: the least that can be asked of the kernel. The tree itself takes
 * the IDs and the mount point.
 */
export function fieldsOf(columns: readonly ColumnName[]): ReadonlySet<keyof Mount> {
  const fields = columns.flatMap((name): readonly (keyof Mount)[] => COLUMNS[name].fields);
  return new Set<keyof Mount>(['id', 'parentId', 'mountPoint', ...fields]);
}

/** The source as findmnt(8) has it: with the directory that is mounted, where that is not the filesystem's root. */
function sourceOf({ source, root }: Mount): string | null {
  return (root === '/' ? source : `${source}[${root}]`) || null;
}

/** What a column shows people of a mount. No control characters. */
export function textOf(name: ColumnName, entry: Entry): string {
  const column: Column = COLUMNS[name];
  const text = column.text?.(entry) ?? String(column.value(entry) ?? '');
  // Nearly always, and quicker.
  return /^[\x20-\x7e]*$/.test(text) ? text : display(text);
}

/** Major and minor below each other, as findmnt(8) and lsblk(8) have them. */
function alignedDevice(device: string): string {
  const [major = '', minor = ''] = device.split(':');
  return `${major.padStart(3)}:${minor.padEnd(3)}`;
}
