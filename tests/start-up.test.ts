/** What the command loads when it starts. How long that takes is for the benchmark; that it loads no more is for a test. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dirSync } from 'tmp-promise';
import { describe, expect, it, onTestFinished } from 'vitest';

const packageFolder = fileURLToPath(new URL('../packages/ns-tool', import.meta.url));
const bin = join(packageFolder, 'dist/bin');
const listModules = fileURLToPath(new URL('support/list-modules.cjs', import.meta.url));

function modulesLoadedBy(...args: string[]): string {
  const { output } = spawnSync(process.execPath, ['-r', listModules, join(bin, 'ns-tool.cjs'), ...args], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  return output[3] ?? '';
}

/** The command as a package elsewhere would have it: without what only this checkout has. */
function installedElsewhere(): string {
  const { name: folder, removeCallback } = dirSync({ unsafeCleanup: true, prefix: 'ns-tool-test' });
  onTestFinished(removeCallback);
  mkdirSync(join(folder, 'dist'));
  cpSync(bin, join(folder, 'dist/bin'), { recursive: true });
  for (const file of readdirSync(join(folder, 'dist/bin'))) {
    if (file.endsWith('.cache')) rmSync(join(folder, 'dist/bin', file));
  }
  symlinkSync(join(packageFolder, 'node_modules'), join(folder, 'node_modules'));
  return join(folder, 'dist/bin/ns-tool.cjs');
}

describe('the command, when it starts', () => {
  it('takes its code from the code cache', () => {
    // Loaded as a module, and so compiled, only where there is no cache.
    expect(modulesLoadedBy('mount', '--size', 'none')).not.toContain('mount.cjs');
    expect(modulesLoadedBy('ls', '--help')).not.toContain('command.cjs');
  });

  it('takes little code for mount, and all of it for what it does not know', () => {
    const sizes = ['mount', 'command'].map((name) => statSync(join(bin, `${name}.cjs`)).size);
    expect(sizes[0]).toBeLessThan((sizes[1] ?? 0) / 2);
    const { stderr } = spawnSync(process.execPath, [join(bin, 'ns-tool.cjs'), 'moutn'], { encoding: 'utf8' });
    expect(stderr).toContain('Did you mean mount?');
  });

  it('loads neither the layout of the help nor streams to do its work', () => {
    const modules = modulesLoadedBy('mount', '--size', 'none');
    expect(modules).toContain('ns-tool.cjs');
    expect(modules).not.toContain('layout.cjs');
    expect(modules).not.toMatch(/^NativeModule (stream|tty|net|assert)$/m);
  });

  it('loads the layout, and no system calls, to show help', () => {
    const modules = modulesLoadedBy('mount', '--help');
    expect(modules).toContain('layout.cjs');
    expect(modules).not.toContain('koffi');
  });

  it('reads no package.json of the working directory, which may be anybody’s', () => {
    const { name: cwd, removeCallback } = dirSync({ unsafeCleanup: true, prefix: 'ns-tool-test' });
    onTestFinished(removeCallback);
    // Who opened it would wait for a writer for ever.
    spawnSync('mkfifo', [join(cwd, 'package.json')]);
    const { status, signal } = spawnSync(process.execPath, [join(bin, 'ns-tool.cjs'), 'mount', '--size', 'none'], {
      cwd,
      timeout: 5000,
    });
    expect({ status, signal }).toEqual({ status: 2, signal: null });
  });

  it('works without the code cache and where koffi has to be looked for', () => {
    const { stdout, stderr, status } = spawnSync(process.execPath, [installedElsewhere(), 'mount', '--trace'], {
      encoding: 'utf8',
    });
    expect(stderr).toMatch(/^unshare\(CLONE_NEWNS\) = /m);
    if (process.geteuid?.() === 0) expect({ status, stdout }).toMatchObject({ status: 0 });
  });
});
