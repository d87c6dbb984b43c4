/** Which cgroups a container is to have. Reads, and changes nothing. */
import { readFileSync } from 'node:fs';
import { joinPath } from '@ns-tool/mount-table';
import type { Sys } from '@ns-tool/syscalls';
import { NotStarted } from '../../errors.ts';
import { readTable } from '../../mount-table/source.ts';
import { directoryOf, type Hierarchies, hierarchiesOf, type Node, parentsOf, placeFor } from './hierarchies.ts';
import { CONTROLLERS, checkLimits, type Kind, type Limits, limited, type Setting, settingsOf } from './limits.ts';

/** A cgroup that is yet to be made. */
export interface PlannedCgroup {
  readonly version: 1 | 2;
  /** The directory in which it is made. */
  readonly parent: string;
  /** Its name there. */
  readonly name: string;
  /** The controllers that its parent must give to those below first. */
  readonly enable: readonly string[];
  readonly settings: readonly Setting[];
}

/** The name of the cgroups of a container, by which they are known as its own. */
export function cgroupName(id: string): string {
  return `ns-tool-${id}`;
}

/** The directory of a cgroup. */
export function pathOfCgroup({ parent, name }: Pick<PlannedCgroup, 'parent' | 'name'>): string {
  return joinPath(parent, `/${name}`);
}

/**
 * The cgroups for these limits: of each controller where it is on this machine, v2 or v1; none for no limits.
 *
 * They are below the own ones, or beside them, so that limits that this process is under hold for the container too.
 *
 * @throws UsageError for what is no limit.
 * @throws NotStarted where a controller is not to be had.
 */
export function planCgroups(sys: Sys, limits: Limits, id: string): PlannedCgroup[] {
  const kinds = limited(checkLimits(limits));
  if (kinds.length === 0) return [];
  const mounts = readTable(sys, { pid: 'self' }, false);
  const hierarchies = hierarchiesOf(readFileSync('/proc/self/cgroup', 'utf8'), mounts);
  const isV1 = (kind: Kind) => hierarchies.v1.has(CONTROLLERS[kind]);
  const inV2 = kinds.filter((kind) => !isV1(kind));
  return [
    ...(inV2.length > 0 ? [planV2(hierarchies, inV2, limits, id)] : []),
    ...planV1(hierarchies, kinds.filter(isV1), limits, id),
  ];
}

/** One for each hierarchy: several controllers may be mounted together. */
function planV1({ v1 }: Hierarchies, kinds: readonly Kind[], limits: Limits, id: string): PlannedCgroup[] {
  const byParent = new Map<string, Setting[]>();
  for (const kind of kinds) {
    const own = v1.get(CONTROLLERS[kind]) ?? refuseUnmounted(CONTROLLERS[kind], 1);
    const parent = directoryOf(own);
    byParent.set(parent, [...(byParent.get(parent) ?? []), ...settingsOf(kind, 1, limits)]);
  }
  return [...byParent].map(([parent, settings]) => ({
    version: 1,
    parent,
    name: cgroupName(id),
    enable: [],
    settings,
  }));
}

function planV2({ v2 }: Hierarchies, kinds: readonly Kind[], limits: Limits, id: string): PlannedCgroup {
  const controllers = kinds.map((kind) => CONTROLLERS[kind]);
  if (v2 === null) refuseUnmounted(controllers.join(', '), 2);
  const nodes = parentsOf(v2).map(readNode);
  const place = placeFor(nodes, controllers);
  if (place === null) refuseMissing(controllers.filter((name) => !nodes.at(-1)?.controllers.includes(name)));
  const settings = kinds.flatMap((kind) => settingsOf(kind, 2, limits));
  return { version: 2, ...place, name: cgroupName(id), settings };
}

function readNode(directory: string): Node {
  const words = (file: string) => {
    try {
      return readFileSync(joinPath(directory, `/${file}`), 'utf8')
        .split(/\s+/)
        .filter(Boolean);
    } catch {
      return [];
    }
  };
  return { directory, controllers: words('cgroup.controllers'), given: words('cgroup.subtree_control') };
}

function refuseUnmounted(controllers: string, version: 1 | 2): never {
  const mount =
    version === 2 ? 'cgroup2 cgroup2 /sys/fs/cgroup' : `cgroup -o ${controllers} cgroup /sys/fs/cgroup/${controllers}`;
  throw new NotStarted(
    `no cgroups to be seen here, to limit by: ${controllers}`,
    `They are not mounted, or not the one of this process, which /proc/self/cgroup names. Root can: mount -t ${mount}`,
  );
}

function refuseMissing(controllers: readonly string[]): never {
  throw new NotStarted(
    `no cgroup controller here: ${controllers.join(', ')}`,
    'Either this kernel has it not, or is told so (/proc/cgroups; cgroup_disable= in /proc/cmdline), or what runs ns-tool passes it not on, as systemd does for users: Delegate= in systemd.resource-control(5).',
  );
}
