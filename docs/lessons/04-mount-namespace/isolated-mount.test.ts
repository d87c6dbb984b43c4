import { spawnSync } from 'node:child_process';
import { buildSync } from 'esbuild';
import { expect, it } from 'vitest';
import type { Observed } from './shared-parent.ts';

/** A TypeScript file as one JavaScript module, for a Node that runs no TypeScript. */
function compiled(file: string): string {
  const { outputFiles } = buildSync({
    absWorkingDir: import.meta.dirname,
    entryPoints: [file],
    bundle: true,
    packages: 'external',
    format: 'esm',
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}

/** Runs the program in a parent whose mounts are all shared. Both are child processes: a test must not unshare itself. */
function runInSharedParent(): Observed {
  const parent = spawnSync(process.execPath, ['--input-type=module', '--eval', compiled('shared-parent.ts')], {
    cwd: import.meta.dirname,
    input: compiled('isolated-mount.ts'),
    encoding: 'utf8',
  });
  expect(parent.stderr).toBe('');
  return JSON.parse(parent.stdout);
}

const itAsRoot = it.skipIf(process.geteuid?.() !== 0);

itAsRoot('mounts a tmpfs and shows it in the mount table', () => {
  const { status, stdout, stderr } = runInSharedParent();
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^tmpfs \/mnt\/test_mount tmpfs rw\S*,nosuid,nodev,/m);
  expect(status).toBe(0);
});

itAsRoot('leaves the parent with the same mount table as before', () => {
  const { status, before, after } = runInSharedParent();
  expect(status).toBe(0);
  expect(after).toBe(before);
});

itAsRoot('causes no mount event in the parent while it runs', () => {
  const { status, mountEvent } = runInSharedParent();
  expect(status).toBe(0);
  expect(mountEvent).toBe(false);
});
