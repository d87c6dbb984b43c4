// A tmpfs with many mounts in it, for a process in a mount namespace of its own.

import { mkdirSync } from 'node:fs';
import { MS_BIND, MS_PRIVATE, MS_REC, MS_SHARED, sys } from '@ns-tool/syscalls';

const BASE = '/dev/shm';

/** @typedef {'none' | 'one' | 'each'} Groups whether mounts are private, all of one peer group, or each of a group of its own */

/**
 * Makes mounts.
 *
 * @param {number} count
 * @param {Groups} groups
 */
export function makeMounts(count, groups) {
  sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);
  sys.mount('bench', BASE, 'tmpfs', 0, null);
  // What is bound from a shared mount is of its group.
  if (groups === 'one') sys.mount(null, BASE, null, MS_SHARED, null);
  for (let i = 0; i < count; i++) {
    const directory = `${BASE}/${i}`;
    mkdirSync(directory);
    sys.mount(directory, directory, null, MS_BIND, null);
    if (groups === 'each') sys.mount(null, directory, null, MS_SHARED, null);
  }
}
