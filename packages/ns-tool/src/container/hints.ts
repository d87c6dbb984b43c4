/** What to do about an error of `ns-tool run`. */
import { type IdRange, type SyscallError, subordinateIds } from '@ns-tool/syscalls';
import { printable } from '../output.ts';
import { hintFor as hintForNamespaces } from '../unshare/hints.ts';
import { JOIN_HINT } from './cgroup/hints.ts';
import type { ContainerPlan } from './plan.ts';
import { containerOptions } from './recipe.ts';
import { hintForStart } from './start-hints.ts';

/** The advice for an error, or undefined where the error says all there is. */
export function hintFor(error: SyscallError, plan: ContainerPlan): string | undefined {
  const { call, code, values } = error;
  if (call === 'mount' && values[2] === 'overlay') {
    return 'The kernel refuses the overlay: the store must lie on a filesystem that can hold its upper layer, such as ext4, xfs or tmpfs; --store DIR';
  }
  if (call === 'openat' && String(values[1]).endsWith('/cgroup.procs')) return JOIN_HINT;
  // What the recipe writes is read from the child, who joins its cgroups by it; ID maps are longer.
  if (call === 'write' && values[1] === '0') return JOIN_HINT;
  switch (`${call} ${code}`) {
    case 'openat ENOTDIR':
    case 'openat ELOOP':
      return `In the image ${printable(String(values[1]))} is no directory; it may be a link, which could lead the container to files that are not its own.`;
    case 'mkdirat EROFS':
    case 'mknodat EROFS':
      return 'A directory that is read-only in place must have all that is mounted on: /proc, /sys, /dev, and what options name.';
    case 'openat2 ELOOP':
      return 'The path leads through links of /proc, by which the image could reach files of the host.';
    case 'openat2 ENOTDIR':
      return 'In the image a part of this path is a file.';
    case 'openat2 ENOENT':
      return 'In the image a part of this path is a link to something that is missing.';
    case 'pivot_root EBUSY':
    case 'pivot_root EINVAL':
      return 'The new root must be a mount point, and neither its parent mount nor that of the old root may be shared. pivot_root(2)';
    case 'setresuid EINVAL':
    case 'setresgid EINVAL':
    case 'setgroups EINVAL':
      return `Your user namespace has no such ID. ${moreIds(plan)}`;
    case 'setgroups EPERM':
    case 'capset EPERM':
      return 'You are root, but without the capabilities to give, as in a container.';
    default: {
      const { namespaces = [] } = containerOptions(plan);
      const ofStart = hintForStart(error);
      return ofStart ?? hintForNamespaces(error, { namespaces, fork: true, isRoot: plan.idMaps === null });
    }
  }
}

/** What gives a user's containers more IDs: a range, the programs that map it, or a larger one. */
function moreIds({ idMaps }: ContainerPlan): string {
  if (idMaps !== null && idMaps.uid.length > 1) {
    return `It has those up to ${highestOf(idMaps.uid)} for users and up to ${highestOf(idMaps.gid)} for groups: your ranges in /etc/subuid and /etc/subgid are too small.`;
  }
  const missing = (['uid', 'gid'] as const).filter((kind) => subordinateIds(kind) === null);
  if (missing.length === 0) {
    return 'You have more in /etc/subuid and /etc/subgid, but newuidmap(1) and newgidmap(1), which map them, are not in your PATH: install the package uidmap.';
  }
  const options = missing.map((kind) => `--add-sub${kind}s 100000-165535`).join(' ');
  return `Root gives you more: sudo usermod ${options} $USER; they are mapped by newuidmap(1), of the package uidmap.`;
}

function highestOf(ranges: readonly IdRange[]): number {
  return Math.max(...ranges.map(({ inside, count }) => inside + count - 1));
}
