// Runs /bin/true in containers of several ways: run-containers.mjs FOLDER COMMAND TURNS RUNS
//
// In each turn each way is taken RUNS times in a loop. FOLDER has a `rootfs`, and is where everything is made; COMMAND is the
// file of ns-tool. To be started in a mount namespace of its own. Prints a JSON object: for each way the milliseconds from the
// call to the end of the container, or why it cannot be taken.

import { spawn as spawnByNode } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { spawn, sys } from '@ns-tool/syscalls';
import { run } from 'ns-tool';
import { makeBundle } from './oci-bundle.mjs';

const [folder = '', command = ''] = process.argv.slice(2, 4);
const [turns = 0, runs = 0] = process.argv.slice(4).map(Number);
const at = (/** @type {string} */ name) => path.join(folder, name);
const rootfs = at('rootfs');
const store = at('store');
const inMemory = at('store-in-memory');

/** What `ns-tool run` puts into a container's /etc. */
const files = ['hostname', 'hosts', 'resolv.conf'].map((name) => {
  writeFileSync(at(name), 'ns-tool-bench\n');
  return at(name);
});

// bwrap cannot mount a sysfs. That of the host has others below it, each of which would be mounted, too.
mkdirSync(at('sys'));
sys.mount('sysfs', at('sys'), 'sysfs', 0, null);

// Each container makes and removes files in the store: without what the disk's filesystem takes for that.
mkdirSync(inMemory);
sys.mount('ns-tool-bench', inMemory, 'tmpfs', 0, 'mode=755');

const ROOT = ['--unshare-all', '--bind', rootfs, '/', '--proc', '/proc', '--dev', '/dev'];

/** As in packages/ns-tool/src/container: proc-and-sys.ts, dev.ts. bwrap itself makes the rest of /proc read-only. */
const MASKED = {
  files: ['interrupts', 'kcore', 'keys', 'latency_stats', 'timer_list', 'timer_stats', 'sched_debug'],
  directories: ['/proc/acpi', '/proc/asound', '/proc/scsi', '/sys/devices/virtual/powercap', '/sys/firmware'],
};
const SAME = [
  ...ROOT,
  ...files.flatMap((file) => ['--bind', file, `/etc/${path.basename(file)}`]),
  ...['--ro-bind', at('sys'), '/sys', '--tmpfs', '/dev/shm', '--mqueue', '/dev/mqueue'],
  ...MASKED.files
    .filter((name) => existsSync(`/proc/${name}`))
    .flatMap((name) => ['--bind', '/dev/null', `/proc/${name}`]),
  ...MASKED.directories.filter((name) => existsSync(name)).flatMap((name) => ['--tmpfs', name, '--remount-ro', name]),
  ...(existsSync('/proc/fs') ? ['--ro-bind', '/proc/fs', '/proc/fs'] : []),
  ...['--hostname', 'ns-tool-bench', '--die-with-parent'],
];

const bundle = (/** @type {string} */ runtime, { asSpec = false } = {}) => {
  const made = at(`bundle-of-${runtime}${asSpec ? '-as-spec' : ''}`);
  if (!existsSync(made)) makeBundle(runtime, made, rootfs, asSpec ? null : files);
  return made;
};

/**
 * A mount namespace in which nothing of the cgroups can be changed: runc would make some, and goes on without where they are
 * read-only. `bind` is what keeps that to this namespace. crun 1.8 refuses to run, also without cgroups, where it sees those
 * of version 2 beside those of version 1.
 */
const READ_ONLY_CGROUPS = `
if mountpoint -q /sys/fs/cgroup/unified; then umount /sys/fs/cgroup/unified; fi
awk '$2 ~ "^/sys/fs/cgroup" { print $2 }' /proc/self/mounts | while read -r at; do mount -o remount,bind,ro "$at"; done
echo done
exec sleep 1000000
`;
const holder = await spawn('sh', ['-euc', READ_ONLY_CGROUPS], {
  namespaces: ['mount'],
  parentDeathSignal: 'SIGKILL',
  stdio: ['ignore', 'pipe', 'inherit'],
});
await new Promise((resolve) => holder.stdout?.once('data', resolve));

/** @type {import('@ns-tool/syscalls').SpawnOptions} */
const WITHOUT_CGROUPS = { join: [{ pid: holder.pid, kinds: ['mount'] }] };

