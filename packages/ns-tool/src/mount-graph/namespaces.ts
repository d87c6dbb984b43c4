/** Which of several tables are one namespace, as it is drawn. Pure. */
import { formatMountinfo, type Mount, type NamespaceTable } from '@ns-tool/mount-table';

/** What a process sees. */
export interface ProcessTable {
  /** How the process is called: `pid 1`. */
  readonly name: string;
  /** The inode number of its mount namespace; null where that is not known. */
  readonly namespaceId: number | null;
  readonly mounts: readonly Mount[];
}

/** One table for those that are equal, of one namespace. With another root directory a process has another table: chroot(2). */
export function perNamespace(tables: readonly ProcessTable[]): NamespaceTable[] {
  const found = new Map<string, { readonly names: Set<string>; readonly mounts: readonly Mount[] }>();
  for (const [i, { name, namespaceId, mounts }] of tables.entries()) {
    const key =
      namespaceId === null
        ? `unknown ${i}`
        : `${namespaceId} ${Buffer.from(formatMountinfo(mounts)).toString('latin1')}`;
    const known = found.get(key) ?? { names: new Set(), mounts };
    known.names.add(name);
    found.set(key, known);
  }
  return Array.from(found.values(), ({ names, mounts }) => ({ namespace: titleOf([...names]), mounts }));
}

/** So many are named; of more than that all but two are counted, so that a title has room for them. */
const MOST_NAMES = 3;

function titleOf(names: readonly string[]): string {
  if (names.length <= MOST_NAMES) return names.join(', ');
  return `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`;
}
