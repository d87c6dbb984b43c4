/** Runs a command where every mount is a slave of its original, and ends with the command's status. */
import { spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { CLONE_NEWNS, MS_REC, MS_SLAVE, sys } from '@ns-tool/syscalls';

const [command = 'sh', ...args] = process.argv.slice(2);

// A mount namespace of our own. It starts as a copy: every shared mount in it is a peer of its original.
sys.unshare(CLONE_NEWNS);

// Every copy leaves the group of its original and becomes its slave. The kernel finds all mounts below `/` by itself,
// also those that another one covers, to which no path leads.
sys.mount(null, '/', null, MS_REC | MS_SLAVE, null);

const { status, signal, error } = spawnSync(command, args, { stdio: 'inherit' });
if (error !== undefined) throw error;
// As a shell has it.
process.exitCode = signal === null ? (status ?? 1) : 128 + constants.signals[signal];
