/**
 * Lesson 06: runs a command where everything can be unmounted, and what the machine mounts appears.
 *
 * Its arguments are the command and the command's own arguments. The program
 *
 * 1. goes into a mount namespace of its own, and makes every mount in it a slave of its original,
 * 2. runs the command there, with the program's standard input, output and error,
 * 3. ends with the status of the command; if a signal ended the command, with 128 and the number of the signal.
 */
import { spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { CLONE_NEWNS, MS_REC, MS_SLAVE, sys } from '@ns-tool/syscalls';

const [command = 'sh', ...args] = process.argv.slice(2);
