/** Makes the calls that take root, each in namespaces of its own, and prints as JSON what came of them. */
import { mkdtempSync, readdirSync, statSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import {
  AT_FDCWD,
  AT_REMOVEDIR,
  CLONE_NEWNS,
  CLONE_NEWUTS,
  MNT_DETACH,
  MS_PRIVATE,
  MS_REC,
  makedev,
  O_CLOEXEC,
  O_RDONLY,
  S_IFBLK,
  S_IFCHR,
  S_IFIFO,
  sys,
} from '@ns-tool/syscalls';

const open = (path: string) => sys.openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);

const oldUts = open('/proc/thread-self/ns/uts');
sys.unshare(CLONE_NEWNS | CLONE_NEWUTS);
sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);

sys.sethostname('inside.example');
const inside = hostname();
sys.setns(oldUts, CLONE_NEWUTS);
const outside = hostname();

const directory = mkdtempSync(join(tmpdir(), 'ns-tool-calls-'));
sys.mount('calls', directory, 'tmpfs', 0, null);
const root = open(directory);
sys.mknodat(root, 'null', S_IFCHR | 0o666, makedev(1, 3));
sys.mknodat(root, 'disk', S_IFBLK | 0o600, makedev(259, 70000));
sys.mknodat(root, 'fifo', S_IFIFO | 0o600, 0);
const nodes = ['null', 'disk', 'fifo'].map((name) => {
  const { mode, rdev } = statSync(join(directory, name));
  return { name, mode: mode & 0o170000, rdev };
});

// Reached through the old root, from before the mount: after pivot_root there is no path to the directory any more.
const parent = open(tmpdir());
sys.fchdir(root);
sys.mkdirat(root, 'old', 0o700);
sys.pivot_root('.', 'old');
sys.umount2('old', MNT_DETACH);
sys.unlinkat(parent, basename(directory), AT_REMOVEDIR);
sys.mkdirat(root, 'jail', 0o700);
const afterPivot = readdirSync('/').sort();
sys.chroot('jail');
sys.chdir('/');
const afterChroot = readdirSync('/');

console.log(JSON.stringify({ inside, outside, nodes, afterPivot, afterChroot }));
