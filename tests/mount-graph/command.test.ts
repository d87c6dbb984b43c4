/** The picture in the command as it is built. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatMountinfo } from '@ns-tool/mount-table';
import { dir } from 'tmp-promise';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Lookup, Namespace } from '../mount-table/namespaces.ts';
import { table } from '../mount-table/tables.ts';
import { needsRoot } from '../support/privilege.ts';
import { type Drawing, descendants, linesOf, readDot, readXml } from './pictures.ts';

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

/** What the command draws and says. */
async function drawn(
  ...args: string[]
): Promise<{ drawing: Drawing | null; stdout: string; stderr: string; status: number | null }> {
  const { path: folder, cleanup } = await dir({ unsafeCleanup: true });
  const file = path.join(folder, 'a.dot');
  try {
    const { stdout, stderr, status } = spawnSync(process.execPath, [command, 'mounts', ...args, '--graph', file], {
      encoding: 'utf8',
    });
    return { drawing: existsSync(file) ? await readDot(readFileSync(file, 'utf8')) : null, stdout, stderr, status };
  } finally {
    await cleanup();
  }
}

describe('with the filters of the listing', () => {
  const MOUNTS = formatMountinfo(table('20 1 / shared:1', '21 20 /a', '22 21 /a/b shared:2', '23 20 /c master:1'));

  async function boxes(...args: string[]): Promise<string[]> {
    const { path: folder, cleanup } = await dir({ unsafeCleanup: true });
    try {
      const saved = path.join(folder, 'table');
      writeFileSync(saved, MOUNTS);
      const { drawing } = await drawn('-F', saved, ...args);
      return [...(drawing?.boxes.keys() ?? [])].map((name) => name.split(' ')[1] ?? '');
    } finally {
      await cleanup();
    }
  }

  it('only what they select is drawn', async () => {
    expect(await boxes()).toEqual(['/', '/a', '/a/b', '/c']);
    expect(await boxes('--propagation', 'shared')).toEqual(['/', '/a/b']);
    expect(await boxes('/a')).toEqual(['/a']);
    expect(await boxes('/a', '-R')).toEqual(['/a', '/a/b']);
    expect(await boxes('--types', 'tmpfs', '--propagation', 'slave,private')).toEqual(['/a', '/c']);
  });

  it('that select nothing it ends as the listing does, and draws nothing', async () => {
    const filters = ['-F', '/proc/self/mountinfo', '-t', 'unheard-of'];
    const listing = spawnSync(process.execPath, [command, 'mounts', ...filters], { encoding: 'utf8' });
    const { drawing, stdout, stderr, status } = await drawn(...filters);
    expect(status).toBe(1);
    expect(drawing).toBe(null);
    expect({ stdout, stderr, status }).toEqual({
      stdout: listing.stdout,
      stderr: listing.stderr,
      status: listing.status,
    });
  });
});

describe.skipIf(needsRoot('pictures of processes'))('of several processes', () => {
  async function namespace(): Promise<Namespace> {
    const made = await Namespace.make();
    onTestFinished(() => made.dispose());
    return made;
  }

  async function another(inside: Namespace, root = '/'): Promise<Lookup> {
    const made = await Lookup.make(inside, root);
    onTestFinished(() => made.dispose());
    return made;
  }

  it('shows a namespace once, and names those in it', async () => {
    const one = await namespace();
    await one.shell('mount -t tmpfs base /mnt && mount --make-shared /mnt');
    const two = await another(one);
    const other = await namespace();
    const { drawing } = await drawn('--pid', `${one.pid}`, '--pid', `${other.pid}`, '--pid', `${two.pid}`);
    expect(drawing?.namespaces).toEqual([`pid ${one.pid}, pid ${two.pid}`, `pid ${other.pid}`]);
    expect(drawing && linesOf(drawing, 'peers')).toEqual([]);
  });

  it('shows it twice where a process has another root directory, and so another table', async () => {
    const one = await namespace();
    await one.shell(
      'mount -t tmpfs base /mnt && mkdir /mnt/usr && for d in bin lib lib64 etc; do ln -s usr/$d /mnt; done',
    );
    await one.shell('mount --rbind /usr /mnt/usr');
    const two = await another(one, '/mnt');
    const { drawing } = await drawn('--pid', `${one.pid}`, '--pid', `${two.pid}`);
    expect(drawing?.namespaces).toEqual([`pid ${one.pid}`, `pid ${two.pid}`]);
  });
});
