// The same job in shell, with the commands of util-linux.

/** @import { Program } from './timed-process.mjs' */

const SCRIPT = `
set -e
mount --make-rprivate /
mkdir -p "$1"
mount -t tmpfs tmpfs "$1"
grep "$1" /proc/self/mounts
umount "$1"
rmdir "$1"
`;

/**
 * Unlike ns-tool it makes its mount point in the directory that the host sees too.
 * @param {string} directory where to mount; made and removed
 * @returns {Program}
 */
export function shellEquivalent(directory) {
  return { command: ['unshare', '--mount', 'bash', '-c', SCRIPT, 'bash', directory], status: 0 };
}
