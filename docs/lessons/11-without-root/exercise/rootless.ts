/**
 * Lesson 11: runs a command as root, by anybody.
 *
 * Its arguments are a directory that exists, a command, and the command's arguments. The program
 *
 * 1. starts the command in a user namespace and a mount namespace of its own, in which the user and the group who run this
 *    program are root, and no other user or group exists,
 * 2. makes the mounts there private, and mounts a tmpfs at the directory, with the flags nodev and nosuid, before the
 *    command begins,
 * 3. ends with the command's status, or with 128 + n if signal n has ended it.
 */
import { constants } from 'node:os';
import { MS_NODEV, MS_NOSUID, MS_PRIVATE, MS_REC, mapSelf, spawn } from '@ns-tool/syscalls';

const [directory = '', command = '', ...args] = process.argv.slice(2);
