/** Namespaces in the order of a listing: flat, or as trees. Pure. */
import type { Namespace } from './namespace.ts';

export interface Tree {
  readonly namespace: Namespace;
  readonly children: readonly Tree[];
}

interface Branch extends Tree {
  readonly children: Branch[];
}

/** No tree at all. */
export function flat(namespaces: readonly Namespace[]): Tree[] {
  return namespaces.map((namespace) => ({ namespace, children: [] }));
}

/**
 * As lsns(8) does where nothing else is asked for: a namespace is below the last one before it in whose line the parent of
 * its process stands.
 *
 * @param namespaces in the order of the listing.
 * @param ppidOf the parent of a process, or null if that is unknown.
 */
export function byProcess(namespaces: readonly Namespace[], ppidOf: (pid: number) => number | null): Tree[] {
  const roots: Branch[] = [];
  const lastLineOf = new Map<number, Branch>();
  for (const namespace of namespaces) {
    const { pid } = namespace;
    const branch: Branch = { namespace, children: [] };
    const above = pid === null ? undefined : lastLineOf.get(ppidOf(pid) ?? -1);
    (above?.children ?? roots).push(branch);
    if (pid !== null) lastLineOf.set(pid, branch);
  }
  return roots;
}

/**
 * Each namespace below its owner, or its parent. What has no parent comes after its owner, if that is shown.
 *
 * @param namespaces those to show: with them come all that they are below of.
 * @param all where those are found.
 */
export function byRelation(
  relation: 'owner' | 'parent',
  namespaces: readonly Namespace[],
  all: readonly Namespace[],
): Tree[] {
  const withId = new Map(all.map((namespace) => [namespace.id, namespace]));
  const shown = new Set(namespaces);
  const roots: Branch[] = [];
  const placed = new Map<number, Branch>();
  const place = (namespace: Namespace): Branch => {
    const there = placed.get(namespace.id);
    if (there !== undefined) return there;
    const above = withId.get(namespace[relation] ?? -1);
    const owner = withId.get(namespace.owner ?? -1);
    if (above === undefined && owner !== undefined && shown.has(owner)) place(owner);
    const siblings = above === undefined ? roots : place(above).children;
    const branch: Branch = { namespace, children: [] };
    siblings.push(branch);
    placed.set(namespace.id, branch);
    return branch;
  };
  for (const namespace of namespaces) place(namespace);
  return roots;
}
