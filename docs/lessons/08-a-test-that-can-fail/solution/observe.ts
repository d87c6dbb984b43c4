/** Runs a command below a parent whose mounts are all shared, and tells whether it has changed them. */
import { spawnSync } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { CLONE_NEWNS, MS_PRIVATE, MS_REC, MS_SHARED, POLLPRI, sys } from '@ns-tool/syscalls';

const [command = 'true', ...args] = process.argv.slice(2);

const MOUNTINFO = '/proc/self/mountinfo';

// From here on nothing reaches the mounts of whoever has started this.
sys.unshare(CLONE_NEWNS);
sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);
sys.mount('parent', '/mnt', 'tmpfs', 0, null);

// What systemd does when a machine starts. On private mounts nothing could leak, and no command could be found out.
sys.mount(null, '/', null, MS_REC | MS_SHARED, null);

// Opened last, since all that changes from now on counts.
const table = openSync(MOUNTINFO, 'r');
const before = readFileSync(MOUNTINFO, 'utf8');
const { status } = spawnSync(command, args, { stdio: 'inherit' });
const events = sys.poll([{ fd: table, events: POLLPRI }], 0);
const after = readFileSync(MOUNTINFO, 'utf8');

console.log(`event: ${events > 0 ? 'yes' : 'no'}`);
console.log(`table: ${after === before ? 'same' : 'changed'}`);
process.exitCode = status ?? 1;
