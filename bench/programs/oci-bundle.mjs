// Bundles for OCI runtimes: the folder in which runc(8) or crun(1) finds what to run.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Makes a bundle in which /bin/true runs, as `ns-tool run` does it: with a cgroup namespace, and the three files in /etc.
 *
 * @param {string} runtime by whose `spec` it begins
 * @param {string} bundle its folder, which is made
 * @param {string} rootfs
 * @param {readonly string[]} files absolute paths of files that also appear inside, in /etc
 * @param {boolean} hasCgroups whether it is in cgroups of its own; if not, all that has to do with cgroups is left out
 */
export function makeBundle(runtime, bundle, rootfs, files, hasCgroups) {
  mkdirSync(bundle);
  execFileSync(runtime, ['spec'], { cwd: bundle, stdio: 'ignore' });
  const file = path.join(bundle, 'config.json');
  const config = JSON.parse(readFileSync(file, 'utf8'));
  config.root = { path: rootfs, readonly: false };
  config.process.terminal = false;
  config.process.args = ['/bin/true'];
  /** @type {{ type: string }[]} */
  const mounts = config.mounts;
  /** @type {{ type: string }[]} */
  const namespaces = config.linux.namespaces;
  config.mounts = [
    ...mounts.filter(({ type }) => hasCgroups || type !== 'cgroup'),
    ...files.map((source) => ({
      destination: `/etc/${path.basename(source)}`,
      source,
      type: 'bind',
      options: ['bind'],
    })),
  ];
  config.linux.namespaces = [...namespaces.filter(({ type }) => type !== 'cgroup'), { type: 'cgroup' }];
  if (!hasCgroups) delete config.linux.resources;
  writeFileSync(file, JSON.stringify(config));
}
