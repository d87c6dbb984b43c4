/** Makes a pid namespace in one of two ways, and shows who is in it: this process, its first child, its second. */
import { readlinkSync } from 'node:fs';
import { CLONE_NEWPID, isErrno, type NamespaceKind, spawn, sys } from '@ns-tool/syscalls';

const way = process.argv[2];

/** What the children run, with their name as $0. */
const SAY_WHERE = 'echo "$0: $(readlink /proc/self/ns/pid) as $$"';

// unshare(2) makes the namespace for all children that we have from now on.
if (way === 'unshare') sys.unshare(CLONE_NEWPID);

// clone(2) makes it for the one child that it makes.
await child('first', way === 'clone' ? ['pid'] : []);
await child('second', []);

console.log(`self: ${readlinkSync('/proc/self/ns/pid')}`);
// Not earlier: after unshare and before the first child there is nothing to read (ENOENT).
console.log(`children: ${readlinkSync('/proc/self/ns/pid_for_children')}`);

/** Starts a child, and returns when it has ended. */
async function child(name: string, namespaces: NamespaceKind[]) {
  try {
    const { exited } = await spawn('sh', ['-c', SAY_WHERE, name], { namespaces });
    await exited;
  } catch (error) {
    // The first child was PID 1. When that has ended, the kernel makes no other process in its namespace.
    if (!isErrno(error, 'ENOMEM')) throw error;
    console.log(`${name}: ENOMEM`);
  }
}
