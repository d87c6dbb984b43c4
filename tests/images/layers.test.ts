/** A layer is unpacked exactly. */
import { execFileSync, spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { ImageError, unpackLayer } from '@ns-tool/images';
import { makedev } from '@ns-tool/syscalls';
import { describe, expect, it } from 'vitest';
import { needsRoot } from '../support/privilege.ts';
import { archive, entry } from './archive.ts';
import { attribute, inventory } from './inventory.ts';
import {
  digestOf,
  directoryOfUser,
  emptyDirectory,
  inPieces,
  refusal,
  temporaryDirectory,
  USER,
  unpack,
  unpackAsUser,
} from './unpacking.ts';

const noRoot = needsRoot('unpacking layers with owners and devices');

describe.skipIf(noRoot)('a layer as root', () => {
  it('has files, directories, links, fifos and devices with owners, modes and times', async () => {
    const { directory, entries } = await unpack(
      archive(
        { name: './', type: '5', mode: 0o711, uid: 3, gid: 4, mtime: 1000 },
        { name: './d', type: '5', mode: 0o2750, uid: 1, gid: 2, mtime: 2000, pax: { mtime: '2000.123456789' } },
        { name: './d/file', data: 'content', mode: 0o4755, uid: 1234, gid: 70000, pax: { mtime: '-1.25' } },
        { name: './d/hard', type: '1', linkname: './d/file', uid: 9, mode: 0o600, mtime: 5 },
        { name: './sym', type: '2', linkname: 'd/../nowhere', uid: 5, gid: 6, mtime: 7 },
        { name: './hard-to-sym', type: '1', linkname: 'sym' },
        { name: './fifo', type: '6', mode: 0o620, mtime: 8 },
        { name: './null', type: '3', mode: 0o666, devmajor: 1, devminor: 3 },
        { name: './disk', type: '4', mode: 0o660, uid: 0, gid: 6, devmajor: 259, devminor: 70000 },
      ),
    );
    expect(entries).toBe(9);
    const file = { mode: '104755', owner: '1234:70000', mtime: '-2.750000000', size: 7, links: 2 };
    const link = { mode: '120777', owner: '5:6', mtime: '7.000000000', links: 2, target: 'd/../nowhere' };
    expect(inventory(directory)).toMatchObject({
      '.': { mode: '40711', owner: '3:4', mtime: '1000.000000000' },
      d: { mode: '42750', owner: '1:2', mtime: '2000.123456789' },
      'd/file': file,
      'd/hard': file,
      sym: link,
      'hard-to-sym': link,
      fifo: { mode: '10620', mtime: '8.000000000' },
      null: { mode: '20666', device: String(makedev(1, 3)) },
      disk: { mode: '60660', owner: '0:6', device: String(lstatSync(join(directory, 'disk')).rdev) },
    });
    expect(lstatSync(join(directory, 'disk')).rdev).toBe(makedev(259, 70000));
    expect(lstatSync(join(directory, 'd/hard')).ino).toBe(lstatSync(join(directory, 'd/file')).ino);
  });

  it('has extended attributes, byte by byte, and file capabilities although the owner changes', async () => {
    const capability = Buffer.from('0100000200200000000000000000000000000000', 'hex');
    const { directory, leftOut } = await unpack(
      archive(
        {
          name: 'ping',
          data: 'x',
          mode: 0o755,
          uid: 7,
          pax: { 'SCHILY.xattr.security.capability': capability },
        },
        { name: 'd', type: '5', pax: { 'SCHILY.xattr.trusted.t': Buffer.from([0, 10, 255, 61]) } },
        { name: 'l', type: '2', linkname: 'ping', pax: { 'SCHILY.xattr.trusted.of-the-link': 'l' } },
        {
          name: 'e',
          data: '',
          pax: { 'SCHILY.xattr.trusted.overlay.redirect': '/etc', 'SCHILY.xattr.security.selinux': 's' },
        },
      ),
    );
    expect(attribute(join(directory, 'ping'), 'security.capability')).toBe(capability.toString('hex'));
    expect(attribute(join(directory, 'd'), 'trusted.t')).toBe('000aff3d');
    expect(attribute(join(directory, 'l'), 'trusted.of-the-link')).toBe('6c');
    // What overlayfs would read as an instruction is none of an archive's business.
    expect(attribute(join(directory, 'e'), 'trusted.overlay.redirect')).toBeNull();
    expect(leftOut).toEqual({ 'trusted.overlay.redirect': 1, 'security.selinux': 1 });
  });

  it('has whiteouts as devices 0:0, and opaque directories by an attribute', async () => {
    const { directory } = await unpack(
      archive(
        { name: 'a/.wh.gone' },
        { name: 'b/', type: '5', mode: 0o700 },
        { name: 'b/.wh..wh..opq' },
        { name: 'b/new', data: 'new' },
        { name: '.wh..wh.plnk/1.2', data: 'of AUFS' },
        { name: '.wh..wh.aufs' },
      ),
    );
    expect(readdirSync(directory).sort()).toEqual(['a', 'b']);
    expect(lstatSync(join(directory, 'a/gone'))).toMatchObject({ rdev: 0 });
    expect(lstatSync(join(directory, 'a/gone')).isCharacterDevice()).toBe(true);
    expect(attribute(join(directory, 'b'), 'trusted.overlay.opaque')).toBe(Buffer.from('y').toString('hex'));
    expect(attribute(join(directory, 'a'), 'trusted.overlay.opaque')).toBeNull();
    expect(readdirSync(join(directory, 'b'))).toEqual(['new']);
  });

  it.each([
    ['whiteout first', [{ name: '.wh.f' }, { name: '.wh.d' }, { name: 'f', data: 'f' }, { name: 'd/x', data: 'x' }]],
    ['whiteout last', [{ name: 'f', data: 'f' }, { name: 'd/x', data: 'x' }, { name: '.wh.f' }, { name: '.wh.d' }]],
  ])('keeps what it has itself beside its whiteout, which hides lower layers only: %s', async (_, entries) => {
    const { directory } = await unpack(archive(...entries));
    expect(readFileSync(join(directory, 'f'), 'utf8')).toBe('f');
    expect(readFileSync(join(directory, 'd/x'), 'utf8')).toBe('x');
    expect(attribute(join(directory, 'd'), 'trusted.overlay.opaque')).not.toBeNull();
  });

  it('has nothing to hide where it has something else than a directory, and follows no link to hide it elsewhere', async () => {
    const { directory } = await unpack(
      archive(
        { name: 'usr/lib', type: '5' },
        { name: 'lib', type: '2', linkname: 'usr/lib' },
        { name: 'lib/.wh.libc.so' },
        { name: 'file', data: 'file' },
        { name: 'file/.wh.inside' },
        { name: 'file/.wh..wh..opq' },
      ),
    );
    expect(Object.keys(inventory(directory)).sort()).toEqual(['.', 'file', 'lib', 'usr', 'usr/lib']);
  });

  it.each([
    ['before', [{ name: 'd/e/.wh.f' }, { name: '.wh.d' }]],
    ['after', [{ name: '.wh.d' }, { name: 'd/e/.wh.f' }]],
  ])('hides a directory whole, whose files are hidden %s it as well', async (_, entries) => {
    const { directory } = await unpack(archive(...entries));
    expect(inventory(directory)).toMatchObject({ d: { mode: '20000', device: '0' } });
  });

  it('has entries before their parents, and the time of a directory as it was said, whatever comes into it', async () => {
    const { directory } = await unpack(
      archive(
        { name: 'a/b/c', data: 'c' },
        { name: 'a/b', type: '5', mode: 0o700, mtime: 42 },
        { name: 'a', type: '5', mode: 0o711, mtime: 43 },
        { name: 'a/b/d', data: 'd' },
      ),
    );
    expect(inventory(directory)).toMatchObject({
      a: { mode: '40711', mtime: '43.000000000' },
      'a/b': { mode: '40700', mtime: '42.000000000' },
    });
  });

  it('has of several entries with a name the last, of whichever type', async () => {
    const { directory } = await unpack(
      archive(
        { name: 'x', type: '2', linkname: 'target' },
        { name: 'target', data: 'old' },
        { name: 'x', data: 'no link any more' },
        { name: 'd/sub/f', data: 'f' },
        { name: 'd', data: 'no directory any more' },
        { name: 'e', data: 'file' },
        { name: 'e', type: '5', mode: 0o700 },
        { name: 'e', type: '5', mode: 0o755, mtime: 5 },
        { name: 'e/f', type: '6' },
      ),
    );
    expect(readFileSync(join(directory, 'x'), 'utf8')).toBe('no link any more');
    expect(readFileSync(join(directory, 'target'), 'utf8')).toBe('old');
    expect(readFileSync(join(directory, 'd'), 'utf8')).toBe('no directory any more');
    expect(inventory(directory)).toMatchObject({
      e: { mode: '40755', mtime: '5.000000000' },
      'e/f': { mode: '10644' },
    });
  });

  it('follows links of its own directories, as the container will', async () => {
    const { directory } = await unpack(
      archive(
        { name: 'usr/lib', type: '5' },
        { name: 'lib', type: '2', linkname: 'usr/lib' },
        { name: 'run', type: '5' },
        { name: 'usr/lib/run', type: '2', linkname: '/run' },
        { name: 'lib/a', data: 'a' },
        { name: 'lib/run/b', data: 'b' },
        { name: 'c', type: '1', linkname: 'lib/a' },
      ),
    );
    expect(Object.keys(inventory(directory)).sort()).toEqual(
      ['.', 'c', 'lib', 'run', 'run/b', 'usr', 'usr/lib', 'usr/lib/a', 'usr/lib/run'].sort(),
    );
    expect(readlinkSync(join(directory, 'lib'))).toBe('usr/lib');
  });

  it('has names that are long, and that are no UTF-8', async () => {
    const long = `${'d'.repeat(200)}/${'f'.repeat(255)}`;
    const { directory } = await unpack(
      Buffer.concat([
        entry({ name: 'x', data: 'pax', pax: { path: `p/${long}` } }),
        entry({ name: '././@LongLink', type: 'L', data: `g/${long}\0` }),
        entry({ name: 'x', data: 'gnu' }),
        entry({ name: '././@LongLink', type: 'K', data: `${long}\0` }),
        entry({ name: 'link', type: '2', linkname: 'short' }),
        archive({ name: Buffer.from([0x66, 0xff, 0x0a]), data: 'bytes' }),
      ]),
    );
    expect(readFileSync(join(directory, 'p', long), 'utf8')).toBe('pax');
    expect(readFileSync(join(directory, 'g', long), 'utf8')).toBe('gnu');
    expect(readlinkSync(join(directory, 'link'))).toBe(long);
    expect(Object.keys(inventory(directory))).toContain('f\xff\n');
  });

  it.each(['gnu', 'oldgnu', 'pax', 'posix --sparse-version=0.0', 'posix --sparse-version=0.1', 'ustar', 'v7'])(
    'is what GNU tar has packed in its format %s',
    async (format) => {
      const source = temporaryDirectory();
      mkdirSync(join(source, 'd'), { mode: 0o750 });
      writeFileSync(join(source, 'd/f'), 'x'.repeat(700));
      execFileSync('sh', [
        '-c',
        `cd "$1"; ln d/f hard; ln -s d/f soft; : > empty; chown -R 7:8 d
         truncate -s 3M sparse; for i in 0 1 2 3 4 5 6; do echo data | dd of=sparse bs=64k seek=$i$i conv=notrunc status=none; done
         touch -d '2001-02-03 04:05:06' empty d .`,
        '-',
        source,
      ]);
      const flags = ['gnu', 'oldgnu', 'pax'].includes(format) || format.startsWith('posix') ? ['--sparse'] : [];
      const packed = execFileSync(
        'tar',
        ['-cf', '-', `--format=${format.split(' ')[0]}`, ...format.split(' ').slice(1), ...flags, '-C', source, '.'],
        {
          maxBuffer: 64e6,
        },
      );
      const { directory } = await unpack(packed);
      const isExact = format === 'pax' || format.startsWith('posix');
      const comparable = (root: string) =>
        Object.entries(inventory(root)).map(([name, seen]) => [
          name,
          { ...seen, mtime: isExact ? seen.mtime : seen.mtime.split('.')[0] },
        ]);
      expect(comparable(directory)).toEqual(comparable(source));
      expect(statSync(join(directory, 'sparse')).blocks).toBeLessThan(1000);
    },
  );

  it('has holes where its files have pages of zeros', async () => {
    const data = Buffer.alloc(1_000_000);
    data.write('begin');
    data.write('middle', 500_001);
    const { directory } = await unpack(archive({ name: 'f', data }, { name: 'zeros', data: Buffer.alloc(100_000) }));
    expect(readFileSync(join(directory, 'f')).equals(data)).toBe(true);
    expect(statSync(join(directory, 'f')).blocks * 512).toBeLessThan(100_000);
    // Its last page is no whole one.
    expect(statSync(join(directory, 'zeros')).blocks * 512).toBeLessThan(10_000);
    expect(readFileSync(join(directory, 'zeros')).equals(Buffer.alloc(100_000))).toBe(true);
  });
});

describe.skipIf(noRoot)('a directory that comes twice', () => {
  const directoryWith = (name: string, ...attributes: readonly string[]) => ({
    name,
    type: '5',
    mode: 0o755,
    pax: Object.fromEntries(attributes.map((attribute) => [`SCHILY.xattr.user.${attribute}`, name])),
  });
  // As umoci has it, too.
  const bytes = archive(
    directoryWith('d', 'one', 'both'),
    { name: 'd/f', data: 'f' },
    { name: 'd/.wh..wh..opq' },
    { ...directoryWith('d', 'two', 'both'), mode: 0o700 },
    directoryWith('bare', 'one'),
    directoryWith('bare'),
  );
  const attributesIn = (directory: string) => {
    const { d, bare } = inventory(directory);
    return [d?.mode, d?.xattrs, bare?.xattrs];
  };

  it('has the attributes of its last entry, and its own of overlayfs', async () => {
    const { directory } = await unpack(bytes);
    const xattrs = { 'user.two': '64', 'user.both': '64', 'trusted.overlay.opaque': '79' };
    expect(attributesIn(directory)).toEqual(['40700', xattrs, undefined]);
  });

  it('has them as an ordinary user', () => {
    const directory = directoryOfUser();
    const job = { file: join(directory, 'layer'), diffId: null, to: join(directory, 'layer.d') };
    writeFileSync(job.file, bytes);
    unpackAsUser(directory, [job]);
    const xattrs = { 'user.two': '64', 'user.both': '64', 'user.overlay.opaque': '79' };
    expect(attributesIn(job.to)).toEqual(['40700', xattrs, undefined]);
  });
});

describe.skipIf(noRoot)('a layer as an ordinary user', () => {
  const write = (directory: string, name: string, bytes: Buffer) => {
    writeFileSync(join(directory, name), bytes);
    return { file: join(directory, name), diffId: null, to: join(directory, `${name}.d`) };
  };

  it('belongs to the user, whoever its files belong to, and leaves out what only root can set', () => {
    const directory = directoryOfUser();
    const job = write(
      directory,
      'layer',
      archive(
        { name: 'd', type: '5', uid: 1, gid: 2, mode: 0o2755 },
        { name: 'd/.wh..wh..opq' },
        {
          name: 'd/f',
          data: 'f',
          uid: 3,
          gid: 4,
          mode: 0o4755,
          pax: { 'SCHILY.xattr.user.u': 'u', 'SCHILY.xattr.trusted.t': 't' },
        },
        { name: 'd/closed', type: '5', mode: 0 },
        { name: 'd/closed/g', data: 'g', mode: 0 },
        { name: '.wh.gone' },
        { name: 'of/no/entry', data: 'x', mode: 0o666 },
      ),
    );
    expect(unpackAsUser(directory, [job])).toMatchObject([{ entries: 7, leftOut: { 'trusted.t': 1 } }]);
    const owner = `${USER}:${USER}`;
    expect(inventory(job.to)).toMatchObject({
      d: { mode: '42755', owner, xattrs: { 'user.overlay.opaque': '79' } },
      'd/f': { mode: '104755', owner, xattrs: { 'user.u': '75' } },
      'd/closed': { mode: '40000', owner },
      'd/closed/g': { mode: '100000', owner, size: 1 },
      gone: { mode: '20000', device: '0' },
      of: { mode: '40755', owner },
      'of/no/entry': { mode: '100666', owner },
    });
  });

  it('must have no devices', () => {
    const directory = directoryOfUser();
    const job = write(directory, 'layer', archive({ name: 'disk', type: '4', devmajor: 8, devminor: 0 }));
    const [outcome] = unpackAsUser(directory, [job]);
    expect(outcome).toEqual({
      code: 'unsupported',
      message: "the layer's entry disk is a block device, which only root can make",
    });
    expect(readdirSync(job.to)).toEqual([]);
  });

  it('reaches nothing outside, which root could not either', () => {
    const directory = directoryOfUser();
    const bytes = archive({ name: 'a', type: '2', linkname: '..' }, { name: 'a/new', data: 'x' });
    expect(unpackAsUser(directory, [write(directory, 'layer', bytes)])).toMatchObject([{ code: 'corrupt' }]);
    expect(readdirSync(directory).sort()).toEqual(['layer', 'layer.d']);
  });
});

describe.skipIf(noRoot)('the process that unpacks', () => {
  it('has the directory for its root, in all its threads, and no other mount, before it reads the archive', async () => {
    const directory = emptyDirectory();
    const bytes = archive({ name: 'f', data: 'x'.repeat(300_000) });
    const slow = new Readable({ read() {} });
    slow.push(bytes.subarray(0, 200_000));
    const unpacking = unpackLayer(slow, directory, { diffId: null });
    await expect.poll(() => readdirSync(directory)).toEqual(['f']);

    const pid = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ').at(-1);
    const threads = readdirSync(`/proc/${pid}/task`);
    expect(threads.length).toBeGreaterThan(4);
    // As seen from here; the mount itself is in a namespace of its own.
    const inode = statSync(directory).ino;
    for (const thread of threads) {
      for (const place of ['root', 'cwd']) expect(statSync(`/proc/${pid}/task/${thread}/${place}/`).ino).toBe(inode);
      expect(readlinkSync(`/proc/${pid}/task/${thread}/ns/mnt`)).not.toBe(readlinkSync('/proc/self/ns/mnt'));
    }
    expect(readFileSync(`/proc/${pid}/mountinfo`, 'utf8').trim().split('\n')).toHaveLength(1);
    // From an open directory outside, one could go anywhere.
    const open = readdirSync(`/proc/${pid}/fd`).filter((fd) => statSync(`/proc/${pid}/fd/${fd}`).isDirectory());
    expect(open).toEqual([]);

    slow.push(bytes.subarray(200_000));
    slow.push(null);
    expect(await unpacking).toMatchObject({ entries: 1 });
  });
});

describe.skipIf(noRoot)('an archive', () => {
  const plain = archive({ name: 'f', data: 'content'.repeat(10_000) }, { name: 'g', data: 'g' });

  it('may be compressed by gzip, also in several members', async () => {
    const members = Buffer.concat([gzipSync(plain.subarray(0, 3000)), gzipSync(plain.subarray(3000))]);
    for (const bytes of [gzipSync(plain), members]) {
      expect(await unpack(bytes, { diffId: digestOf(plain) })).toMatchObject({ size: plain.length, entries: 2 });
    }
  });

  const zstd = (bytes: Buffer, ...options: readonly string[]) =>
    spawnSync('zstd', ['-q', '-c', '--no-check', ...options], { input: bytes, maxBuffer: 64e6 });
  const noZstd = zstd(Buffer.alloc(0)).error !== undefined;
  if (noZstd) console.warn('skipped, since there is no zstd: layers that are compressed by it');

  it.skipIf(noZstd)('may be compressed by zstd, also in several frames and with others between', async () => {
    const skippable = Buffer.from('502a4d1803000000616263', 'hex');
    const [one, two] = [plain.subarray(0, 3000), plain.subarray(3000)].map((part) => zstd(part).stdout) as [
      Buffer,
      Buffer,
    ];
    for (const bytes of [
      zstd(plain).stdout,
      Buffer.concat([one, two]),
      Buffer.concat([skippable, one, skippable, two, skippable]),
    ]) {
      expect(await unpack(bytes, { diffId: digestOf(plain) })).toMatchObject({ size: plain.length, entries: 2 });
    }
    for (const bytes of [one.subarray(0, -5), Buffer.concat([zstd(plain).stdout, Buffer.from('more')])]) {
      expect(await refusal(bytes)).toMatchObject({ code: 'corrupt' });
    }
  });

  it.skipIf(noZstd)(
    'may be compressed by zstd with a header in which something else looks like a large window',
    async () => {
      const skippable = Buffer.concat([Buffer.from('502a4d1800a80000', 'hex'), Buffer.alloc(0xa800)]);
      const padded = Buffer.concat([plain, Buffer.alloc(0xa8)]);
      const sized = zstd(padded, '--single-thread', `--stream-size=${padded.length}`).stdout;
      expect(sized[5]).toBe(0xa8);
      expect(await unpack(sized, { diffId: digestOf(padded) })).toMatchObject({ entries: 2 });
      expect(await unpack(Buffer.concat([skippable, zstd(plain).stdout]))).toMatchObject({ entries: 2 });
    },
  );

  it.each([
    ['its window', '28b52ffd00a8'],
    ['its window, beyond what 32 bits hold', '28b52ffd00b7'],
    ['its one segment', '28b52ffda00000f07f'],
  ])('that zstd cannot decompress here for the size of %s is refused', async (_what, header) => {
    expect(await refusal(Buffer.from(`${header}010000`, 'hex'))).toMatchObject({
      code: 'too-large',
      message:
        'the layer was compressed by zstd with a window of more than 2046 MiB, which cannot be decompressed here',
      hint: expect.stringContaining('zstd --long=30'),
    });
  });

  it('may lack its end only if its digest says that it is whole', async () => {
    const bare = plain.subarray(0, -1024);
    expect(await unpack(bare, { diffId: digestOf(bare) })).toMatchObject({ entries: 2 });
    expect(await refusal(bare)).toMatchObject({ code: 'corrupt' });
    expect(await refusal(Buffer.alloc(0))).toMatchObject({ code: 'corrupt' });
    expect(await unpack(Buffer.alloc(1024))).toMatchObject({ entries: 0 });
  });

  it('that is something else is refused, and named', async () => {
    const xz = Buffer.from('fd377a585a0000', 'hex');
    expect(await refusal(xz)).toMatchObject({ code: 'unsupported', message: expect.stringContaining('xz') });
    expect(await refusal(Buffer.from('<html>'.repeat(200)))).toMatchObject({ code: 'corrupt' });
  });

  it('that breaks off with an error ends in that error, and in no process', async () => {
    const failing = Readable.from(
      (async function* () {
        yield plain.subarray(0, 2000);
        throw new Error('connection lost');
      })(),
    );
    await expect(unpackLayer(failing, emptyDirectory(), { diffId: null })).rejects.toThrow('connection lost');
  });

  it('is unpacked into an empty directory only', async () => {
    const directory = emptyDirectory();
    writeFileSync(join(directory, 'old'), '');
    await expect(unpackLayer(inPieces(plain), directory, { diffId: null })).rejects.toThrow(ImageError);
    expect(readdirSync(directory)).toEqual(['old']);
  });
});
