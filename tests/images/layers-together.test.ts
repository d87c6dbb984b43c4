/** Layers unpacked together, into one tree: the same that an overlay of them shows. */
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ImageError, unpackLayer, unpackRoot } from '@ns-tool/images';
import { describe, expect, it } from 'vitest';
import { needsRoot } from '../support/privilege.ts';
import { archive, directory, type Fields, file, gone, hardLink, opaque, symlink } from './archive.ts';
import { inventory } from './inventory.ts';
import { comparable, mounted, withoutNow } from './three-layers.ts';
import { inPieces, temporaryDirectory } from './unpacking.ts';

/** Layers, lowest first, and names that the tree must have or not, so that nothing agrees for want of files. */
const CASES: readonly [what: string, has: readonly string[], hasNot: readonly string[], ...layers: Fields[][]][] = [
  [
    'whiteouts',
    ['d', 'd/kept'],
    ['d/x', 'f', 'e', 'e/y', 'none'],
    [directory('d'), file('d/x', 'x'), file('d/kept', 'k'), file('f', 'f'), directory('e'), file('e/y', 'y')],
    [directory('d'), gone('d/x'), gone('f'), gone('e'), gone('none')],
  ],
  [
    'whiteouts of what the same layer has',
    ['d/new', 'e/new', 'f'],
    ['d/old', 'e/old'],
    [directory('d'), file('d/old', '1'), directory('e'), file('e/old', '2'), file('f', '3')],
    [
      gone('d'),
      directory('d'),
      file('d/new', '4'),
      directory('e'),
      file('e/new', '5'),
      gone('e'),
      file('f', '6'),
      gone('f'),
    ],
  ],
  [
    'opaque directories',
    ['d/new', 'd/deep/new', 'e'],
    ['d/old', 'd/deep/old', 'e/old'],
    [
      directory('d'),
      file('d/old', '1'),
      directory('d/deep'),
      file('d/deep/old', '2'),
      directory('e'),
      file('e/old', '3'),
    ],
    [
      directory('d'),
      file('d/new', '4'),
      opaque('d'),
      directory('d/deep'),
      file('d/deep/new', '5'),
      directory('e'),
      opaque('e'),
    ],
  ],
  [
    'a directory with whiteouts in it that becomes something else in the same layer',
    ['d', 'l', 'usr/kept'],
    ['d/x', 'usr/x'],
    [directory('d'), file('d/x', 'x'), directory('l'), file('l/x', 'x'), directory('usr'), file('usr/kept', 'k')],
    [gone('d/x'), file('d', 'a file'), gone('l/x'), symlink('l', 'usr')],
  ],
  [
    'what the layer has in an implied directory of one that it hides',
    ['d/e/new'],
    ['d/old'],
    [directory('d'), file('d/old', '1')],
    [opaque('d'), file('d/e/new', '2'), gone('d')],
  ],
  [
    'whiteouts in directories that have nothing below',
    ['lowest/kept', 'alone/kept', 'opaque/new', 'usr/kept'],
    ['lowest/x', 'alone/x', 'opaque/x', 'opaque/old'],
    [gone('lowest/x'), file('lowest/kept', '1'), directory('opaque'), file('opaque/old', '2'), file('usr/kept', '3')],
    [file('alone/kept', '4'), gone('alone/x'), directory('opaque'), opaque('opaque'), gone('opaque/x')],
    [file('opaque/new', '5')],
  ],
  [
    'what is gone and comes again',
    ['d/x', 'd/z'],
    ['d/y'],
    [directory('d'), file('d/x', '1'), file('d/y', '2')],
    [gone('d')],
    [directory('d'), file('d/x', '3'), file('d/z', '4')],
  ],
  [
    'other types',
    ['file/in', 'dir', 'dir2', 'link/in'],
    ['dir/in', 'dir2/in'],
    [
      file('file', '1'),
      directory('dir'),
      file('dir/in', '2'),
      directory('dir2'),
      file('dir2/in', '3'),
      symlink('link', 'dir'),
    ],
    [
      directory('file'),
      file('file/in', '4'),
      file('dir', '5'),
      symlink('dir2', 'dir'),
      directory('link'),
      file('link/in', '6'),
    ],
  ],
  [
    'symbolic links of lower layers, which are gone through',
    ['usr/lib/x', 'usr/lib/y', 'up', 'etc/passwd', 'd/z'],
    ['lib/x', 'd/passwd'],
    [
      directory('usr/lib'),
      file('usr/lib/y', '1'),
      symlink('lib', 'usr/lib'),
      symlink('up', '/next'),
      directory('etc'),
      file('etc/passwd', '2'),
      symlink('d', 'etc'),
    ],
    [file('lib/x', '3'), directory('d'), file('d/z', '4')],
  ],
  [
    'symbolic links of the same layer, which are gone through',
    ['usr/lib/x', 'lib'],
    [],
    [directory('usr/lib'), file('usr/lib/y', '1')],
    [directory('usr'), directory('usr/lib'), symlink('lib', 'usr/lib'), file('lib/x', '2')],
  ],
  [
    'hard links',
    ['a', 'b', 'c', 'd/a2', 'n', 'm'],
    [],
    [file('a', 'old'), hardLink('b', 'a'), hardLink('c', 'a'), directory('d'), hardLink('d/a2', 'a')],
    [directory('d'), file('n', 'n'), hardLink('m', 'n')],
  ],
  [
    'owners, modes, times and attributes',
    ['d/s', 'd/t', 'd/c', 'sub/deep/f'],
    [],
    [
      directory('d', { uid: 5, gid: 6, mode: 0o2711, pax: { 'SCHILY.xattr.user.old': 'x' } }),
      file('d/s', 's', { mode: 0o6755, uid: 7, gid: 8, pax: { mtime: '12.345678901', 'SCHILY.xattr.user.a': 'b' } }),
      file('d/c', 'c', {
        mode: 0o4755,
        pax: {
          'SCHILY.xattr.security.capability': Buffer.from('010000020020000000000000000000000000000000', 'hex').subarray(
            0,
            20,
          ),
        },
      }),
      directory('sub', { mtime: 77 }),
      directory('sub/deep', { mtime: 78 }),
      file('sub/deep/f', 'f', { mode: 0 }),
    ],
    [
      directory('d', { uid: 1, mode: 0o1777, mtime: 99, pax: { 'SCHILY.xattr.user.new': 'y' } }),
      file('d/t', 't', { mode: 0o4711 }),
    ],
  ],
  [
    'devices and fifos, and one that overlayfs takes for a whiteout',
    ['null', 'pipe', 'below'],
    ['f'],
    [{ name: 'null', type: '3', devmajor: 1, devminor: 3, mode: 0o666 }, file('f', '1')],
    [{ name: 'pipe', type: '6' }, { name: 'f', type: '3', devmajor: 0, devminor: 0 }, file('below', '2')],
  ],
  [
    'names that are used for the work',
    ['fs/x', 'next/fs/y', 'fs/next'],
    [],
    [directory('fs'), file('fs/x', '1'), directory('next/fs'), file('next/fs/y', '2')],
    [directory('next'), directory('fs'), file('fs/next', '3')],
    [file(Buffer.from('latin\xe9', 'latin1').toString('latin1'), '4')],
  ],
];

