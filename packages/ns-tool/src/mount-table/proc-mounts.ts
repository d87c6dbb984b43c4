/**
 * The mount table as /proc/PID/mounts has it. Pure.
 *
 *     tmpfs /mnt/test_mount tmpfs rw,nosuid,nodev,relatime 0 0
 *     (1)   (2)             (3)   (4)                      (5) (6)
 *
 * (1) source, (2) mount point, (3) type of the filesystem, (4) options of mount and filesystem together, (5) and (6) dump
 * and pass, always 0. Space, tab, newline, backslash and # are written as three octal digits: `\040`. See proc(5), fstab(5).
 */

/** One line of /proc/PID/mounts. */
export interface MountEntry {
  readonly source: string;
  readonly mountPoint: string;
  readonly type: string;
  readonly options: readonly string[];
}

/** All lines of a table, in the kernel's order: a mount stands after the one it lies on. */
export function parseProcMounts(table: Uint8Array): MountEntry[] {
  return linesOf(table).map(parseLine);
}

/** The mount points of a table alone, in its order: as bytes, for the kernel, since a name need not be UTF-8. */
export function mountPointsOf(table: Uint8Array): Buffer[] {
  return linesOf(table).map((line) => unescapedBytes(line.split(' ')[1] ?? ''));
}

/** The topmost mount at a mount point: the one that path lookup finds. */
export function mountAt(entries: readonly MountEntry[], mountPoint: string): MountEntry | undefined {
  return entries.findLast((entry) => entry.mountPoint === mountPoint);
}

/** A mount as mount(8) lists it: `tmpfs on /mnt/test_mount type tmpfs (rw,nosuid,nodev,relatime)`. */
export function inMountFormat({ source, mountPoint, type, options }: MountEntry): string {
  return `${source} on ${mountPoint} type ${type} (${options.join(',')})`;
}

function linesOf(table: Uint8Array): string[] {
  const lines = Buffer.from(table).toString('latin1').split('\n');
  return lines.filter((line) => line !== '');
}

function parseLine(line: string): MountEntry {
  const [source = '', mountPoint = '', type = '', options = ''] = line.split(' ');
  return {
    source: unescaped(source),
    mountPoint: unescaped(mountPoint),
    type: unescaped(type),
    options: options.split(',').map(unescaped),
  };
}

/** Octal escapes name bytes, of which several may make one character; so bytes first, characters last. */
function unescaped(field: string): string {
  return unescapedBytes(field).toString('utf8');
}

function unescapedBytes(field: string): Buffer {
  const bytes = field.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)));
  return Buffer.from(bytes, 'latin1');
}
