/** The picture in the command as it is built. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatMountinfo } from '@ns-tool/mount-table';
import { dir } from 'tmp-promise';
import { expect, it } from 'vitest';
import { table } from '../mount-table/tables.ts';
import { descendants, readXml } from './pictures.ts';

const command = fileURLToPath(new URL('../../packages/ns-tool/dist/bin/ns-tool.cjs', import.meta.url));
const listModules = fileURLToPath(new URL('../support/list-modules.cjs', import.meta.url));

it('is drawn by Graphviz, which nothing else loads', async () => {
  const { path: folder, cleanup } = await dir({ unsafeCleanup: true });
  const [saved, svg, dot] = ['table', 'a.svg', 'a.dot'].map((name) => path.join(folder, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(saved, formatMountinfo(table('20 1 / shared:1', '21 20 /mnt')));
  const modulesLoadedBy = (...args: string[]) =>
    spawnSync(process.execPath, ['-r', listModules, command, ...args], {
      stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
      encoding: 'utf8',
    }).output[3] ?? '';
  try {
    expect(modulesLoadedBy('mounts', '-F', saved, '--graph', svg)).toMatch(/@viz-js/);
    const texts = descendants(readXml(readFileSync(svg, 'utf8'))).map(({ text }) => text);
    expect(texts).toEqual(expect.arrayContaining(['/', '/mnt', 'peer group 1']));
    expect(modulesLoadedBy('mounts', '-F', saved)).not.toMatch(/@viz-js/);
    expect(modulesLoadedBy('mounts', '-F', saved, '--graph', dot)).not.toMatch(/@viz-js/);
    expect(readFileSync(dot, 'utf8')).toMatch(/^digraph mounts/);
  } finally {
    await cleanup();
  }
});
