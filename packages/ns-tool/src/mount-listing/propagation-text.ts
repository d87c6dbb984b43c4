/** The propagation of a mount in words, with the numbers of its peer groups. */
import { type Mount, propagationOf } from '@ns-tool/mount-table';

/**
 * What the kernel tells of the propagation of a mount: `shared:3`, `slave of 3`, `shared:5, slave of 3`, `private` or
 * `unbindable`. From where a slave receives whose master has no member in sight, `propagate_from`, is left to OPT-FIELDS:
 * the kernel walks all peers to tell it.
 */
export function propagationText(mount: Mount): string {
  const { peerGroup, master, unknownFields } = mount;
  const parts: string[] = [];
  if (peerGroup !== null) parts.push(`shared:${peerGroup}`);
  if (master !== null) parts.push(`slave of ${master}`);
  if (peerGroup === null && master === null) parts.push(propagationOf(mount));
  // The kernel can make a slave unbindable as well.
  else if (mount.unbindable) parts.push('unbindable');
  return [...parts, ...unknownFields].join(', ');
}

/** Where {@link propagationText} names a group, and the number of it. */
export const GROUP_IN_TEXT = /\b(?:shared:|slave of )(\d+)/g;
