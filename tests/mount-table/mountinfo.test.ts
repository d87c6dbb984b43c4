import {
  formatMountinfo,
  isDeleted,
  type Mount,
  MountTableError,
  optionalFields,
  parseMountinfo,
} from '@ns-tool/mount-table';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyBytes, anyMount, bytesOf, mount, parse } from './tables.ts';

/** A line with some of its fields exchanged. */
function line(fields: { [field: string]: string } = {}): string {
  const { start = '20 1 0:5', root = '/', mountPoint = '/', options = 'rw', optional = '' } = fields;
  const { type = 'tmpfs', source = 'none', superOptions = 'rw' } = fields;
  return `${start} ${root} ${mountPoint} ${options} ${optional}- ${type} ${source} ${superOptions}\n`;
}

describe('parseMountinfo', () => {
  it('reads the example of proc_pid_mountinfo(5)', () => {
    expect(parse('36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue\n')).toEqual([
      {
        id: 36,
        parentId: 35,
        device: '98:0',
        root: '/mnt1',
        mountPoint: '/mnt2',
        options: ['rw', 'noatime'],
        peerGroup: null,
        master: 1,
        propagateFrom: null,
        unbindable: false,
        unknownFields: [],
        type: 'ext3',
        source: '/dev/root',
        superOptions: ['rw', 'errors=continue'],
      },
    ]);
  });

  it.each<[string, { [field: string]: string }, Partial<Mount>]>([
    ['a peer group', { optional: 'shared:7 ' }, { peerGroup: 7 }],
    [
      'all four optional fields',
      { optional: 'shared:7 master:3 propagate_from:2 unbindable ' },
      { peerGroup: 7, master: 3, propagateFrom: 2, unbindable: true },
    ],
    ['optional fields in another order', { optional: 'master:3 shared:7 ' }, { peerGroup: 7, master: 3 }],
    [
      'unknown optional fields, verbatim',
      { optional: 'x shared:7 new:a\\040b shared unbindable:1 mastery:1 -- ' },
      { peerGroup: 7, unknownFields: ['x', 'new:a\\040b', 'shared', 'unbindable:1', 'mastery:1', '--'] },
    ],
    ['a type with a subtype', { type: 'fuse.sshfs', source: 'host:/' }, { type: 'fuse.sshfs', source: 'host:/' }],
    ['an empty source', { source: '' }, { source: '', superOptions: ['rw'] }],
    ['a source that looks like a separator', { source: '-' }, { source: '-' }],
    ['a root that is no path', { root: 'net:[4026531840]', type: 'nsfs' }, { root: 'net:[4026531840]', type: 'nsfs' }],
    ['a root outside the cgroup namespace', { root: '/../..' }, { root: '/../..' }],
    ['a deleted root', { root: '/a//deleted' }, { root: '/a//deleted' }],
    ['the largest device', { start: '20 1 4095:1048575' }, { device: '4095:1048575' }],
    ['the root of a namespace, its own parent', { start: '1 1 0:2' }, { id: 1, parentId: 1, device: '0:2' }],
    ['the largest numbers', { start: '999999999999999 0 0:0' }, { id: 999999999999999, parentId: 0, device: '0:0' }],
    [
      'every escape of the kernel',
      { mountPoint: '/\\040\\011\\012\\134#', source: '\\043' },
      { mountPoint: '/ \t\n\\#', source: '#' },
    ],
    ['an escaped escape', { mountPoint: '/\\134040' }, { mountPoint: '/\\040' }],
    ['a backslash that is no escape', { mountPoint: '/\\9\\04\\400\\08' }, { mountPoint: '/\\9\\04\\400\\08' }],
    ['the highest escape', { mountPoint: '/\\377' }, { mountPoint: '/\udcff' }],
    ['UTF-8', { mountPoint: '/\xc3\xa9' }, { mountPoint: '/é' }],
    ['a character of which bytes are escaped', { mountPoint: '/\\303\\251\\303\xa9\xc3\\251' }, { mountPoint: '/ééé' }],
    [
      'bytes that are not UTF-8',
      { mountPoint: '/\xff\\303', root: '/\xc3' },
      { mountPoint: '/\udcff\udcc3', root: '/\udcc3' },
    ],
    [
      'a comma inside an option',
      { superOptions: 'rw,lowerdir=/a\\054b:/c,x' },
      { superOptions: ['rw', 'lowerdir=/a,b:/c', 'x'] },
    ],
    ['empty options', { superOptions: 'rw,,a=' }, { superOptions: ['rw', '', 'a='] }],
    [
      'a blank that a filesystem did not escape: the last field takes the rest',
      { superOptions: 'rw,a=b c - d' },
      { superOptions: ['rw', 'a=b c - d'] },
    ],
    [
      'the contexts of SELinux, whose commas stand in quotes',
      { superOptions: 'rw,context="u:o:t:s0:c1,c2",fscontext="a,b",defcontext="a,\\042",rootcontext=a,size=1k' },
      {
        superOptions: [
          'rw',
          'context="u:o:t:s0:c1,c2"',
          'fscontext="a,b"',
          'defcontext="a,""',
          'rootcontext=a',
          'size=1k',
        ],
      },
    ],
    [
      'quotes that are not those of SELinux',
      { superOptions: 'rw,upperdir="a,b",context="a,b,xcontext="a,b",context="a"b' },
      { superOptions: ['rw', 'upperdir="a', 'b"', 'context="a', 'b', 'xcontext="a', 'b"', 'context="a"b'] },
    ],
    ['options of the mount with an escape', { options: 'ro,a\\040b' }, { options: ['ro', 'a b'] }],
    ['a carriage return, which is nothing special', { superOptions: 'rw\r' }, { superOptions: ['rw\r'] }],
  ])('reads %s', (_, fields, expected) => {
    expect(parse(line(fields))).toEqual([mount({ device: '0:5', source: 'none', ...expected })]);
  });

  it('reads no mounts from an empty table', () => {
    expect(parse('')).toEqual([]);
  });

  it('keeps the order of the table, in which a mount may stand before the one it lies on', () => {
    const ids = parse(line({ start: '64 65 0:1' }) + line({ start: '65 63 0:2' })).map(({ id }) => id);
    expect(ids).toEqual([64, 65]);
  });

  it('gives options that cannot be changed, since mounts share them', () => {
    const [a, b] = parse(line() + line());
    expect(a?.options).toBe(b?.options);
    expect(Object.isFrozen(a?.options)).toBe(true);
  });

  const errors: [what: string, text: string, line: number, column: number, expected: string][] = [
    ['an empty line', '\n', 1, 1, 'the mount ID, a decimal number'],
    ['a line that is no table', 'hello\n', 1, 1, 'the mount ID, a decimal number'],
    ['a negative ID', '-1 1 0:5\n', 1, 1, 'the mount ID, a decimal number'],
    ['an ID with a sign', '+1 1 0:5\n', 1, 1, 'the mount ID, a decimal number'],
    ['an ID with a leading zero', '020 1 0:5\n', 1, 1, 'the mount ID, a decimal number'],
    ['an ID that a number cannot hold', '1000000000000000 1 0:5\n', 1, 1, 'the mount ID, a decimal number'],
    ['an ID in hexadecimal', '0x20 1 0:5\n', 1, 1, 'the mount ID, a decimal number'],
    ['a blank in front', ' 20 1 0:5\n', 1, 1, 'the mount ID, a decimal number'],
    ['an ID alone', '20\n', 1, 3, 'a blank after the mount ID'],
    ['no parent ID', '20 \n', 1, 4, 'the parent ID, a decimal number'],
    ['two blanks', '20  1 0:5\n', 1, 4, 'the parent ID, a decimal number'],
    ['a tab for a blank', '20 1\t0:5 / / rw - t s rw\n', 1, 4, 'the parent ID, a decimal number'],
    ['no device', '20 1 5 / /\n', 1, 6, 'the device, major:minor'],
    ['half a device', '20 1 5: / /\n', 1, 6, 'the device, major:minor'],
    ['a device of three', '20 1 5:6:7 / /\n', 1, 6, 'the device, major:minor'],
    ['a device with a leading zero', '20 1 0:05 / /\n', 1, 6, 'the device, major:minor'],
    ['no root', '20 1 0:5  / rw\n', 1, 10, 'the root of the mount'],
    ['a mount point that is not absolute', line({ mountPoint: 'mnt' }), 1, 12, 'the mount point, an absolute path'],
    ['no mount point', line({ mountPoint: '' }), 1, 12, 'the mount point, an absolute path'],
    ['no options', line({ options: '' }), 1, 14, 'the mount options'],
    ['a line that ends before the separator', '20 1 0:5 / / rw\n', 1, 16, 'a blank after the mount options'],
    ['no separator', '20 1 0:5 / / rw shared:1\n', 1, 25, 'a blank after an optional field or -'],
    ['a separator at the end', '20 1 0:5 / / rw -\n', 1, 18, 'a blank after an optional field or -'],
    ['an empty optional field', line({ optional: ' ' }), 1, 17, 'an optional field or -'],
    ['a peer group of no number', line({ optional: 'shared:x ' }), 1, 17, 'shared:N, N a number from 1'],
    ['a peer group without number', line({ optional: 'shared: ' }), 1, 17, 'shared:N, N a number from 1'],
    ['peer group 0', line({ optional: 'shared:0 ' }), 1, 17, 'shared:N, N a number from 1'],
    ['master 0', line({ optional: 'shared:1 master:00 ' }), 1, 26, 'master:N, N a number from 1'],
    ['a bad propagate_from', line({ optional: 'propagate_from:-1 ' }), 1, 17, 'propagate_from:N, N a number from 1'],
    ['two peer groups', line({ optional: 'shared:1 shared:2 ' }), 1, 26, 'shared: only once'],
    ['two masters', line({ optional: 'master:1 x master:1 ' }), 1, 28, 'master: only once'],
    ['unbindable twice', line({ optional: 'unbindable unbindable ' }), 1, 28, 'unbindable only once'],
    ['no type', line({ type: '' }), 1, 19, 'the filesystem type'],
    ['no source', '20 1 0:5 / / rw - tmpfs\n', 1, 24, 'a blank after the filesystem type'],
    ['no super options', '20 1 0:5 / / rw - tmpfs none\n', 1, 29, 'a blank after the mount source'],
    ['empty super options', '20 1 0:5 / / rw - tmpfs none \n', 1, 30, 'the super options'],
    ['a source of one blank only', '20 1 0:5 / / rw - tmpfs rw\n', 1, 27, 'a blank after the mount source'],
    [
      'a table cut off',
      `${line()}20 1 0:5 / / rw - tmpfs none rw,si`,
      2,
      35,
      'a newline, since a whole table ends with one',
    ],
    ['an error in the third line', `${line()}${line()}x\n`, 3, 1, 'the mount ID, a decimal number'],
    ['an empty line at the end', `${line()}\n`, 2, 1, 'the mount ID, a decimal number'],
    ['a newline within a name', line({ mountPoint: '/a\nb' }), 1, 14, 'a blank after the mount point'],
    [
      'an error after characters of several bytes',
      line({ root: '/\xc3\xa9\xff', mountPoint: 'x' }),
      1,
      15,
      'the mount point, an absolute path',
    ],
  ];

  it.each(errors)('refuses %s', (_, text, line, column, expected) => {
    let error: unknown;
    try {
      parse(text);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(MountTableError);
    expect(error).toMatchObject({ name: 'MountTableError', line, column, expected });
    expect((error as Error).message).toBe(`mount table, line ${line}, column ${column}: expected ${expected}`);
  });

  it('throws nothing but MountTableError, whatever the bytes', () => {
    const anything = fc.oneof(
      anyBytes,
      // A right table with something wrong in it.
      fc.tuple(anyMount, anyBytes, fc.nat(), fc.nat({ max: 3 })).map(([mount, noise, at, removed]) => {
        const table = [...formatMountinfo([mount, mount])];
        table.splice(at % table.length, removed, ...noise);
        return Uint8Array.from(table);
      }),
    );
    fc.assert(
      fc.property(anything, (bytes) => {
        try {
          parseMountinfo(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(MountTableError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('formatMountinfo', () => {
  it.each([
    ['plain', line()],
    ['all optional fields', line({ optional: 'shared:7 master:3 propagate_from:2 unbindable x ' })],
    ['an empty source', line({ source: '' })],
    [
      'escapes as the kernel chooses them',
      line({ root: '/#\\040', mountPoint: '/\\011\\012\\134#=,', source: '\\043,\\040', type: 'fuse.\\043' }),
    ],
    ['escapes in options', line({ superOptions: 'rw,lowerdir=/a\\054b\\040\\011\\012\\134#"=c' })],
    ['a context of SELinux', line({ superOptions: 'rw,context="a:s0:c1,c2",fscontext="\\042,\\134",x' })],
    ['names that are not UTF-8', line({ mountPoint: '/\xff\xc3\xa9' })],
  ])('writes %s as the kernel does', (_, text) => {
    expect(formatMountinfo(parse(text))).toEqual(bytesOf(text));
  });

  it('writes nothing for no mounts', () => {
    expect(formatMountinfo([])).toEqual(bytesOf(''));
  });

  it('is undone by parseMountinfo, whatever the names', () => {
    fc.assert(
      fc.property(fc.array(anyMount, { maxLength: 4 }), (mounts) => {
        expect(parseMountinfo(formatMountinfo(mounts))).toEqual(mounts);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('optionalFields', () => {
  it('are those of the line', () => {
    const [all] = parse(line({ optional: 'x shared:7 master:3 propagate_from:2 unbindable ' }));
    expect(optionalFields(all as Mount)).toEqual(['shared:7', 'master:3', 'propagate_from:2', 'unbindable', 'x']);
    expect(optionalFields(mount())).toEqual([]);
  });
});

describe('isDeleted', () => {
  it.each([
    ['/a//deleted', true],
    ['/a/deleted', false],
    ['/a', false],
    ['/a//deleted/b', false],
  ])('%s: %s', (root, deleted) => {
    expect(isDeleted(mount({ root }))).toBe(deleted);
  });
});
