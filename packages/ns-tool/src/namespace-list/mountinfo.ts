/** The mounts of namespaces in /proc/PID/mountinfo. Pure. See proc(5). */
import { parseMountinfo } from '@ns-tool/mount-table';

/** A file on which a namespace is mounted. */
export interface NamespaceMount {
  /** Which namespace: `net:[4026532193]`. */
  readonly link: string;
  /** The path of the file, from the root directory of the process whose mountinfo it is. */
  readonly mountPoint: string;
}

/** The mounts of nsfs, the filesystem of the namespaces: what of it is mounted, its root, is a namespace. */
export function namespaceMounts(mountinfo: Buffer): NamespaceMount[] {
  const mounts = parseMountinfo(Buffer.concat([...linesWith(mountinfo, ' - nsfs ')]));
  return mounts.filter(({ type }) => type === 'nsfs').map(({ root, mountPoint }) => ({ link: root, mountPoint }));
}

/**
 * The lines that have these words. There may be a long table for each mount namespace, and few such lines in it or none: to
 * parse all of them would take half as long again as all else does together.
 */
function* linesWith(table: Buffer, words: string): Generator<Buffer> {
  let end = 0;
  for (;;) {
    const at = table.indexOf(words, end);
    if (at === -1) return;
    const start = table.lastIndexOf('\n', at) + 1;
    end = table.indexOf('\n', at) + 1 || table.length;
    yield table.subarray(start, end);
  }
}
