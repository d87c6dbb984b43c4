/** The mounts of namespaces in /proc/PID/mountinfo. Pure. See proc(5). */

/** A file on which a namespace is mounted. */
export interface NamespaceMount {
  /** Which namespace: `net:[4026532193]`. */
  readonly link: string;
  /** The path of the file, from the root directory of the process whose mountinfo it is. */
  readonly mountPoint: string;
}

/**
 * The lines that are of nsfs, the filesystem of the namespaces:
 *
 *     418 28 0:4 net:[4026532193] /run/netns/blue rw shared:7 - nsfs nsfs rw
 *     (1) (2)(3) (4)              (5)                           (6)
 *
 * (4) is the root of the mount in its filesystem: here the namespace; (5) the mount point; (6), after the dash, the type.
 */
export function namespaceMounts(mountinfo: string): NamespaceMount[] {
  // Nearly all tables have none, and there may be a table for each mount namespace.
  if (!mountinfo.includes(' - nsfs ')) return [];
  const lines = mountinfo.split('\n').filter((line) => / - nsfs \S+ \S+$/.test(line));
  return lines.map((line) => {
    const [, , , link = '', mountPoint = ''] = line.split(' ');
    return { link, mountPoint: unescaped(mountPoint) };
  });
}

/** Octal escapes name bytes, where the rest is characters already; only ASCII is ever escaped. */
function unescaped(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)));
}