// Each container of runc and crun needs a name of its own while it is there.
const NAME = 'ns-tool-bench';
const RUNC = ['runc', 'run', '--bundle', bundle('runc', { asSpec: true }), NAME];
const RUNC_ALONE = ['runc', '--rootless', 'true', 'run', '--bundle', bundle('runc'), `${NAME}-alone`];
const CRUN = ['crun', '--cgroup-manager=disabled', 'run', '--bundle', bundle('crun'), NAME];
const PODMAN = [
  ...['podman', '--root', at('podman'), '--runroot', at('podman-run'), 'run', '--rm', '--cgroups=disabled'],
  // The limits that it takes by itself may be above what root can have.
  ...['--ulimit=nofile=1024:1024', '--ulimit=nproc=1000:1000', '--network=none', '--rootfs', rootfs, '/bin/true'],
];

/** So much that nothing of it is reached. */
const LIMITS = { memory: 1024 ** 3, cpus: 1, pids: 1000 };

/** @type {Record<string, () => Promise<unknown>>} */
const WAYS = {
  'node -e 0': () => byNode([process.execPath, '-e', '0']),
  'ns-tool run': () => byNode([process.execPath, command, 'run', '--store', store, rootfs, '/bin/true']),
  'run()': () => byLibrary({ store }),
  'run(), limited': () => byLibrary({ store, limits: LIMITS }),
  'run(), in place': () => byLibrary({ store, inPlace: true }),
  'run(), store in memory': () => byLibrary({ store: inMemory }),
  bwrap: () => byNode(['bwrap', ...SAME, '/bin/true']),
  'bwrap, started by spawn()': () => bySpawn(['bwrap', ...SAME, '/bin/true']),
  'bwrap, few mounts': () => byNode(['bwrap', ...ROOT, '/bin/true']),
  runc: () => byNode(RUNC),
  'runc, without cgroups': () => bySpawn(RUNC_ALONE, WITHOUT_CGROUPS),
  'crun, without cgroups': () => bySpawn(CRUN, WITHOUT_CGROUPS),
  'podman, without cgroups': () => bySpawn(PODMAN, WITHOUT_CGROUPS),
};

/** @param {import('ns-tool').RunOptions} options */
async function byLibrary(options) {
  const warn = (/** @type {string} */ message) => {
    throw new Error(message);
  };
  const { exited } = await run(rootfs, ['/bin/true'], { ...options, stdio: 'ignore', warn });
  check((await exited).status);
}

/**
 * @param {readonly string[]} words
 * @returns {Promise<void>}
 */
function byNode([file = '', ...args]) {
  return new Promise((resolve, reject) => {
    let said = '';
    // Only in the first turn: a pipe takes time.
    const child = spawnByNode(file, args, { stdio: ['ignore', 'ignore', isFirst ? 'pipe' : 'ignore'] });
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
    child.once('error', reject);
    child.once(isFirst ? 'close' : 'exit', (status) => {
      if (status === 0) resolve();
      else reject(new Error(said.trim().split('\n').at(-1) || `status ${status}`));
    });
  });
}

/**
 * @param {readonly string[]} words
 * @param {import('@ns-tool/syscalls').SpawnOptions} [options]
 */
async function bySpawn([file = '', ...args], options) {
  const { exited } = await spawn(file, args, { ...options, stdio: 'ignore' });
  check((await exited).status);
}

/**
 * @template T
 * @param {T[]} items
 */
function shuffled(items) {
  return items
    .map((item) => ({ item, key: Math.random() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

/** @param {number | null} status */
function check(status) {
  if (status !== 0) throw new Error(`status ${status}`);
}

let isFirst = true;
/** @type {Record<string, number[] | string>} */
const measured = Object.fromEntries(Object.keys(WAYS).map((way) => [way, []]));
for (let turn = 0; turn <= turns; turn++) {
  // The first turn does not count.
  isFirst = turn === 0;
  // In another order each time, so that none always pays for what the same one before it has left.
  for (const [way, start] of shuffled(Object.entries(WAYS))) {
    const times = measured[way];
    if (typeof times !== 'object') continue;
    try {
      for (let i = 0; i < runs; i++) {
        const before = performance.now();
        await start();
        if (!isFirst) times.push(performance.now() - before);
      }
    } catch (error) {
      measured[way] = error instanceof Error ? error.message : String(error);
    }
  }
}
for (const own of [store, inMemory].map((name) => path.join(name, 'containers'))) {
  const left = existsSync(own) ? readdirSync(own) : [];
  if (left.length > 0) throw new Error(`left in the store: ${left.join(' ')}`);
}
holder.kill('SIGKILL');
process.stdout.write(JSON.stringify(measured));
