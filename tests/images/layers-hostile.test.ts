/** What a hostile layer can do: nothing, but to end in an error that says why. */
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { ImageError, unpackLayer } from '@ns-tool/images';
import { describe, expect, it } from 'vitest';
import { openFiles } from '../support/children.ts';
import { needsRoot } from '../support/privilege.ts';
import { archive, entry, type Fields } from './archive.ts';
import { attempt, digestOf, emptyDirectory, refusal } from './unpacking.ts';

const noRoot = needsRoot('hostile layers, unpacked by root');

describe.skipIf(noRoot)('a hostile layer is refused', () => {
  it.each<[string, readonly Fields[], RegExp]>([
    ['a name that climbs', [{ name: '../canary/new', data: 'x' }], /\.\.\/canary\/new leads upward/],
    ['a name that climbs in the middle', [{ name: 'a/../../canary/new', data: 'x' }], /leads upward/],
    ['a directory that climbs', [{ name: '..', type: '5', mode: 0o777 }], /leads upward/],
    ['an absolute name', [{ name: '/etc/ns-tool-hostile', data: 'x' }], /has an absolute name/],
    [
      'an absolute name in an extended header',
      [{ name: 'a', data: 'x', pax: { path: '/etc/ns-tool-hostile' } }],
      /absolute/,
    ],
    ['no name', [{ name: '', data: 'x' }], /has no name/],
    ['a file for the root', [{ name: './', data: '', type: '7' }], /would replace the root/],
    ['a link for the root', [{ name: '.', type: '2', linkname: '/etc' }], /would replace the root/],
    [
      'a file through a link to the machine',
      [
        { name: 'a', type: '2', linkname: '/etc' },
        { name: 'a/ns-tool-hostile', data: 'x' },
      ],
      /symbolic link to etc, which is not in this layer/,
    ],
    [
      'a file through a link that climbs',
      [
        { name: 'a', type: '2', linkname: '../../..' },
        { name: 'a/x', data: 'x' },
      ],
      /a link|symbolic link that leads out/,
    ],
    [
      'a file through two links',
      [
        { name: 'd', type: '5' },
        { name: 'd/up', type: '2', linkname: '..' },
        { name: 'd/b', type: '2', linkname: 'up/../canary' },
        { name: 'd/b/new', data: 'x' },
      ],
      /leads out/,
    ],
    [
      'a directory through links in a circle',
      [
        { name: 'a', type: '2', linkname: 'b' },
        { name: 'b', type: '2', linkname: 'a' },
        { name: 'a/x', type: '5' },
      ],
      /in a circle/,
    ],
    ['a hard link that climbs', [{ name: 'a', type: '1', linkname: '../canary/secret' }], /leads upward/],
    ['a hard link to the machine', [{ name: 'a', type: '1', linkname: '/etc/passwd' }], /has an absolute name/],
    [
      'a hard link to nothing',
      [{ name: 'a', type: '1', linkname: 'etc/passwd' }],
      /etc\/passwd, which is not in this layer/,
    ],
    [
      'a hard link through a symbolic link',
      [
        { name: 'e', type: '2', linkname: '/etc' },
        { name: 'a', type: '1', linkname: 'e/passwd' },
      ],
      /e\/passwd, which is not in this layer/,
    ],
    [
      'a hard link through a symbolic link that climbs',
      [
        { name: 'e', type: '2', linkname: '../canary' },
        { name: 'a', type: '1', linkname: 'e/secret' },
      ],
      /leads out/,
    ],
    [
      'a hard link to a directory',
      [
        { name: 'd', type: '5' },
        { name: 'a', type: '1', linkname: 'd' },
      ],
      /a directory/,
    ],
    [
      'a hard link to itself',
      [
        { name: 'a', data: 'x' },
        { name: 'a', type: '1', linkname: 'a' },
      ],
      /replace its target/,
    ],
    ['a whiteout of `..`', [{ name: 'a/.wh...' }], /is a whiteout of nothing/],
    ['a whiteout of `.`', [{ name: '.wh..' }], /is a whiteout of nothing/],
    ['a whiteout of nothing', [{ name: '.wh.' }], /is a whiteout of nothing/],
    ['a file below a whiteout', [{ name: '.wh.a/b', data: 'x' }], /below a whiteout/],
    [
      'a file below a file',
      [
        { name: 'a', data: 'x' },
        { name: 'a/b', data: 'x' },
      ],
      /lies below a, which is no directory/,
    ],
    ['a file below a device', [{ name: 'a', type: '3', devmajor: 1, devminor: 3 }, { name: 'a/b' }], /no directory/],
    [
      'a component of 256 bytes',
      [{ name: 'x', data: 'x', pax: { path: `a/${'n'.repeat(256)}` } }],
      /more than 255 bytes/,
    ],
    ['a path of 5,000 bytes', [{ name: 'x', data: 'x', pax: { path: 'abc/'.repeat(1250) } }], /more than 4095 bytes/],
    ['a NUL in a name', [{ name: 'x', data: 'x', pax: { path: 'a\0b' } }], /NUL/],
    ['a NUL in the target of a link', [{ name: 'x', type: '2', linkname: 'y', pax: { linkpath: 'a\0b' } }], /NUL/],
    ['a symbolic link to nowhere', [{ name: 'x', type: '2' }], /to nowhere/],
    ['a size below zero', [{ name: 'x', size: -512 }], /size is below zero/],
    ['a size below zero in an extended header', [{ name: 'x', pax: { size: '-1' } }], /size is no number/],
    ['a size that is no number', [{ name: 'x', change: (header) => header.write('12x45', 124) }], /size is no number/],
    ['a size of 2^80', [{ name: 'x', change: (header) => header.fill(0x80, 124, 136) }], /size is no number/],
    ['an owner that chown(2) leaves out', [{ name: 'x', pax: { uid: '4294967295' } }], /owner that is none/],
    ['a time that is no number', [{ name: 'x', pax: { mtime: '1e9' } }], /time is no number/],
    ['an unknown type', [{ name: 'x', type: 'Z' }], /unknown type/],
    ['a device beyond all numbers', [{ name: 'x', type: '4', devmajor: 99999, devminor: 1 }], /no device that can be/],
    ['a file of 10 TB, all holes', sparse(10e12, []), /files of more than 64 GiB/],
    ['a file of 10 TB, by its size', [{ name: 'x', size: 10e12 }], /files of more than 64 GiB/],
    ['holes that overlap', sparse(1000, [0, 10, 5, 10], 20), /overlaps/],
    ['holes beyond the end', sparse(15, [10, 10], 10), /does not fit/],
    ['holes that take data of others', sparse(1e6, [0, 100_000], 10), /does not fit/],
    [
      'an extended header that lies of its length',
      [{ name: 'x', type: 'x', data: '99 path=y\n' }],
      /extended header that is none/,
    ],
    ['an extended header of 2 MB', [{ name: 'x', type: 'x', data: Buffer.alloc(2e6) }], /more than a megabyte/],
  ])('%s', async (_, entries, message) => {
    const error = await refusal(archive(...entries));
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/^the layer/);
    expect(error.stack).not.toMatch(/unpacker/);
  });

  it.each<[string, (plain: Buffer) => Buffer, RegExp]>([
    ['that is cut off within a file', (plain) => plain.subarray(0, 700), /ends within an entry/],
    ['that is cut off within a header', (plain) => plain.subarray(0, 300), /ends within an entry/],
    ['that is cut off at a header', (plain) => plain.subarray(0, -1024), /has no end/],
    ['with one block of zeros at its end', (plain) => plain.subarray(0, -512), /ends within an entry/],
    [
      'with something behind its end',
      (plain) => Buffer.concat([plain, Buffer.from('more')]),
      /something behind its end/,
    ],
    ['with a further archive behind its end', (plain) => Buffer.concat([plain, plain]), /something behind its end/],
    ['with a header whose checksum is wrong', (plain) => plain.fill('y', 0, 1), /checksum is wrong/],
    ['of gzip that is cut off', (plain) => gzipSync(plain).subarray(0, -9), /no right gzip stream/],
    ['of gzip that is damaged', (plain) => gzipSync(plain).fill(0xff, 20, 24), /no right gzip stream|no right tar/],
    [
      'of gzip with something behind its end',
      (plain) => Buffer.concat([gzipSync(plain), Buffer.from('more')]),
      /no right gzip stream/,
    ],
  ])('an archive %s', async (_, change, message) => {
    const plain = archive({ name: 'f', data: 'abcdefg'.repeat(100) });
    expect((await refusal(change(plain))).message).toMatch(message);
  });

  it('that is not what its diff ID says, and both are named', async () => {
    const plain = archive({ name: 'f', data: 'x' });
    const other = digestOf(Buffer.from('other'));
    const { code, message } = await refusal(plain, { diffId: other });
    expect(code).toBe('corrupt');
    expect(message).toContain(other);
    expect(message).toContain(digestOf(plain));
  });

  it('that decompresses to more than it may have, long before it is all there', async () => {
    // One file of 200 MB of zeros: 200 KB.
    const bomb = gzipSync(Buffer.concat([entry({ name: 'zeros', size: 0 }), Buffer.alloc(200e6)]));
    const error = await refusal(bomb, { limits: { size: 1e6 } });
    expect(error).toMatchObject({ code: 'too-large', message: expect.stringContaining('976.6 KiB decompressed') });
  });

  it('that has more in it than it may have', async () => {
    const files = (count: number) =>
      archive(...Array.from({ length: count }, (_, i) => ({ name: `f${i}`, data: '12345' })));
    expect(await refusal(files(51), { limits: { entries: 50 } })).toMatchObject({ code: 'too-large' });
    expect(await refusal(sparseArchive(2e9), { limits: { size: 1e9 } })).toMatchObject({ code: 'too-large' });
    expect((await attempt(files(50), { limits: { entries: 50 } })).error).toBeUndefined();
  });
});

