/**
 * Lesson 03: runs a command on a host of its own.
 *
 * Its arguments are a host name, a command, and the command's arguments. In a UTS namespace and an IPC namespace of its
 * own, the program
 *
 * 1. sets the host name,
 * 2. runs the command, which has the program's standard input, output and error,
 * 3. ends with the command's exit status; with 1 if a signal has ended the command.
 *
 * Outside, the host name and the System V objects stay as they are, at every moment. The program prints nothing itself.
 */
import { spawnSync } from 'node:child_process';
import { CLONE_NEWIPC, CLONE_NEWUTS, sys } from '@ns-tool/syscalls';

const [name = '', command = '', ...args] = process.argv.slice(2);
