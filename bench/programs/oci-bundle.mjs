// Bundles for OCI runtimes: the folder in which runc(8) or crun(1) finds what to run.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Makes a bundle in which /bin/true runs: as `RUNTIME spec` has it, with cgroups of its own; or as `ns-tool run` does it, with
 * nothing that has to do with cgroups but a namespace, and three files in /etc.
 *
 * @param {string} runtime
 * @param {string} bundle its folder, which is made
 * @param {string} rootfs
 * @param {readonly string[] | null} files absolute paths of those that also appear inside, in /etc; null for as `spec` has it
 */
export function makeBundle(runtime, bundle, rootfs, files) {
  mkdirSync(bundle);
  execFileSync(runtime, ['spec'], { cwd: bundle, stdio: 'ignore' });
  const file = path.join(bundle, 'config.json');
  const config = JSON.parse(readFileSync(file, 'utf8'));
  config.root = { path: rootfs, readonly: false };
  config.process.terminal = false;
  config.process.args = ['/bin/true'];
  if (files !== null) asOurs(config, files);
  writeFileSync(file, JSON.stringify(config));
}

/**
 * @param {{ mounts: { type: string }[], linux: { namespaces: { type: string }[], resources?: unknown } }} config
 * @param {readonly string[]} files
 */
function asOurs(config, files) {
  const binds = files.map((source) => ({
    destination: `/etc/${path.basename(source)}`,
    source,
    type: 'bind',
    options: ['bind'],
  }));
  config.mounts = [...config.mounts.filter(({ type }) => type !== 'cgroup'), ...binds];
  config.linux.namespaces = [...config.linux.namespaces.filter(({ type }) => type !== 'cgroup'), { type: 'cgroup' }];
  delete config.linux.resources;
}
