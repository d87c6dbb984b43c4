// A bundle for crun(1): the folder in which an OCI runtime finds what to run. Its root directory shows /usr.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';

/**
 * Makes a bundle that runs a command, and goes with this process.
 *
 * @param {string} command
 * @returns {string | null} its folder, or null where there is no crun
 */
export function crunBundle(command) {
  const bundle = mkdtempSync(path.join(tmpdir(), 'ns-tool-bench-'));
  process.on('exit', () => rmSync(bundle, { recursive: true, force: true }));
  try {
    execFileSync('crun', ['spec'], { cwd: bundle, stdio: 'ignore' });
  } catch {
    return null;
  }
  const rootfs = path.join(bundle, 'rootfs');
  for (const directory of ['usr', 'proc', 'sys', 'dev']) mkdirSync(path.join(rootfs, directory), { recursive: true });
  for (const name of ['bin', 'lib', 'lib64', 'sbin']) symlinkSync(`usr/${name}`, path.join(rootfs, name));
  const file = path.join(bundle, 'config.json');
  const config = JSON.parse(readFileSync(file, 'utf8'));
  config.process.terminal = false;
  config.process.args = [command];
  config.mounts.push({ destination: '/usr', source: '/usr', type: 'none', options: ['rbind', 'ro'] });
  writeFileSync(file, JSON.stringify(config));
  return bundle;
}
