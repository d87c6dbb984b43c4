/** The picture as a file. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type { NamespaceTable } from '@ns-tool/mount-table';
import { type DirectoryResult, dir } from 'tmp-promise';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsageError, UserError } from '../../packages/ns-tool/src/errors.ts';
import { toDot } from '../../packages/ns-tool/src/mount-graph/dot.ts';
import { toMermaid } from '../../packages/ns-tool/src/mount-graph/mermaid.ts';
import { writeGraph } from '../../packages/ns-tool/src/mount-graph/write-graph.ts';
import { table } from '../mount-table/tables.ts';
import { descendants, readXml } from './pictures.ts';

const TABLES = [{ namespace: 'self', mounts: table('20 1 / shared:1', '21 20 /mnt shared:1') }];

/** So many namespaces of so many mounts. */
const many = (namespaces: number, mounts: number, fields: (i: number) => string = () => ''): NamespaceTable[] =>
  Array.from({ length: namespaces }, (_, n) => ({
    namespace: `pid ${n}`,
    mounts: table(
      `${n * 1000 + 1} ${n * 1000} /`,
      ...Array.from({ length: mounts - 1 }, (_, i) => `${n * 1000 + i + 2} ${n * 1000 + 1} /m${i}${fields(i)}`),
    ),
  }));

let folder: DirectoryResult;
const at = (name: string) => path.join(folder.path, name);

beforeEach(async () => {
  folder = await dir({ unsafeCleanup: true });
});
afterEach(async () => {
  chmodSync(folder.path, 0o700);
  await folder.cleanup();
});

async function failure(file: string, tables: readonly NamespaceTable[] = TABLES): Promise<unknown> {
  return writeGraph(tables, file).then(
    () => 'no failure',
    (error: unknown) => error,
  );
}

describe('the ending of the file', () => {
  it('.dot is for Graphviz', async () => {
    await writeGraph(TABLES, at('a.dot'));
    expect(readFileSync(at('a.dot'), 'utf8')).toBe(toDot(TABLES));
  });

  it('.mmd is for Mermaid', async () => {
    await writeGraph(TABLES, at('a.mmd'));
    expect(readFileSync(at('a.mmd'), 'utf8')).toBe(toMermaid(TABLES));
  });

  it('.svg is laid out, well-formed, and the same each time', async () => {
    await writeGraph(TABLES, at('a.svg'));
    await writeGraph(TABLES, at('b.svg'));
    const svg = readFileSync(at('a.svg'), 'utf8');
    const all = descendants(readXml(svg));
    expect(all[0]?.name).toBe('svg');
    expect(all.filter(({ name }) => name === 'text').map(({ text }) => text)).toEqual(
      expect.arrayContaining(['self', '/', '/mnt', 'peer group 1']),
    );
    expect(readFileSync(at('b.svg'), 'utf8')).toBe(svg);
  });

  it.each(['a.png', 'a', 'svg', '.svg/a', 'a.svg.gz', 'a.DOTS'])(
    '%s is refused, and the three are named',
    async (name) => {
      const error = await failure(at(name));
      expect(error).toBeInstanceOf(UsageError);
      expect(`${(error as UsageError).message} ${(error as UsageError).hint}`).toMatch(/\.dot.*\.svg.*\.mmd/);
      expect(readdirSync(folder.path)).toEqual([]);
    },
  );

  it('may be in capitals', async () => {
    await writeGraph(TABLES, at('A.DOT'));
    expect(readFileSync(at('A.DOT'), 'utf8')).toBe(toDot(TABLES));
  });
});

