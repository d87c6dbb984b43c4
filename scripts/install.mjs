// Installs the dependencies with the one version of pnpm that package.json names. A bare machine has npm, hence npx, only.

import { spawnSync } from 'node:child_process';
import { accessSync, constants, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { root } from './checkout.mjs';
import { run } from './child.mjs';
import { endLike, fail } from './end.mjs';
import { fingerprint, isStamped, writeStamp } from './stamp.mjs';

const STAMP = 'node_modules/.installed-from';

export function isInstalled() {
  return isStamped(STAMP, fingerprint(manifests()));
}

export async function install() {
  const madeFrom = fingerprint(manifests());
  const version = pinnedVersion();
  const env = environment();
  console.error(`ns-tool: installing the dependencies with pnpm ${version} …`);

  const pnpm = isOnPath(version, env) ? ['pnpm'] : ['npx', '--yes', '--loglevel=error', `pnpm@${version}`];
  const end = await run([...pnpm, 'install', '--frozen-lockfile'], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  }).catch(() => fail('there is no npx, which comes with npm and Node.js: install npm, then run this again.'));
  if (end.signal) endLike(end);
  if (end.status !== 0) {
    fail(
      `cannot install the dependencies: ${reason(end.output)}\n` +
        `Check the network, then run this again. \`npx pnpm@${version} install\` shows all there is to know.`,
    );
  }
  writeStamp(STAMP, madeFrom);
}

function environment() {
  return {
    // Without a network npm would be silent for more than a minute.
    npm_config_fetch_retries: '3',
    npm_config_fetch_retry_mintimeout: '1000',
    npm_config_fetch_retry_maxtimeout: '5000',
    ...process.env,
    // npx and its node are those beside this node, whatever PATH a sudo left us.
    PATH: `${path.dirname(process.execPath)}:${process.env.PATH}`,
    npm_config_cache: npmCache(),
    // This is the pinned pnpm; it need not look itself up in the registry, nor want to be in the lockfile.
    pnpm_config_pm_on_fail: 'ignore',
  };
}

/** npm's usual cache; or, where an npm under `sudo -E` has left root's files in it, one of our own. */
function npmCache() {
  const usual = process.env.npm_config_cache ?? path.join(homedir(), '.npm');
  try {
    for (const folder of ['_cacache', '_npx']) {
      mkdirSync(path.join(usual, folder), { recursive: true });
      accessSync(path.join(usual, folder), constants.W_OK);
    }
    return usual;
  } catch {
    return path.join(root, 'node_modules/.npm');
  }
}

/** Every file that decides what gets installed. */
function manifests() {
  const packages = readdirSync(path.join(root, 'packages')).map((name) => `packages/${name}/package.json`);
  return ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', ...packages];
}

function pinnedVersion() {
  const { packageManager } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  return packageManager.replace(/^pnpm@|\+.*$/g, '');
}

/**
 * @param {string} version
 * @param {NodeJS.ProcessEnv} env
 */
function isOnPath(version, env) {
  // Asked outside the checkout: inside, any pnpm would fetch the pinned one and answer as that. Where corepack stands in for
  // pnpm, it must not use the network for this either.
  const pnpm = spawnSync('pnpm', ['--version'], { cwd: '/', env: { ...env, COREPACK_ENABLE_NETWORK: '0' } });
  return String(pnpm.stdout).trim() === version;
}

/** @param {string} output of npx or pnpm @returns the line that says most */
function reason(output) {
  const lines = output.split('\n').map((line) => line.trim());
  const errors = lines.filter((line) => /\berr/i.test(line) && !/^npm error (code|errno|syscall|path) /.test(line));
  return errors[0] ?? lines.findLast(Boolean) ?? 'no reason given';
}
