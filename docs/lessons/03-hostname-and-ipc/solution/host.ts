/** Runs a command on a host of its own: under a host name of its own, with System V objects of its own. */
import { spawnSync } from 'node:child_process';
import { CLONE_NEWIPC, CLONE_NEWUTS, sys } from '@ns-tool/syscalls';

const [name = '', command = '', ...args] = process.argv.slice(2);

// The UTS namespace starts as a copy of the one outside, the IPC namespace starts empty.
sys.unshare(CLONE_NEWUTS | CLONE_NEWIPC);

// Not before: it would be the name outside.
sys.sethostname(name);

// A child is in the namespaces of the thread that starts it.
const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
if (error) throw error;

// Nothing is put back, and nothing removed: both namespaces end with their last process.
process.exitCode = status ?? 1;
