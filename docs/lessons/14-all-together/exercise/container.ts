/**
 * Lesson 14: runs a command in a container.
 *
 * Its arguments are a directory with a root in it, the command, as it is called in there, and the command's arguments. The
 * program starts the command
 *
 * 1. in user, mount, UTS, IPC, pid, network and cgroup namespaces of its own, as root of the user namespace, in which its
 *    user is the only one,
 * 2. with a root that shows the directory, and no other files; what the command writes does not reach the directory,
 * 3. with a /proc, a /sys that is read-only, and a /dev of its own: null, zero, full, random, urandom and tty, which are
 *    the machine's; fd, stdin, stdout and stderr, which lead to /proc/self/fd; and ptmx and pts, for its own terminals;
 *    and with no other mounts than these four, that of pts, and one for each of the six devices,
 * 4. with the host name `container`, and the loopback interface up,
 * 5. with the capabilities CAP_DAC_OVERRIDE, CAP_KILL, CAP_NET_BIND_SERVICE and CAP_SYS_CHROOT, and no way to get more:
 *    no_new_privs,
 * 6. in /, with PATH, HOME and TERM as its environment.
 *
 * It ends with the command's exit status; if signal n has ended the command, with 128 + n. If the program is killed, the
 * command is too. Outside, no mount changes.
 */
import { mapSelf, type Recorder, spawn } from '@ns-tool/syscalls';

const [directory = '', command = '', ...args] = process.argv.slice(2);