describe('the file', () => {
  it.each(['a.dot', 'a.svg', 'a.mmd'])('%s replaces what was there, and nothing is left beside it', async (name) => {
    writeFileSync(at(name), 'before');
    const { ino } = statSync(at(name));
    await writeGraph(TABLES, at(name));
    expect(readFileSync(at(name), 'utf8')).not.toBe('before');
    // Not written over, but renamed over: nobody sees half of it.
    expect(statSync(at(name)).ino).not.toBe(ino);
    expect(readdirSync(folder.path)).toEqual([name]);
  });

  it('has the permissions of any new file', async () => {
    await writeGraph(TABLES, at('a.dot'));
    expect(statSync(at('a.dot')).mode & 0o777).toBe(0o666 & ~process.umask());
  });

  it('does not follow a link that somebody left there', async () => {
    writeFileSync(at('other'), 'other');
    symlinkSync('other', at('a.dot'));
    await writeGraph(TABLES, at('a.dot'));
    expect(readFileSync(at('other'), 'utf8')).toBe('other');
  });

  it('is not made where a directory has its name, and nothing is left', async () => {
    mkdirSync(at('a.dot'));
    const error = await failure(at('a.dot'));
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toMatch(/a\.dot.*(EISDIR|directory)/i);
    expect(readdirSync(folder.path)).toEqual(['a.dot']);
    expect(readdirSync(at('a.dot'))).toEqual([]);
  });

  it.each([
    ['missing/a.dot', /missing.*ENOENT/],
    ['file/a.dot', /file.*ENOTDIR/],
    [`${'x'.repeat(300)}.dot`, /ENAMETOOLONG/],
  ])('is not made where it cannot be: %s', async (name, message) => {
    writeFileSync(at('file'), '');
    const error = await failure(at(name));
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toMatch(message);
    expect(readdirSync(folder.path)).toEqual(['file']);
  });

  it('is not made in a directory that takes no files', async () => {
    // One that root cannot write either.
    const error = await failure('/proc/self/ns-tool.dot');
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toMatch(/ns-tool\.dot/);
    expect(existsSync('/proc/self/ns-tool.dot')).toBe(false);
  });

  it('shows control characters of its name escaped in the message', async () => {
    const error = await failure(at('\x1b[31m/a.dot'));
    expect((error as UserError).message).not.toContain('\x1b');
  });
});

describe('too much', () => {
  it('of boxes is refused with what to do, in no time', async () => {
    const tables = many(100, 50, (i) => ` shared:${i + 1}`);
    const start = performance.now();
    const error = await failure(at('a.svg'), tables);
    expect(performance.now() - start).toBeLessThan(10_000);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toMatch(/5000 boxes/);
    expect((error as UserError).hint).toMatch(/fewer/);
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it('for Mermaid is refused at the limits of Mermaid itself', async () => {
    const tooManyLines = await failure(
      at('a.mmd'),
      many(2, 300, (i) => ` shared:${i + 1}`),
    );
    expect((tooManyLines as UserError).message).toMatch(/500 lines/);
    expect(tooManyLines).toBeInstanceOf(UserError);
    const name = `/${'\u{10ffff}'.repeat(60)}`;
    const [first] = table('20 1 /');
    if (first === undefined) throw new Error('one mount');
    const mounts = Array.from({ length: 200 }, (_, i) => ({
      ...first,
      id: 20 + i,
      source: name,
      mountPoint: `${name}${i}`,
      peerGroup: 1 + i,
    }));
    const tooLong = await failure(at('b.mmd'), [{ namespace: 'n', mounts }]);
    expect(tooLong).toBeInstanceOf(UserError);
    expect((tooLong as UserError).message).toMatch(/50,?000 characters/);
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it('is written for Graphviz all the same, which has other ways to draw', async () => {
    await writeGraph(
      many(100, 50, (i) => ` shared:${i + 1}`),
      at('a.dot'),
    );
    expect(readFileSync(at('a.dot'), 'utf8').match(/class="mount/g)).toHaveLength(5000);
  });

  it('of long lines is left out, and said', async () => {
    const scattered = (count: number) =>
      table('20 1 /', ...Array.from({ length: count }, (_, i) => `${30 + i} 20 /m${1000 + i} shared:${1 + (i % 100)}`));
    // Groups whose lines cross 100 rows each; and one line more in the legend.
    const [few, many] = [scattered(120), scattered(300)].map((mounts) => toDot([{ namespace: 'n', mounts }]));
    expect(few?.match(/class="peers"/g)).toHaveLength(21);
    expect(few).not.toMatch(/left out: the words/);
    expect(many?.match(/class="peers"/g)).toHaveLength(31);
    expect(many).toMatch(/The 170 longest lines are left out/);
    await writeGraph([{ namespace: 'n', mounts: scattered(300) }], at('a.svg'));
    expect(readXml(readFileSync(at('a.svg'), 'utf8')).name).toBe('svg');
  });

  it('is not: 200 mounts, all shared with another namespace', async () => {
    await writeGraph(
      many(2, 200, (i) => ` shared:${i + 1}`),
      at('a.svg'),
    );
    expect(readXml(readFileSync(at('a.svg'), 'utf8')).name).toBe('svg');
  });
});
