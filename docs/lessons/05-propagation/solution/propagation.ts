/** Makes mounts in all five propagation states, and shows who receives what is mounted on each. */
import { mkdirSync, readFileSync } from 'node:fs';
import { CLONE_NEWNS, MS_BIND, MS_PRIVATE, MS_REC, MS_SHARED, MS_SLAVE, MS_UNBINDABLE, sys } from '@ns-tool/syscalls';

const directory = process.argv[2] ?? '/mnt/states';
const names = ['source', 'shared', 'slave', 'shared-slave', 'downstream', 'private', 'unbindable'];

// A mount namespace of our own, cut off from all others: what propagates here, propagates here only.
sys.unshare(CLONE_NEWNS);
sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);

// It covers the directory given, so that no directory is left behind. Its parent is private, and so it is private too.
sys.mount('states', directory, 'tmpfs', 0, null);
process.chdir(directory);
for (const name of names) mkdirSync(name);

// The original comes first. A bind mount becomes a peer of its original only if that is shared already.
sys.mount('source', 'source', 'tmpfs', 0, null);
sys.mount(null, 'source', null, MS_SHARED, null);

sys.mount('source', 'shared', null, MS_BIND, null);

// A peer that becomes a slave has the group that it leaves as its master. One that is in no group would become private.
sys.mount('source', 'slave', null, MS_BIND, null);
sys.mount(null, 'slave', null, MS_SLAVE, null);

// Slave first, then shared: that adds a group of its own. The other way round the second call would undo the first.
sys.mount('source', 'shared-slave', null, MS_BIND, null);
sys.mount(null, 'shared-slave', null, MS_SLAVE, null);
sys.mount(null, 'shared-slave', null, MS_SHARED, null);

// Someone in that group, to pass mounts on to.
sys.mount('shared-slave', 'downstream', null, MS_BIND, null);

sys.mount('source', 'private', null, MS_BIND, null);
sys.mount(null, 'private', null, MS_PRIVATE, null);

sys.mount('source', 'unbindable', null, MS_BIND, null);
sys.mount(null, 'unbindable', null, MS_UNBINDABLE, null);

/** The lines of /proc/self/mountinfo, by mount point. */
const table = () =>
  new Map(
    readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .map((line) => [line.split(' ')[4], line]),
  );

const before = table();
for (const name of names) console.log(before.get(`${directory}/${name}`));
console.log();

// All seven show the same filesystem, and so the same directories. Each gets one that is for its own mount.
for (const name of names) mkdirSync(`source/from-${name}`);
for (const name of names) sys.mount(name, `${name}/from-${name}`, 'tmpfs', 0, null);

const after = table();
for (const name of names) {
  const receivers = names.filter((other) => other !== name && after.has(`${directory}/${other}/from-${name}`));
  console.log(`${name}: ${receivers.join(' ') || 'none'}`);
}
