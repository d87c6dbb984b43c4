/**
 * Lesson 09: runs a command with a small /dev.
 *
 * Its arguments are a directory that exists, a command, and the command's arguments. The program
 *
 * 1. starts the command in a mount namespace of its own, in which a tmpfs that only root may write in is mounted at the
 *    directory, with nosuid,
 * 2. makes the character devices there that everybody may read and write: null, zero, full, random, urandom and tty,
 * 3. mounts a devpts of its own at pts, in which everybody may open ptmx,
 * 4. makes the symbolic links fd, stdin, stdout and stderr, which lead into /proc/self/fd, and ptmx, which leads to
 *    pts/ptmx,
 * 5. ends with the command's exit status.
 *
 * The command has the umask of whoever runs this program. Outside, nothing changes.
 */
import { AT_FDCWD, MS_NOEXEC, MS_NOSUID, MS_PRIVATE, MS_REC, makedev, S_IFCHR, spawn } from '@ns-tool/syscalls';

const [directory = '', command = '', ...args] = process.argv.slice(2);
