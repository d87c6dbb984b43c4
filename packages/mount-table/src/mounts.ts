/**
 * The mount table as /proc/PID/mounts has it.
 *
 *     tmpfs /mnt/test_mount tmpfs rw,nosuid,nodev,relatime 0 0
 *     (1)   (2)             (3)   (4)                      (5) (6)
 *
 * (1) source, (2) mount point, (3) type of the filesystem, (4) options of mount and filesystem together, (5) and (6) dump
 * and pass of fstab(5), which the kernel always writes as 0. See proc_pid_mounts(5), and show_vfsmnt in fs/proc_namespace.c.
 */
import { escaped, IN_NAME, IN_PATH, unescaped } from './escapes.ts';
import { absolute, any, Lines, notEmpty } from './lines.ts';
import { toBytes } from './names.ts';
import { formatOptions, optionsReader } from './options.ts';

/** One line of /proc/PID/mounts. Names are strings that keep every byte, see `fromBytes`. */
export interface MountEntry {
  readonly source: string;
  readonly mountPoint: string;
  readonly type: string;
  readonly options: readonly string[];
}

const DUMP_AND_PASS = ' 0 0';

/**
 * All lines of a table, in its order, which is that of `parseMountinfo`.
 *
 * @param table the whole file.
 * @throws MountTableError for the first line that is not as the kernel writes it. Nothing else, for any bytes.
 */
export function parseMounts(table: Uint8Array): MountEntry[] {
  const lines = new Lines(table);
  const optionsOf = optionsReader();
  const entries: MountEntry[] = [];
  while (lines.next()) {
    const source = unescaped(lines.field('the mount source', any));
    const mountPoint = unescaped(lines.field('the mount point', absolute, 'an absolute path'));
    const type = unescaped(lines.field('the filesystem type', notEmpty));
    const options = optionsOf(lines.rest('the mount options', DUMP_AND_PASS));
    entries.push({ source, mountPoint, type, options });
  }
  return entries;
}

/** The table of these mounts, as the kernel writes it. `parseMounts` undoes it. */
export function formatMounts(entries: readonly MountEntry[]): Uint8Array {
  return toBytes(entries.map(formatEntry).join(''));
}

/**
 * The last mount listed for a mount point: the newest. The topmost as well, unless a mount was moved there or put beneath
 * (`mount --move`, `--beneath`); this table cannot tell, `mountHolding` can.
 */
export function lastMountedAt(entries: readonly MountEntry[], mountPoint: string): MountEntry | undefined {
  return entries.findLast((entry) => entry.mountPoint === mountPoint);
}

/** A mount as mount(8) lists it: `tmpfs on /mnt/test_mount type tmpfs (rw,nosuid,nodev,relatime)`. */
export function inMountFormat({ source, mountPoint, type, options }: MountEntry): string {
  return `${source} on ${mountPoint} type ${type} (${options.join(',')})`;
}

function formatEntry({ source, mountPoint, type, options }: MountEntry): string {
  const fields = [
    escaped(source, IN_NAME),
    escaped(mountPoint, IN_PATH),
    escaped(type, IN_NAME),
    formatOptions(options),
  ];
  return `${fields.join(' ')}${DUMP_AND_PASS}\n`;
}
