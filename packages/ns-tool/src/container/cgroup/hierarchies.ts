/** Where the cgroups of this process are to be seen. Pure. See cgroups(7), cgroup_namespaces(7). */
import { joinPath, type Mount, pathBelow } from '@ns-tool/mount-table';

/** A cgroup of this process's, by where its hierarchy is mounted. */
export interface OwnCgroup {
  readonly mountPoint: string;
  /** From there to the cgroup: empty, or with a slash in front. */
  readonly path: string;
}

/** The hierarchies in which this process has a cgroup; null where that is not to be seen. */
export interface Hierarchies {
  /** Of v1, by each controller that is there. */
  readonly v1: ReadonlyMap<string, OwnCgroup | null>;
  /** Of v2, which has all other controllers. */
  readonly v2: OwnCgroup | null;
}

/**
 * @param table /proc/self/cgroup: lines of `ID:CONTROLLERS:PATH`, `0::PATH` for v2. A path may have colons.
 * @param mounts of this process's mount namespace.
 */
export function hierarchiesOf(table: string, mounts: readonly Mount[]): Hierarchies {
  const lines = [...table.matchAll(/^\d+:([^:\n]*):(\/.*)$/gm)];
  const v1 = lines.flatMap(([, names = '', path = '']) =>
    names
      .split(',')
      .filter(Boolean)
      .map((controller) => {
        const ofController = ({ type, superOptions }: Mount) => type === 'cgroup' && superOptions.includes(controller);
        return [controller, seenAt(mounts.filter(ofController), path)] as const;
      }),
  );
  const [, , ownPath] = lines.find(([, names]) => names === '') ?? [];
  const ofV2 = mounts.filter(({ type }) => type === 'cgroup2');
  return { v1: new Map(v1), v2: ownPath === undefined ? null : seenAt(ofV2, ownPath) };
}

/**
 * Both the path and the root of a mount begin at the root of this process's cgroup namespace; `..` leads out of that. Of
 * several mounts the last is on top.
 */
function seenAt(mounts: readonly Mount[], path: string): OwnCgroup | null {
  for (const { root, mountPoint } of mounts.toReversed()) {
    const below = pathBelow(path, root);
    if (below !== null && !below.split('/').includes('..')) return { mountPoint, path: below === '/' ? '' : below };
  }
  return null;
}

/** A cgroup as a directory. */
export function directoryOf({ mountPoint, path }: OwnCgroup): string {
  return joinPath(mountPoint, path);
}

/**
 * The cgroups of v2 in which another can be made, as directories, the nearest first. Not the own: one with processes gives
 * no controllers to others ("no internal processes"), unless it is the root.
 */
export function parentsOf({ mountPoint, path }: OwnCgroup): string[] {
  const names = path.split('/').filter(Boolean);
  if (names.length === 0) return [mountPoint];
  return names.map((_, i) => joinPath(mountPoint, ['', ...names.slice(0, names.length - 1 - i)].join('/')));
}

/** What a cgroup of v2 has: cgroup.controllers, and what it gives to those below: cgroup.subtree_control. */
export interface Node {
  readonly directory: string;
  readonly controllers: readonly string[];
  readonly given: readonly string[];
}

/** Where a cgroup with some controllers is made, and which of them must first be given to those below. */
export interface Place {
  readonly parent: string;
  readonly enable: readonly string[];
}

/**
 * The nearest that gives all of them already, or else the uppermost: what one further down has, those above it give.
 *
 * @param nodes the nearest first.
 * @returns null where not even the uppermost has all of them.
 */
export function placeFor(nodes: readonly Node[], wanted: readonly string[]): Place | null {
  const giving = nodes.find(({ given }) => wanted.every((controller) => given.includes(controller)));
  if (giving !== undefined) return { parent: giving.directory, enable: [] };
  const top = nodes.at(-1);
  if (top === undefined || !wanted.every((controller) => top.controllers.includes(controller))) return null;
  return { parent: top.directory, enable: wanted.filter((controller) => !top.given.includes(controller)) };
}
