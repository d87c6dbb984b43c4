/** What to do about an error of `ns-tool run`. */
import type { SyscallError } from '@ns-tool/syscalls';
import { printable } from '../output.ts';
import { hintFor as hintForNamespaces } from '../unshare/hints.ts';
import { JOIN_HINT } from './cgroup/hints.ts';
import type { ContainerPlan } from './plan.ts';
import { hintForProgramInMemory } from './program-in-memory.ts';
import { containerOptions } from './recipe.ts';

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
      return 'Your user namespace has no such ID. Root gives you more: sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $USER; they are mapped by newuidmap(1), of the package uidmap.';
    case 'setgroups EPERM':
    case 'capset EPERM':
      return 'You are root, but without the capabilities to give, as in a container.';
    default: {
      const { namespaces = [] } = containerOptions(plan);
      const inMemory = hintForProgramInMemory(error);
      return inMemory ?? hintForNamespaces(error, { namespaces, fork: true, isRoot: plan.idMaps === null });
    }
  }
}
