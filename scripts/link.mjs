// npm run link: puts `ns-tool` on the PATH that root has under sudo, as a small script that runs this checkout's.
// npm run unlink: takes it away.

import { spawnSync } from 'node:child_process';
import { chmodSync, lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { bundle, isRoot } from './checkout.mjs';
import { endLike, fail } from './end.mjs';
import { setUp } from './setup.mjs';
import { runAsRoot } from './sudo.mjs';

/** Where the script may go. The secure_path of some distributions has no /usr/local/bin. */
const FOLDERS = ['/usr/local/bin', '/usr/local/sbin', '/usr/bin'];

/** The line that tells a script of ours from any other file called ns-tool. */
const MARK = '# Written by `npm run link` of ns-tool. `npm run unlink` removes it.';

const { action, dir } = readArguments();
if (action === 'link') await setUp();
if (!isRoot) endLike(await runAsRoot([process.execPath, ...process.argv.slice(1)]));
if (action === 'link') link(dir ?? folderOnPath());
else unlink(dir ? [dir] : FOLDERS);

function readArguments() {
  try {
    const { positionals, values } = parseArgs({ allowPositionals: true, options: { dir: { type: 'string' } } });
    return { action: positionals[0] === 'remove' ? 'unlink' : 'link', dir: values.dir && path.resolve(values.dir) };
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : error}\nUsage: npm run link|unlink [-- --dir DIR]`);
  }
}

function folderOnPath() {
  const folders = pathUnderSudo().split(':');
  return (
    FOLDERS.find((folder) => folders.includes(folder)) ??
    fail(`none of ${FOLDERS.join(', ')} is on root's PATH: use --dir DIR.`)
  );
}

function pathUnderSudo() {
  const sudo = spawnSync('sudo', ['--non-interactive', 'sh', '-c', 'echo "$PATH"'], { encoding: 'utf8' });
  return (sudo.status === 0 && sudo.stdout.trim()) || process.env.PATH || '';
}

/** @param {string} folder */
function link(folder) {
  const file = path.join(folder, 'ns-tool');
  if (isThere(file) && !isOurs(file)) fail(`${file} is there already and is not ours: move it away, or use --dir DIR.`);

  // Written aside and renamed, so that nobody ever runs half of it.
  const draft = `${file}.${process.pid}`;
  try {
    writeFileSync(draft, script(), { flag: 'wx' });
    chmodSync(draft, 0o755); // Whatever the umask.
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    fail(`cannot write ${file}: ${error instanceof Error ? error.message : error}`);
  }
  console.log(`Linked ${file}, which runs ${bundle}. Try: sudo ns-tool mount`);
}

/** @param {string[]} folders */
function unlink(folders) {
  const files = folders.map((folder) => path.join(folder, 'ns-tool')).filter(isOurs);
  for (const file of files) rmSync(file);
  if (files.length > 0) console.log(`Removed ${files.join(' and ')}.`);
  else console.log(`Nothing to remove: no ns-tool of ours in ${folders.join(', ')}.`);
}

/** @param {string} file a symbolic link to nothing counts too */
function isThere(file) {
  return lstatSync(file, { throwIfNoEntry: false }) !== undefined;
}

/** @param {string} file */
function isOurs(file) {
  return (
    Boolean(lstatSync(file, { throwIfNoEntry: false })?.isFile()) && readFileSync(file, 'utf8').includes(`\n${MARK}\n`)
  );
}

function script() {
  return `#!/bin/sh
${MARK}
node=${quoted(process.execPath)}
tool=${quoted(bundle)}
for file in "$node" "$tool"; do
  [ -f "$file" ] && continue
  printf '%s\\n' "ns-tool: $file is gone: run 'npm run link' in a checkout of ns-tool again." >&2
  exit 125
done
exec "$node" "$tool" "$@"
`;
}

/** @param {string} word any string @returns {string} the same, as one word for sh */
function quoted(word) {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
