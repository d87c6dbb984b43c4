/** Mounts a tmpfs that no other process can see, prints the mount table, and cleans up. */
import { mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { CLONE_NEWNS, MS_NODEV, MS_NOSUID, MS_PRIVATE, MS_REC, sys } from '@ns-tool/syscalls';

const mountPoint = process.argv[2] ?? '/mnt/test_mount';

// A mount namespace of our own. It starts as a copy: every shared mount in it is a peer of its original.
sys.unshare(CLONE_NEWNS);

// No peers any more, for `/` and every mount below it. Without this the tmpfs would be mounted in the parent as well.
sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);

mkdirSync(mountPoint);
sys.mount('tmpfs', mountPoint, 'tmpfs', MS_NODEV | MS_NOSUID, null);
console.log(readFileSync('/proc/self/mounts', 'utf8'));

sys.umount2(mountPoint, 0);
rmdirSync(mountPoint);
