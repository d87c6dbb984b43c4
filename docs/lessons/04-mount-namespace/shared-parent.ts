/**
 * The parent for the tests: a process with a mount namespace of its own, in which every mount is shared.
 *
 * Its standard input is a program, as JavaScript. It runs the program, and prints as JSON what it saw meanwhile.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, openSync, readFileSync } from 'node:fs';
import { CLONE_NEWNS, MS_PRIVATE, MS_REC, MS_SHARED, POLLPRI, sys } from '@ns-tool/syscalls';

/** What the parent saw. */
export interface Observed {
  /** The program's exit status and what it printed. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The parent's mount table before and after. */
  readonly before: string;
  readonly after: string;
  /** Whether the parent's mount table changed meanwhile, even if the change was undone. */
  readonly mountEvent: boolean;
}

const MOUNTINFO = '/proc/self/mountinfo';

// From here on nothing reaches the machine's own mounts.
sys.unshare(CLONE_NEWNS);
sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);

// A /mnt of our own, so that this directory is not made on the machine's disk.
sys.mount('parent', '/mnt', 'tmpfs', 0, null);
mkdirSync('/mnt/test_mount');

// What systemd does when a machine starts: every mount is shared. On a private `/` nothing could leak.
sys.mount(null, '/', null, MS_REC | MS_SHARED, null);

const table = openSync(MOUNTINFO, 'r');
const before = readFileSync(MOUNTINFO, 'utf8');
const program = spawnSync(process.execPath, ['--input-type=module', '-', '/mnt/test_mount'], {
  stdio: ['inherit', 'pipe', 'pipe'],
  encoding: 'utf8',
});
const { status, stdout, stderr } = program;
const after = readFileSync(MOUNTINFO, 'utf8');
const mountEvent = sys.poll([{ fd: table, events: POLLPRI }], 0) > 0;

console.log(JSON.stringify({ status, stdout, stderr, before, after, mountEvent } satisfies Observed));
