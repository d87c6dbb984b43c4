// The checkout: where it is, whose it is, and how to start a program as its owner.

import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/** The folder that holds this repository. */
export const root = path.resolve(import.meta.dirname, '..');

/** The command as one starts it; made by build.mjs. */
export const bundle = path.join(root, 'packages/ns-tool/dist/bin/ns-tool.cjs');

/** What that starts: the whole command in one file, or `ns-tool mount` alone. */
export const commands = ['command', 'mount'].map((name) => path.join(root, `packages/ns-tool/dist/bin/${name}.cjs`));

/** Versions of the whole command of which the tests change something; made by build.mjs. */
export const versions = ['under-test', 'child-under-test', 'slave-under-test'].map((name) =>
  path.join(root, `tests/.programs/versions/${name}.cjs`),
);

export const isRoot = process.getuid?.() === 0;

/** Variables that name a person, or a folder of that person's where programs write. */
const PERSONAL =
  /^(HOME|USER|LOGNAME|MAIL|TMPDIR|PNPM_HOME|XDG_.*|p?npm_config_(cache|cache_dir|store_dir|state_dir|userconfig|prefix|local_prefix|init_module))$/i;

/**
 * Options for `spawn` which make a child run as the owner of the checkout: under sudo, the user who cloned it. What the
 * child writes, into the checkout or into a cache, then belongs to that user.
 */
export function asOwner() {
  const { uid, gid } = statSync(root);
  if (!isRoot || (uid === 0 && homeIsOf(0))) return { cwd: root };

  const { name, home } = account(uid);
  const env = { ...process.env };
  for (const variable of Object.keys(env)) if (PERSONAL.test(variable)) delete env[variable];
  return { cwd: root, uid, gid, env: { ...env, USER: name, LOGNAME: name, HOME: home } };
}

/** `sudo -E` keeps the user's HOME, so root's HOME need not be root's. */
function homeIsOf(/** @type {number} */ uid) {
  return statSync(process.env.HOME || '/nonexistent', { throwIfNoEntry: false })?.uid === uid;
}

function account(/** @type {number} */ uid) {
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const [name = String(uid), , , , , home = '/nonexistent'] =
    accounts.find((fields) => fields[2] === String(uid)) ?? [];
  return { name, home };
}