describe.skipIf(noRoot)('a hostile layer reaches nothing', () => {
  it('by links that its own directories stand in for', async () => {
    const { directory, error } = await attempt(
      archive(
        { name: 'etc', type: '5' },
        { name: 'a', type: '2', linkname: '/etc' },
        { name: 'a/passwd', data: 'of the layer' },
        { name: 'x', type: '2', linkname: '/etc/passwd' },
        { name: 'x', data: 'a file now' },
        { name: 'd', type: '2', linkname: '../canary' },
        { name: 'd', type: '5' },
        { name: 'd/secret', data: 'of the layer' },
      ),
    );
    expect(error).toBeUndefined();
    expect(readFileSync(join(directory, 'etc/passwd'), 'utf8')).toBe('of the layer');
    expect(readFileSync(join(directory, 'x'), 'utf8')).toBe('a file now');
    expect(readdirSync(join(directory, 'd'))).toEqual(['secret']);
  });

  it('by whiteouts, attributes and times of links', async () => {
    const { directory, error } = await attempt(
      archive(
        {
          name: 'l',
          type: '2',
          linkname: '/etc/passwd',
          uid: 4711,
          mode: 0o777,
          mtime: 4,
          pax: { 'SCHILY.xattr.trusted.x': 'y' },
        },
        { name: '.wh.l' },
        { name: 'k', type: '1', linkname: 'l', uid: 4711 },
      ),
    );
    expect(error).toBeUndefined();
    expect(readlinkSync(join(directory, 'k'))).toBe('/etc/passwd');
  });

  it('and leaves no process, descriptor or mount behind', async () => {
    const mounts = () => readFileSync('/proc/self/mountinfo', 'utf8');
    const [files, before] = [openFiles(), mounts()];
    for (let i = 0; i < 3; i++) await attempt(archive({ name: '../x' }));
    expect([openFiles(), mounts()]).toEqual([files, before]);
    expect(readFileSync('/proc/self/task/self/children'.replace('task/self', `task/${process.pid}`), 'utf8')).toBe('');
  });

  it('also not while the archive does not end', async () => {
    const directory = emptyDirectory();
    const endless = new Readable({ read() {} });
    endless.push(archive({ name: '../x' }));
    await expect(unpackLayer(endless, directory, { diffId: null })).rejects.toThrow(ImageError);
    expect(endless.destroyed).toBe(true);
    expect(existsSync(join(directory, '../x'))).toBe(false);
    mkdirSync(join(directory, 'still-a-directory'));
  });
});

/** A file with a map of holes as GNU tar has it in format 0.1. */
function sparse(realSize: number, map: readonly number[], size = 0): Fields[] {
  const pax = {
    'GNU.sparse.name': 'holes',
    'GNU.sparse.size': String(realSize),
    'GNU.sparse.numblocks': String(map.length / 2),
    'GNU.sparse.map': map.join(','),
  };
  return [{ name: 'GNUSparseFile.0/holes', data: Buffer.alloc(size), pax }];
}

function sparseArchive(realSize: number): Buffer {
  return archive(...sparse(realSize, []));
}
