/**
 * Lesson 08: runs a command, and tells whether it has changed the mounts of its parent.
 *
 * The arguments are the command. The program makes itself a parent that can be leaked into: in a mount namespace of its
 * own, cut off from the one around, with a tmpfs of its own on /mnt, all mounts shared. It runs the command there, and prints
 *
 * 1. `event: yes` if the mount table changed meanwhile, also if that was undone, otherwise `event: no`,
 * 2. `table: changed` if the table is another than before, otherwise `table: same`.
 *
 * It ends with the status of the command.
 */
import { CLONE_NEWNS, MS_PRIVATE, MS_REC, MS_SHARED, POLLPRI, sys } from '@ns-tool/syscalls';

const [command = 'true', ...args] = process.argv.slice(2);
