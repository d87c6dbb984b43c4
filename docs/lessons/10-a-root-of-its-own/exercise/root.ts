/**
 * Lesson 10: runs a command in a root of its own.
 *
 * Its arguments are a directory, in which there are all the files that the command needs, the command, as it is called
 * in there, and the command's arguments. The program
 *
 * 1. starts the command in a mount namespace of its own, in which the directory, along with what is mounted in it, is
 *    the root, and the working directory,
 * 2. leaves the command nothing by which it could get at other files: no mount, no open directory, no chroot(2) that it
 *    could undo,
 * 3. ends with the command's exit status.
 *
 * Outside, no mount changes.
 */
import { MNT_DETACH, MS_BIND, MS_PRIVATE, MS_REC, spawn } from '@ns-tool/syscalls';

const [directory = '', command = '', ...args] = process.argv.slice(2);
