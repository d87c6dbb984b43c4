/** How a difference of two tables is written. */
import { diffMounts, type Mount } from '@ns-tool/mount-table';
import { describe, expect, it } from 'vitest';
import { coloured, linesOf, summaryOf } from '../../packages/ns-tool/src/mount-diff/lines.ts';
import { paletteFor } from '../../packages/ns-tool/src/palette.ts';
import { mount, table } from '../mount-table/tables.ts';

const root = mount({ id: 20, source: 'disk', type: 'ext4' });
const at = (mountPoint: string, fields: Partial<Mount> = {}): Mount =>
  mount({ id: 21, parentId: 20, mountPoint, source: 'none', ...fields });

const lines = (before: readonly Mount[], after: readonly Mount[]) => linesOf(before, after, diffMounts(before, after));
/** The line about one mount at /m of which something changes. */
const changed = (before: Partial<Mount>, after: Partial<Mount>) =>
  lines([root, at('/m', before)], [root, at('/m', after)]);

describe('linesOf', () => {
  it.each<[string, readonly Mount[], readonly Mount[], readonly string[]]>([
    ['nothing', [root], [root], []],
    ['one added', [root], [root, at('/m')], ['+ /m  tmpfs, source none, rw, private']],
    ['one removed', [root, at('/m')], [root], ['- /m  tmpfs, source none, rw, private']],
    [
      'all that tells a mount from others',
      [root],
      [root, at('/m', { root: '/d', source: '', options: ['rw', 'nosuid'], peerGroup: 3, master: 1, type: 'xfs' })],
      ['+ /m  xfs, root /d, source "", rw,nosuid, shared:3 master:1'],
    ],
  ])('%s', (_, before, after, expected) => {
    expect(lines(before, after)).toEqual(expected);
  });

  it.each<[string, Partial<Mount>, Partial<Mount>, string]>([
    ['options', {}, { options: ['ro', 'nosuid'] }, 'options: rw → ro,nosuid'],
    ['super options', {}, { superOptions: ['rw', 'size=1k'] }, 'super options: rw → rw,size=1k'],
    ['source', {}, { source: '' }, 'source: none → ""'],
    ['propagation', {}, { peerGroup: 7 }, 'propagation: private → shared:7'],
    ['a slave', { peerGroup: 7 }, { master: 7, propagateFrom: 2 }, 'propagation: shared:7 → master:7 propagate_from:2'],
    ['unbindable', {}, { unbindable: true }, 'propagation: private → unbindable'],
    [
      'several things',
      {},
      { options: ['ro'], source: 'x', peerGroup: 2 },
      'options: rw → ro; source: none → x; propagation: private → shared:2',
    ],
  ])('changed: %s', (_, before, after, expected) => {
    expect(changed(before, after)).toEqual([`~ /m  ${expected}`]);
  });

  it('says that a group of the same number joins other mounts', () => {
    const before = [root, at('/a', { id: 31, peerGroup: 1 }), at('/b', { id: 32, peerGroup: 1 })];
    const after = [root, at('/a', { id: 31, peerGroup: 2 }), at('/b', { id: 32, peerGroup: 1 })];
    expect(lines(before, after)).toEqual(['~ /b  propagation: shared:1 → shared:1, which joins other mounts']);
  });

  it('counts the order in a stack from below, among the mounts in both tables', () => {
    const gone = at('/m', { id: 30, source: 'gone', type: 'xfs' });
    const a = at('/m', { source: 'a' });
    const b = at('/m', { source: 'b' });
    const before = [root, gone, { ...a, parentId: 30 }, { ...b, id: 22, parentId: 21 }];
    const after = [root, { ...b, id: 22 }, { ...a, id: 23, parentId: 22 }];
    expect(lines(before, after)).toEqual([
      '- /m  xfs, source gone, rw, private',
      '~ /m  order in the stack: 1 → 2',
      '~ /m  order in the stack: 2 → 1; parent: /m → /',
    ]);
  });

  it('names the parent by its mount point, and a root as having none', () => {
    const before = table('20 1 /', '21 20 /a/b');
    const after = table('20 1 /', '22 20 /a', '21 22 /a/b');
    expect(lines(before, after)).toEqual(['+ /a  tmpfs, source 22, rw, private', '~ /a/b  parent: / → /a']);
    expect(lines(table('21 20 /a'), table('20 1 /', '21 20 /a'))).toContain('~ /a  parent: none → /');
  });

  it('sorts by mount point: a directory before what is in it, and numbers by their value', () => {
    const points = ['/b', '/a-b', '/a/10', '/a', '/a/9', '/a/9/x', '/', '/B', '/a/\x01', '/a/\x02'];
    const mounts = points.map((mountPoint, i) => mount({ id: 20 + i, parentId: 20 + points.indexOf('/'), mountPoint }));
    const sorted = lines([], mounts).map((line) => line.split('  ')[0]?.slice(2));
    const expected = ['/', '/a', '/a/\\001', '/a/\\002', '/a/9', '/a/9/x', '/a/10', '/a-b', '/b', '/B'];
    expect(sorted).toEqual(expected);
    expect(lines([], mounts.toReversed()).map((line) => line.split('  ')[0]?.slice(2))).toEqual(expected);
  });

  it('puts what is gone before what has come, at one mount point', () => {
    const other = at('/m', { type: 'xfs' });
    expect(lines([root, at('/m')], [root, other]).map((line) => line[0])).toEqual(['-', '+']);
  });

  it('is one line for each mount, whatever the names', () => {
    const odd = at('/m\n\x1b[31m', { source: 'a\udcff\u202e' });
    expect(lines([root], [root, odd])).toEqual([
      '+ /m\\012\\033[31m  tmpfs, source a\\377\\342\\200\\256, rw, private',
    ]);
  });
});

describe('summaryOf', () => {
  it('counts', () => {
    const before = table('20 1 /', '21 20 /a', '22 20 /b');
    const after = table('20 1 /', '21 20 /a shared:1', '23 20 /c', '24 20 /d');
    expect(summaryOf(diffMounts(before, after))).toBe('2 added, 1 removed, 1 changed.');
    expect(summaryOf(diffMounts(before, table('20 1 /', '21 20 /a shared:1', '22 20 /b')))).toBe(
      '0 added, 0 removed, 1 changed.',
    );
    expect(summaryOf(diffMounts(before, before))).toBe('No difference.');
  });
});

describe('coloured', () => {
  it('is green, red or yellow, and ends with the line', () => {
    const palette = paletteFor(true);
    expect(coloured('+ /m', palette)).toBe('\x1b[32m+ /m\x1b[39m');
    expect(coloured('- /m', palette)).toBe('\x1b[31m- /m\x1b[39m');
    expect(coloured('~ /m', palette)).toBe('\x1b[33m~ /m\x1b[39m');
  });

  it('is as it was, where no colours are wanted', () => {
    expect(coloured('+ /m', paletteFor(false))).toBe('+ /m');
  });
});
