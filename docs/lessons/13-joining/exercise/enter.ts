/**
 * Lesson 13: runs a command where another process is.
 *
 * Its arguments are the pid of that process, a command, and the command's arguments. The program runs the command
 *
 * 1. in the mount, UTS, IPC and pid namespaces of that process,
 * 2. in the root directory of these mounts, /,
 * 3. with the program's own standard input, output and error,
 *
 * and ends with the command's exit status; if signal n has ended the command, with 128 + n.
 */
import { constants } from 'node:os';
import { spawn } from '@ns-tool/syscalls';

const [pid = '', command = '', ...args] = process.argv.slice(2);
