/** What a container is, decided: all that its recipe needs. Pure data. */
import type { Capability, IdMaps } from '@ns-tool/syscalls';
import type { PlannedCgroup } from './cgroup/plan.ts';
import type { OwnFile } from './own-files.ts';

/** Who the command runs as. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups. */
  readonly groups: readonly number[];
  /** The home directory, which HOME names. */
  readonly home: string;
}

/** A directory or file of the host that appears inside. */
export interface BindMount {
  readonly type: 'bind';
  /** An absolute path outside. */
  readonly source: string;
  /** An absolute path inside. */
  readonly target: string;
  readonly readOnly: boolean;
  /** What it is, and so what its target must be. */
  readonly kind: 'file' | 'directory';
}

/** A fresh filesystem in memory. */
export interface TmpfsMount {
  readonly type: 'tmpfs';
  readonly target: string;
  /** Flags of mount(2). */
  readonly flags: number;
  /** Options of tmpfs(5): `'size=64m,mode=1777'`. */
  readonly data: string;
}

export type ContainerMount = BindMount | TmpfsMount;

/** A terminal that this process has opened for the container. */
export interface TerminalInside {
  /** The descriptor of its slave, which the command has as 0, 1 and 2. */
  readonly slave: number;
  /** The absolute path of the slave outside. */
  readonly path: string;
}

/** A container, before any of it exists. */
export interface ContainerPlan {
  /** The command and its arguments. */
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  /** Absolute paths of the layers of its root, lowest first; of a plain directory that one alone. */
  readonly layers: readonly string[];
  /** The digest of its image's manifest, which keeps that in the store; null for a directory. */
  readonly image: string | null;
  /** How they become its root: `bind` shows the one layer itself. Where the kernel refuses the overlay, of an image a copy. */
  readonly rootBy: 'overlay' | 'bind';
  /** A directory of its own in the store, with `upper` and `work`. */
  readonly bundle: string;
  /** The directory of its state. There its root is mounted, for itself alone. */
  readonly stateDirectory: string;
  /** Whether its root is read-only. */
  readonly readOnly: boolean;
  /** How the root is entered: chroot(2) leaves the host within reach, which a lesson shows. */
  readonly enterBy: 'pivot_root' | 'chroot';
  /** The IDs of its user namespace; null for root, who needs none. */
  readonly idMaps: IdMaps | null;
  readonly network: 'none' | 'host';
  readonly hostname: string;
  readonly ownFiles: readonly OwnFile[];
  /** In the order in which they are mounted. */
  readonly mounts: readonly ContainerMount[];
  /** The terminal of the command, which is its /dev/console; null without. */
  readonly terminal: TerminalInside | null;
  readonly workingDir: string;
  readonly account: Account;
  readonly capabilities: readonly Capability[];
  /** All of /proc and /sys, and privileges by execve(2). */
  readonly privileged: boolean;
  /** By which it is limited. */
  readonly cgroups: readonly PlannedCgroup[];
  /** Whether its first process is a small init, and the command the child of that. */
  readonly init: boolean;
}

/** Its root is a directory itself, with all that is mounted in it: what the container writes stays. */
export function isInPlace({ rootBy, image }: Pick<ContainerPlan, 'rootBy' | 'image'>): boolean {
  return rootBy === 'bind' && image === null;
}

/** The IDs of the user namespace are only the own ones, so that setgroups(2) is denied there. user_namespaces(7). */
export function mapsOneIdOnly({ idMaps }: Pick<ContainerPlan, 'idMaps'>): boolean {
  return idMaps !== null && idMaps.gid.length === 1 && idMaps.gid[0]?.count === 1;
}
