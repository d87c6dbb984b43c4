/**
 * Lesson 01: starts a command as the first process of a new pid namespace.
 *
 * Its arguments are the command and the arguments of that, as in `first.ts ps -e`. The program
 *
 * 1. starts the command, by `spawn` of @ns-tool/syscalls, in a new pid namespace, with a /proc of that namespace,
 * 2. prints one line, `outside: PID`, with the pid that the command has outside of its namespace,
 * 3. waits for its end, and ends with the same exit status; with 1 if a signal has ended the command.
 *
 * The command prints to the same standard output, before or after that line. Nothing of the mounts outside changes.
 */
import { MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_PRIVATE, MS_REC, spawn } from '@ns-tool/syscalls';

const [command = 'true', ...args] = process.argv.slice(2);
