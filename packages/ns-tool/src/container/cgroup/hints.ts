/** What to do about an error in the making of a cgroup. Pure. */
import type { SyscallError } from '@ns-tool/syscalls';
import { printable } from '../../output.ts';
import type { PlannedCgroup } from './plan.ts';

const SCOPE =
  'With systemd, one that is yours is made by: systemd-run --user --scope --property=Delegate=yes ns-tool run …';

/** The advice for an error, or undefined where the error says all there is. */
export function hintFor(
  { call, code }: SyscallError,
  { version, parent, enable }: Pick<PlannedCgroup, 'version' | 'parent' | 'enable'>,
  isRoot: boolean,
): string | undefined {
  const place = printable(parent);
  switch (code) {
    case 'EROFS':
      return 'The cgroup filesystem is mounted read-only, as in most containers: leave the limit out, or limit that container.';
    case 'EACCES':
    case 'EPERM':
      if (isRoot) return `The cgroup ${place} belongs to somebody outside of this user namespace.`;
      return version === 1
        ? 'Cgroups of version 1, which this machine has, are for root alone: use sudo, or leave the limit out.'
        : `The cgroup ${place} is not yours. ${SCOPE}`;
    case 'EBUSY':
    case 'EOPNOTSUPP':
      if (enable.length === 0) return undefined;
      return `There are processes in the cgroup ${place}, so that it gives no controller to others: cgroups(7), "no internal processes". They must be in one below it before.`;
    case 'ENOENT':
      return call === 'mkdirat' ? `The cgroup ${place}, in which ns-tool is, has been removed.` : undefined;
    case 'EAGAIN':
    case 'ENOSPC':
      return `There are as many cgroups as may be: cgroup.max.descendants of ${place} or of one above it.`;
    case 'EINVAL':
      return call === 'write' && version === 1
        ? `The cgroup ${place}, in which ns-tool is, has itself less.`
        : undefined;
    default:
      return undefined;
  }
}

/** The advice where the child may not join: which takes the right to take it out of its own cgroup, too. */
export const JOIN_HINT = `Into a cgroup may move who may write to cgroup.procs of it, and of the nearest above both it and the old one: cgroups(7), "delegation". ${SCOPE}`;
