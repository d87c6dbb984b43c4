import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

it('runs where there is nothing but the language, TextDecoder and TextEncoder', async () => {
  const entry = fileURLToPath(new URL('../../packages/mount-table/src/index.ts', import.meta.url));
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'iife',
    globalName: 'mountTable',
    logLevel: 'silent',
  });
  const context = createContext({ TextDecoder, TextEncoder, Uint8Array });
  const check = `
    const table = new TextEncoder().encode('20 1 0:1 / / rw shared:1 - tmpfs \\\\303\\\\251 rw\\n');
    const mounts = mountTable.parseMountinfo(table);
    [
      mounts[0].source,
      mountTable.mountHolding(mountTable.mountTree(mounts), '/a').mount.id,
      mountTable.reach([{ namespace: 'a', mounts }], 'a', '/x').length,
      mountTable.diffMounts(mounts, []).removed.length,
      mountTable.display('\\udcff'),
    ].join();
  `;
  expect(runInContext(`${outputFiles[0]?.text}\n${check}`, context)).toBe('é,20,0,1,\\377');
});
