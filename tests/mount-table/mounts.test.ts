import { formatMounts, inMountFormat, lastMountedAt, MountTableError, parseMounts } from '@ns-tool/mount-table';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyBytes, anyMount, bytesOf } from './tables.ts';

const parse = (text: string) => parseMounts(bytesOf(text));

describe('parseMounts', () => {
  it.each([
    [
      'source, mount point, type and options',
      'tmpfs /mnt/x tmpfs rw,nosuid,size=1k 0 0\n',
      { source: 'tmpfs', mountPoint: '/mnt/x', type: 'tmpfs', options: ['rw', 'nosuid', 'size=1k'] },
    ],
    ['an empty source', ' /m tmpfs rw 0 0\n', { source: '', mountPoint: '/m', type: 'tmpfs', options: ['rw'] }],
    [
      'the escapes of the kernel, also within a character of several bytes',
      'a\\040b\\043 /a\\011b\\012c\\134d/\\303\\251/\xc3\xa9\\043 x rw,a\\054b 0 0\n',
      { source: 'a b#', mountPoint: '/a\tb\nc\\d/é/é#', type: 'x', options: ['rw', 'a,b'] },
    ],
    [
      'a backslash that is no escape',
      'a /x\\9\\04 x rw 0 0\n',
      { source: 'a', mountPoint: '/x\\9\\04', type: 'x', options: ['rw'] },
    ],
    [
      'bytes that are not UTF-8',
      '\xff /\xfe x rw 0 0\n',
      { source: '\udcff', mountPoint: '/\udcfe', type: 'x', options: ['rw'] },
    ],
    [
      'a byte order mark, which is part of the source',
      '\xef\xbb\xbfa /m x rw 0 0\n',
      { source: '\ufeffa', mountPoint: '/m', type: 'x', options: ['rw'] },
    ],
    [
      'options with a blank that a filesystem did not escape',
      'a /m x rw,a=b 0 0 0 0\n',
      { source: 'a', mountPoint: '/m', type: 'x', options: ['rw', 'a=b 0 0'] },
    ],
  ])('reads %s', (_, text, expected) => {
    expect(parse(text)).toEqual([expected]);
  });

  it('reads every line, in order', () => {
    expect(parse('a /a x rw 0 0\nb /b x rw 0 0\n').map(({ source }) => source)).toEqual(['a', 'b']);
    expect(parse('')).toEqual([]);
  });

  it.each([
    ['an empty line', '\n', 1, 1, 'a blank after the mount source'],
    ['a source alone', 'a\n', 1, 2, 'a blank after the mount source'],
    ['a source alone, before a line with an empty one', 'a\n /m x rw 0 0\n', 1, 2, 'a blank after the mount source'],
    ['a relative mount point', 'a b x rw 0 0\n', 1, 3, 'the mount point, an absolute path'],
    ['no type', 'a /b  rw 0 0\n', 1, 6, 'the filesystem type'],
    ['a line that ends after the type', 'a /b x\n', 1, 7, 'a blank after the filesystem type'],
    ['no options', 'a /b x  0 0\n', 1, 8, 'the mount options'],
    ['no options, and the blank but once', 'a /b x 0 0\n', 1, 8, 'the mount options'],
    ['no dump and pass', 'a /b x rw\n', 1, 10, '" 0 0" at the end of the line'],
    ['other dump and pass', 'a /b x rw 0 1\n', 1, 14, '" 0 0" at the end of the line'],
    ['a table cut off', 'a /b x rw 0 0\na /b x rw 0 0', 2, 14, 'a newline, since a whole table ends with one'],
  ])('refuses %s', (_, text, line, column, expected) => {
    expect(() => parse(text)).toThrow(MountTableError);
    expect(() => parse(text)).toThrow(`mount table, line ${line}, column ${column}: expected ${expected}`);
  });

  it('throws nothing but MountTableError, whatever the bytes', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        try {
          parseMounts(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(MountTableError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('formatMounts', () => {
  it('writes what the kernel writes', () => {
    const text = 's\\040\\043\\134 /a\\011b\\012#\\134 fuse.\\043x rw,a\\054#\xff 0 0\n /m x rw 0 0\n';
    expect(formatMounts(parse(text))).toEqual(bytesOf(text));
  });

  it('is undone by parseMounts, whatever the names', () => {
    const anyEntry = anyMount.map(({ source, mountPoint, type, options }) => ({ source, mountPoint, type, options }));
    fc.assert(
      fc.property(fc.array(anyEntry, { maxLength: 4 }), (entries) => {
        expect(parseMounts(formatMounts(entries))).toEqual(entries);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('lastMountedAt', () => {
  it('finds the last mount listed for a mount point', () => {
    const entries = parse('a /m x rw 0 0\nb /m y ro 0 0\nc /m/n z rw 0 0\n');
    expect(lastMountedAt(entries, '/m')?.source).toBe('b');
    expect(lastMountedAt(entries, '/none')).toBeUndefined();
  });
});

describe('inMountFormat', () => {
  it('writes what mount(8) writes', () => {
    const [entry] = parse('tmpfs /mnt tmpfs rw,nosuid 0 0\n');
    expect(entry && inMountFormat(entry)).toBe('tmpfs on /mnt type tmpfs (rw,nosuid)');
  });
});
