/** Runs a command where another process is: in its mount, UTS, IPC and pid namespaces. */
import { constants } from 'node:os';
import { spawn } from '@ns-tool/syscalls';

const [pid = '', command = '', ...args] = process.argv.slice(2);

// The child joins them, not this process: the kernel lets no process with several threads into a mount namespace. By
// that it comes to the root directory of these mounts.
const child = await spawn(command, args, {
  join: [{ pid: Number(pid), kinds: ['mount', 'uts', 'ipc', 'pid'] }],
});

// As a shell says it.
const { status, signal } = await child.exited;
process.exitCode = signal === null ? (status ?? 1) : 128 + constants.signals[signal];
