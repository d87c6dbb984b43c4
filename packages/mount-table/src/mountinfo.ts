/**
 * The mount table as /proc/PID/mountinfo has it.
 *
 *     36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
 *     (1)(2)(3)   (4)   (5)      (6)      (7)   (8) (9)   (10)         (11)
 *
 * See proc_pid_mountinfo(5), or proc(5) in older manuals, and show_mountinfo in fs/proc_namespace.c.
 */
import { escaped, IN_NAME, IN_PATH, unescaped } from './escapes.ts';
import { absolute, any, type Form, Lines, notEmpty, number } from './lines.ts';
import { toBytes } from './names.ts';
import { formatOptions, optionsReader } from './options.ts';

/** One line of /proc/PID/mountinfo. Names are strings that keep every byte, see `fromBytes`. */
export interface Mount {
  /** (1) The mount ID, unique on the machine while the mount exists. */
  readonly id: number;
  /** (2) The ID of the mount that it lies on. Its own, or one that is not in the table, at the root. */
  readonly parentId: number;
  /** (3) `major:minor` of the filesystem, st_dev of its files. */
  readonly device: string;
  /** (4) What of the filesystem is the root of this mount. Mostly a path in it; `net:[4026531840]` and the like as well. */
  readonly root: string;
  /** (5) Where it is mounted, an absolute path as the process with this table sees it. */
  readonly mountPoint: string;
  /**
   * (6) Per-mount options, such as `nosuid`: a set, in the kernel's order. An array, since JSON has no set; the kernel
   * writes none twice.
   */
  readonly options: readonly string[];
  /** (7) `shared:N`: the mount is shared, and in peer group N. */
  readonly peerGroup: number | null;
  /** (7) `master:N`: the mount is a slave of peer group N. */
  readonly master: number | null;
  /**
   * (7) `propagate_from:N`: the nearest peer group above that has a member in this table. Only for a slave whose master has
   * none.
   */
  readonly propagateFrom: number | null;
  /** (7) `unbindable`. */
  readonly unbindable: boolean;
  /** (7) Optional fields of a kernel to come, verbatim. */
  readonly unknownFields: readonly string[];
  /** (9) The type of the filesystem, perhaps with a subtype: `fuse.sshfs`. */
  readonly type: string;
  /** (10) A device, a name that the filesystem knows, or any text. It can be empty. */
  readonly source: string;
  /** (11) Options of the filesystem: a list in its order. A comma in a value is no separator. */
  readonly superOptions: readonly string[];
}

/**
 * All lines of a table, in its order. That is the order in which mounts were made, not that in which they lie on each other:
 * `mount --move` changes nothing about it.
 *
 * @param table the whole file. It does not show one moment if mounts change while it is read in several pieces.
 * @throws MountTableError for the first line that is not as the kernel writes it. Nothing else, for any bytes.
 */
export function parseMountinfo(table: Uint8Array): Mount[] {
  const lines = new Lines(table);
  const optionsOf = optionsReader();
  const mounts: Mount[] = [];
  while (lines.next()) mounts.push(parseLine(lines, optionsOf));
  return mounts;
}

/**
 * The table of these mounts, as the kernel writes it. `parseMountinfo` undoes it.
 *
 * @param mounts with the values that `parseMountinfo` gives: mount points are absolute, roots, types and options not empty.
 */
export function formatMountinfo(mounts: readonly Mount[]): Uint8Array {
  return toBytes(mounts.map(formatLine).join(''));
}

/** The optional fields of a mount, in the kernel's order: `['shared:7', 'master:3']`. */
export function optionalFields(mount: Mount): string[] {
  const fields: string[] = [];
  if (mount.peerGroup !== null) fields.push(`shared:${mount.peerGroup}`);
  if (mount.master !== null) fields.push(`master:${mount.master}`);
  if (mount.propagateFrom !== null) fields.push(`propagate_from:${mount.propagateFrom}`);
  if (mount.unbindable) fields.push('unbindable');
  return fields.concat(mount.unknownFields);
}

/**
 * Whether what was bound by this mount has been deleted since: the kernel adds `//deleted` to its root. It never does so to
 * a mount point, which cannot be deleted without the mount.
 */
export function isDeleted(mount: Mount): boolean {
  return mount.root.endsWith('//deleted');
}

const device: Form = (field) => /^(?:0|[1-9]\d{0,14}):(?:0|[1-9]\d{0,14})$/.test(field);

function parseLine(lines: Lines, optionsOf: (text: string) => readonly string[]): Mount {
  const id = lines.number('the mount ID');
  const parentId = lines.number('the parent ID');
  const majorMinor = lines.field('the device', device, 'major:minor');
  const root = unescaped(lines.field('the root of the mount', notEmpty));
  const mountPoint = unescaped(lines.field('the mount point', absolute, 'an absolute path'));
  const options = optionsOf(lines.field('the mount options', notEmpty));
  const optional = parseOptionalFields(lines);
  const type = unescaped(lines.field('the filesystem type', notEmpty));
  const source = unescaped(lines.field('the mount source', any));
  // Some filesystem might not escape a blank; all of the rest belongs to it.
  const superOptions = optionsOf(lines.rest('the super options'));
  return {
    id,
    parentId,
    device: majorMinor,
    root,
    mountPoint,
    options,
    peerGroup: optional.shared,
    master: optional.master,
    propagateFrom: optional.propagate_from,
    unbindable: optional.unbindable,
    unknownFields: optional.unknown,
    type,
    source,
    superOptions,
  };
}

const TAGS = ['shared', 'master', 'propagate_from'] as const;

interface OptionalFields {
  shared: number | null;
  master: number | null;
  propagate_from: number | null;
  unbindable: boolean;
  unknown: string[];
}

function parseOptionalFields(lines: Lines): OptionalFields {
  const found: OptionalFields = { shared: null, master: null, propagate_from: null, unbindable: false, unknown: [] };
  for (;;) {
    const field = lines.field('an optional field or -', notEmpty);
    if (field === '-') return found;
    const tag = TAGS.find((tag) => field.startsWith(`${tag}:`));
    if (tag !== undefined) {
      const group = field.slice(tag.length + 1);
      if (!number(group) || group === '0') lines.fail(`${tag}:N, N a number from 1`);
      if (found[tag] !== null) lines.fail(`${tag}: only once`);
      found[tag] = Number(group);
    } else if (field === 'unbindable') {
      if (found.unbindable) lines.fail('unbindable only once');
      found.unbindable = true;
    } else {
      found.unknown.push(field);
    }
  }
}

function formatLine(mount: Mount): string {
  const fields = [
    mount.id,
    mount.parentId,
    mount.device,
    escaped(mount.root, IN_PATH),
    escaped(mount.mountPoint, IN_PATH),
    formatOptions(mount.options),
    ...optionalFields(mount),
    '-',
    escaped(mount.type, IN_NAME),
    escaped(mount.source, IN_NAME),
    formatOptions(mount.superOptions),
  ];
  return `${fields.join(' ')}\n`;
}
