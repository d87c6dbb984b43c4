import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { VERSION } from '../packages/ns-tool/src/version.ts';
import { makeRootfs, needsBusybox } from './run/rootfs.ts';
import { scratchDirectory } from './support/scratch.ts';

const manifest = (name: string) =>
  JSON.parse(readFileSync(new URL(`../packages/${name}/package.json`, import.meta.url), 'utf8'));

describe('the packages', () => {
  const scratch = scratchDirectory();

  it('ns-tool says the version that it has', () => {
    expect(VERSION).toBe(manifest('ns-tool').version);
  });

  it.each(['syscalls', 'mount-table', 'images', 'ns-tool'])('%s could be published as it is', (name) => {
    const { exports, files, engines, license, type, version, description } = manifest(name);
    expect({ type, license, files }).toEqual({
      type: 'module',
      license: 'MIT',
      files: expect.arrayContaining(['dist']),
    });
    expect(engines.node).toBe('>=20.19');
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(description).not.toBe('');
    for (const path of Object.values(exports['.'] as Record<string, string>)) {
      expect(readFileSync(new URL(`../packages/${name}/${path}`, import.meta.url), 'utf8')).not.toBe('');
    }
  });

  it.each(['syscalls', 'mount-table', 'images', 'ns-tool'])(
    '%s takes along neither maps of sources that stay here, nor what only this machine can use',
    async (name) => {
      const cwd = fileURLToPath(new URL(`../packages/${name}`, import.meta.url));
      const { stdout } = await execa('npm', ['pack', '--dry-run', '--json', '--loglevel=error'], { cwd });
      const packed: string[] = JSON.parse(stdout)[0].files.map(({ path }: { path: string }) => path);
      expect(packed).toEqual(expect.arrayContaining(['dist/index.d.ts', 'README.md']));
      expect(packed.filter((path) => /^(?!dist\/|package\.json$|README\.md$)|\.(map|cache)$/.test(path))).toEqual([]);
    },
  );

  it.each([
    ['@ns-tool/syscalls', 'spawn'],
    ['@ns-tool/mount-table', 'parseMountinfo'],
    ['@ns-tool/images', 'storeDirectory'],
    ['ns-tool', 'run'],
  ])('%s has types that a strict program can use which asks for no others', async (name, exported) => {
    const directory = join(scratch, exported);
    mkdirSync(directory);
    const at = fileURLToPath(new URL(`../packages/${name.replace('@ns-tool/', '')}/dist/index.d.ts`, import.meta.url));
    const compilerOptions = {
      strict: true,
      skipLibCheck: false,
      noEmit: true,
      module: 'nodenext',
      types: [],
      paths: { [name]: [at] },
    };
    writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['app.ts'] }));
    writeFileSync(
      join(directory, 'app.ts'),
      `import { ${exported} } from '${name}';\nexport const used = ${exported};\n`,
    );
    const { stdout } = await execa('tsc', ['--project', directory], { preferLocal: true, reject: false });
    expect(stdout).toBe('');
  });

  it.each(['syscalls', 'mount-table', 'images', 'ns-tool'])('%s does what its README shows', async (name) => {
    const readme = readFileSync(new URL(`../packages/${name}/README.md`, import.meta.url), 'utf8');
    const [, program = '', printed = ''] = /```js\n(.*?)```\n\n```\n(.*?)```/s.exec(readme) ?? [];
    expect(program).not.toBe('');
    const cwd = join(scratch, `readme-${name}`);
    mkdirSync(join(cwd, 'node_modules'), { recursive: true });
    const packages = fileURLToPath(new URL('../packages', import.meta.url));
    symlinkSync(packages, join(cwd, 'node_modules/@ns-tool'));
    symlinkSync(join(packages, 'ns-tool'), join(cwd, 'node_modules/ns-tool'));
    const takesRoot = program.includes('./rootfs');
    if (takesRoot && needsBusybox(`the README of ${name}`)) return;
    if (takesRoot) makeRootfs(join(cwd, 'rootfs'));
    writeFileSync(join(cwd, 'program.mjs'), program);
    const env = { NS_TOOL_STORE: join(cwd, 'store'), XDG_RUNTIME_DIR: cwd };
    const { stdout } = await execa(process.execPath, ['program.mjs'], { cwd, env });
    expect(`${stdout}\n`).toBe(printed);
  });

  it.each(['syscalls', 'images', 'ns-tool'])('%s says where it runs', (name) => {
    expect(manifest(name)).toMatchObject({ os: ['linux'], cpu: ['x64', 'arm64'] });
  });
});
