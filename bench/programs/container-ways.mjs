// The ways in which a container can run busybox's /bin/true, as functions that resolve when it has ended.

import { spawn as spawnByNode } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { spawn } from '@ns-tool/syscalls';
import { run } from 'ns-tool';
import { makeBundle } from './oci-bundle.mjs';

/**
 * Where the containers find what they need. run-containers.mjs makes it.
 * @typedef {object} Places
 * @property {string} command the file of ns-tool
 * @property {string} folder for what the ways make for themselves
 * @property {string} rootfs
 * @property {string} store
 * @property {string} inMemory another store, in a tmpfs
 * @property {string} sysfs where one is mounted
 * @property {readonly string[]} files that every container gets in its /etc
 * @property {number} withoutCgroups the pid of a process in whose mount namespace no cgroup can be made
 */

/** As in packages/ns-tool/src/container: proc-and-sys.ts, dev.ts. bwrap itself makes the rest of /proc read-only. */
const MASKED = {
  files: ['interrupts', 'kcore', 'keys', 'latency_stats', 'timer_list', 'timer_stats', 'sched_debug'],
  directories: ['/proc/acpi', '/proc/asound', '/proc/scsi', '/sys/devices/virtual/powercap', '/sys/firmware'],
};

// Each container of runc and crun needs a name of its own while it is there.
const NAME = 'ns-tool-bench';

/** So much that nothing of it is reached. */
const LIMITS = { memory: 1024 ** 3, cpus: 1, pids: 1000 };

/** What is said of an error is for the reader of this process. */
const STDIO = /** @type {('ignore' | 'inherit')[]} */ (['ignore', 'ignore', 'inherit']);

/**
 * @param {Places} places
 * @returns {Record<string, () => Promise<unknown>>}
 */
export function containerWays({ command, folder, rootfs, store, inMemory, sysfs, files, withoutCgroups }) {
  const bareRoot = ['--unshare-all', '--bind', rootfs, '/', '--proc', '/proc', '--dev', '/dev'];
  const sameRoot = [
    ...bareRoot,
    ...files.flatMap((file) => ['--bind', file, `/etc/${path.basename(file)}`]),
    ...['--ro-bind', sysfs, '/sys', '--tmpfs', '/dev/shm', '--mqueue', '/dev/mqueue'],
    ...MASKED.files
      .filter((name) => existsSync(`/proc/${name}`))
      .flatMap((name) => ['--bind', '/dev/null', `/proc/${name}`]),
    ...MASKED.directories.filter((name) => existsSync(name)).flatMap((name) => ['--tmpfs', name, '--remount-ro', name]),
    ...(existsSync('/proc/fs') ? ['--ro-bind', '/proc/fs', '/proc/fs'] : []),
    ...['--hostname', NAME, '--die-with-parent'],
  ];
  const bundle = (/** @type {string} */ runtime, { asSpec = false } = {}) => {
    const made = path.join(folder, `bundle-of-${runtime}${asSpec ? '-as-spec' : ''}`);
    if (!existsSync(made)) makeBundle(runtime, made, rootfs, asSpec ? null : files);
    return made;
  };
  const podman = [
    ...['podman', '--root', path.join(folder, 'podman'), '--runroot', path.join(folder, 'podman-run'), 'run', '--rm'],
    // The limits that it takes by itself may be above what root can have.
    ...['--cgroups=disabled', '--ulimit=nofile=1024:1024', '--ulimit=nproc=1000:1000', '--network=none'],
    ...['--rootfs', rootfs, '/bin/true'],
  ];
  const byLibrary = (/** @type {import('ns-tool').RunOptions} */ options) => runByLibrary(rootfs, options);
  const join = { join: [{ pid: withoutCgroups, kinds: /** @type {const} */ (['mount']) }] };
  return {
    'node -e 0': () => byNode([process.execPath, '-e', '0']),
    'ns-tool run': () => byNode([process.execPath, command, 'run', '--store', store, rootfs, '/bin/true']),
    'run()': () => byLibrary({ store }),
    'run(), limited': () => byLibrary({ store, limits: LIMITS }),
    'run(), in place': () => byLibrary({ store, inPlace: true }),
    'run(), store in memory': () => byLibrary({ store: inMemory }),
    bwrap: () => byNode(['bwrap', ...sameRoot, '/bin/true']),
    'bwrap, started by spawn()': () => bySpawn(['bwrap', ...sameRoot, '/bin/true']),
    'bwrap, few mounts': () => byNode(['bwrap', ...bareRoot, '/bin/true']),
    runc: () => byNode(['runc', 'run', '--bundle', bundle('runc', { asSpec: true }), NAME]),
    'runc, without cgroups': () =>
      bySpawn(['runc', '--rootless', 'true', 'run', '--bundle', bundle('runc'), `${NAME}-alone`], join),
    'crun, without cgroups': () =>
      bySpawn(['crun', '--cgroup-manager=disabled', 'run', '--bundle', bundle('crun'), NAME], join),
    'podman, without cgroups': () => bySpawn(podman, join),
  };
}

/**
 * @param {string} rootfs
 * @param {import('ns-tool').RunOptions} options
 */
async function runByLibrary(rootfs, options) {
  const warn = (/** @type {string} */ message) => {
    throw new Error(message);
  };
  const { exited } = await run(rootfs, ['/bin/true'], { ...options, stdio: STDIO, warn });
  check((await exited).status);
}

/**
 * @param {readonly string[]} words
 * @returns {Promise<void>}
 */
function byNode([file = '', ...args]) {
  return new Promise((resolve, reject) => {
    const child = spawnByNode(file, args, { stdio: STDIO });
    child.once('error', reject);
    child.once('exit', (status) => (status === 0 ? resolve() : reject(new Error(`status ${status}`))));
  });
}

/**
 * @param {readonly string[]} words
 * @param {import('@ns-tool/syscalls').SpawnOptions} [options]
 */
async function bySpawn([file = '', ...args], options) {
  const { exited } = await spawn(file, args, { ...options, stdio: STDIO });
  check((await exited).status);
}

/** @param {number | null} status */
function check(status) {
  if (status !== 0) throw new Error(`status ${status}`);
}