describe.skipIf(needsRoot('layers that are unpacked together'))('layers that are unpacked together', () => {
  it.each(CASES)('are as an overlay shows them: %s', async (_what, has, hasNot, ...layers) => {
    const started = Date.now() / 1000;
    const scratch = temporaryDirectory();
    const archives = layers.map((entries) => archive(...entries));
    const separate = archives.map((_, i) => join(scratch, `layer-${i}`));
    for (const [i, to] of separate.entries()) {
      mkdirSync(to);
      const below = i === 0 ? 'nothing' : separate.slice(0, i);
      await unpackLayer(inPieces(archives[i] as Buffer), to, { diffId: null, below });
    }
    const together = await unpackTogether(scratch, archives);
    const names = Object.keys(inventory(together));
    expect(names).toEqual(expect.arrayContaining([...has]));
    expect(names.filter((name) => hasNot.includes(name))).toEqual([]);
    const seen = (directory: string) => withoutNow(comparable(directory), started);
    expect(seen(together)).toEqual(seen(await mounted(separate, 'index=off')));
  });

  it('keep the hard links that are left, and count no others, as an overlay does', async () => {
    const together = await unpackTogether(temporaryDirectory(), [
      archive(file('a', 'old'), hardLink('b', 'a'), hardLink('c', 'a'), hardLink('e', 'a')),
      archive(file('a', 'new'), gone('e')),
    ]);
    const seen = (name: string) => statSync(join(together, name));
    expect([seen('b').nlink, seen('b').ino, seen('a').nlink]).toEqual([2, seen('c').ino, 1]);
  });

  it('keep their holes', async () => {
    const hole = {
      name: 'sparse',
      size: 512,
      pax: {
        'GNU.sparse.major': '1',
        'GNU.sparse.minor': '0',
        'GNU.sparse.name': 'sparse',
        'GNU.sparse.realsize': String(2 ** 30),
      },
      data: '0\n'.padEnd(512, '\0'),
    };
    const together = await unpackTogether(temporaryDirectory(), [archive(hole), archive(directory('d'))]);
    const { size, blocks } = statSync(join(together, 'sparse'));
    expect({ size, blocks }).toEqual({ size: 2 ** 30, blocks: 0 });
  });

  it.each<[string, (good: Buffer) => Buffer, string]>([
    ['is cut off', (good) => good.subarray(0, 600), 'corrupt'],
    ['has another digest', (good) => Buffer.concat([good, Buffer.alloc(512)]), 'corrupt'],
    ['leads out', () => archive({ name: '../x' }), 'corrupt'],
  ])('are refused if one of them %s', async (_, spoil, code) => {
    const good = archive(file('a', 'a'.repeat(1000)));
    const scratch = temporaryDirectory();
    const { digestOf } = await import('./unpacking.ts');
    const paths = [good, spoil(good)].map((bytes, i) => ({
      path: write(scratch, `${i}.tar`, bytes),
      diffId: digestOf(good),
    }));
    mkdirSync(join(scratch, 'to'));
    const error = await unpackRoot(paths, join(scratch, 'to')).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(ImageError);
    expect(error).toMatchObject({ code });
    expect(readdirSync(scratch).sort()).toEqual(['0.tar', '1.tar', 'to']);
  });
});

async function unpackTogether(scratch: string, archives: readonly Buffer[]): Promise<string> {
  const to = join(scratch, 'together');
  mkdirSync(to);
  const paths = archives.map((bytes, i) => ({ path: write(scratch, `${i}.tar`, bytes), diffId: null }));
  await unpackRoot(paths, to);
  expect(readdirSync(to)).toEqual(['fs']);
  return join(to, 'fs');
}

function write(scratch: string, name: string, bytes: Buffer): string {
  writeFileSync(join(scratch, name), bytes);
  return join(scratch, name);
}
