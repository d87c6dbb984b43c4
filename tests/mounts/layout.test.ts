/** How a listing looks: strokes, widths, cuts, colours. */
import { mountTree } from '@ns-tool/mount-table';
import { describe, expect, it } from 'vitest';
import type { ColumnName } from '../../packages/ns-tool/src/mount-listing/columns.ts';
import { json } from '../../packages/ns-tool/src/mount-listing/data-formats.ts';
import { select } from '../../packages/ns-tool/src/mount-listing/filters.ts';
import { legend, listing } from '../../packages/ns-tool/src/mount-listing/listing.ts';
import { DEEPEST, treeLines } from '../../packages/ns-tool/src/mount-listing/tree-lines.ts';
import { paletteFor } from '../../packages/ns-tool/src/palette.ts';
import { cut, widthOf, wrapped } from '../../packages/ns-tool/src/text-width.ts';
import { mount, table } from '../mount-table/tables.ts';

const rowsAt = (...depths: number[]) => depths.map((depth) => ({ depth }));

describe('the strokes of a tree', () => {
  it('lead from each row to the one above it', () => {
    const expected = ['', '├─', '│ ├─', '│ │ └─', '│ └─', '└─', '  └─', '', '└─', ''];
    expect(treeLines(rowsAt(0, 1, 2, 3, 2, 1, 2, 0, 1, 0), true)).toEqual(expected);
  });

  it('are of ASCII where need be', () => {
    expect(treeLines(rowsAt(0, 1, 2, 1, 2), false)).toEqual(['', '|-', '| `-', '`-', '  `-']);
  });

  it('go on to some depth only', () => {
    const lines = treeLines(rowsAt(...Array(20_000).keys()), true);
    expect(lines.at(-1)?.length).toBe(2 * DEEPEST);
    expect(lines.at(10)).toBe(`${' '.repeat(18)}└─`);
  });
});

describe('the width of text', () => {
  it.each([
    ['', 0],
    ['abc', 3],
    ['é', 1],
    ['e\u0301', 1],
    ['日本', 4],
    ['한글', 4],
    ['ｆ', 2],
    ['😀', 2],
    ['a\u200bb', 2],
    ['…', 1],
    ['│', 1],
  ])('%j takes %i cells', (text, width) => {
    expect(widthOf(text)).toBe(width);
  });

  it.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdef', 5, 'abcd…'],
    ['abcdef', 1, '…'],
    ['abcdef', 0, ''],
    ['日本語', 5, '日本…'],
    ['日本語', 4, '日…'],
  ])('%j cut to %i cells is %j', (text, room, expected) => {
    expect(cut(text, room, '…')).toBe(expected);
  });

  it('is cut with dots where there is but ASCII', () => {
    expect(cut('abcdef', 5, '...')).toBe('ab...');
    expect(cut('abcdef', 2, '...')).toBe('..');
  });
});

const plain = { room: null, isUnicode: true, headings: true, marks: false, palette: paletteFor(false) };
const MOUNTS = [
  mount({ id: 20, parentId: 1, source: '/dev/sda1', superOptions: ['rw', 'x=some-long-option'], peerGroup: 3 }),
  mount({ id: 121, parentId: 20, mountPoint: '/lower', source: '' }),
  mount({ id: 22, parentId: 121, mountPoint: '/lower', source: 'x', master: 3 }),
];

function listed(columns: readonly ColumnName[], how: Partial<typeof plain> | { room: number } = {}): string[] {
  const rows = select(mountTree(MOUNTS), MOUNTS, {}, { submounts: false, form: 'tree' });
  return [...listing(columns, rows, null, { ...plain, ...how })];
}

describe('a listing', () => {
  it('is as wide as it must be, with numbers to the right, and no blanks at the end', () => {
    expect(listed(['TARGET', 'ID', 'SOURCE', 'MASTER'])).toEqual([
      'TARGET      ID SOURCE    MASTER',
      '/           20 /dev/sda1',
      '└─/lower   121',
      '  └─/lower  22 x              3',
    ]);
  });

  it('marks what is covered, in words', () => {
    expect(listed(['TARGET', 'PROPAGATION'], { marks: true })).toEqual([
      'TARGET             PROPAGATION',
      '/                  shared:3',
      '└─/lower (covered) private',
      '  └─/lower         slave of 3',
    ]);
  });

  it('without headings has their widths all the same, as findmnt(8) has it', () => {
    expect(listed(['FSTYPE', 'ID'], { headings: false })).toEqual(['tmpfs   20', 'tmpfs  121', 'tmpfs   22']);
  });

  const ALL: readonly ColumnName[] = ['TARGET', 'SOURCE', 'FSTYPE', 'OPTIONS', 'PROPAGATION'];
  it.each([
    [70, '/          /dev/sda1 tmpfs  rw,x=some-long-option shared:3'],
    [61, '/          /dev/sda1 tmpfs  rw,x=some-long-option shared:3'],
    [60, '/          /dev/sda1 tmpfs  rw,x=some-long-opti… shared:3'],
    [50, '/          /dev/sda1 tmpfs  rw,x=some… shared:3'],
    [49, '/          /dev/sd… tmpfs  rw,x=some… shared:3'],
    [48, '/          /dev/sd… tmpfs  rw,x=som… shared:3'],
    [23, '/          … … … share…'],
    [4, '/ …'],
  ])('is cut to %i cells: options first, then sources', (room, first) => {
    const lines = listed(ALL, { room });
    expect(lines[1]).toBe(first);
    for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(room);
  });

  it('is coloured group by group, and dim where it is out of reach or private', () => {
    const lines = listed(['TARGET', 'PROPAGATION'], { palette: paletteFor(true) });
    const [cyan, dim] = [(text: string) => `\x1b[36m${text}\x1b[39m`, (text: string) => `\x1b[2m${text}\x1b[22m`];
    expect(lines).toEqual([
      '\x1b[1mTARGET\x1b[22m     \x1b[1mPROPAGATION\x1b[22m',
      `/          ${cyan('shared:3')}`,
      `${dim('└─/lower')}   ${dim('private')}`,
      `${dim('  └─')}/lower ${cyan('slave of 3')}`,
    ]);
  });
});

describe('colours', () => {
  it('are one for each group, the same wherever it is named', () => {
    const { group } = paletteFor(true);
    const colours = Array.from({ length: 12 }, (_, i) => group(i * 7)('x'));
    expect(new Set(colours).size).toBe(12);
    expect(Array.from({ length: 12 }, (_, i) => group(i * 7)('x'))).toEqual(colours);
    expect(group(1000)('x')).toBe(colours[0]);
  });
});

describe('a line that is too long', () => {
  it.each<[string, number, string[]]>([
    ['a bb ccc', 8, ['a bb ccc']],
    ['a bb ccc', 7, ['a bb', '  ccc']],
    ['a bb ccc dd', 6, ['a bb', '  ccc', '  dd']],
    ['a  bb  ccc', 6, ['a  bb', '  ccc']],
    // A break that does not help is none.
    ['a wordtoolong b', 6, ['a wordtoolong', '  b']],
    ['日本 日本', 8, ['日本', '  日本']],
    ['a b', 0, ['a b']],
    ['', 5, ['']],
  ])('%j goes on in the next, in %i columns: %j', (text, room, lines) => {
    expect(wrapped(text, room, '  ')).toEqual(lines);
  });
});

describe('the legend', () => {
  const legendOf = (...lines: string[]) => {
    const mounts = table(...lines);
    const rows = select(mountTree(mounts), mounts, {}, { submounts: false, form: 'tree' });
    return legend(rows).map((line) => line.split(' ')[0]);
  };

  it('explains what is shown, and nothing else', () => {
    expect(legendOf('20 1 /')).toEqual([]);
    expect(legendOf('20 1 / shared:1')).toEqual(['shared:N']);
    expect(legendOf('20 1 / master:1')).toEqual(['slave']);
    expect(legendOf('20 1 / shared:1 master:1', '21 20 /a unbindable', '22 21 /a')).toEqual([
      'shared:N',
      'slave',
      'unbindable',
      '(covered)',
    ]);
  });
});

describe('JSON', () => {
  it('can be as deep as a stack of mounts, and no longer than for others', () => {
    const rows = Array.from({ length: 2000 }, (_, depth) => ({ depth, values: [depth] }));
    const text = [...json(['ID'], rows)].join('');
    let depth = 0;
    for (let at = JSON.parse(text).filesystems[0]; at !== undefined; at = at.children?.[0]) {
      expect(at.id).toBe(depth);
      depth += 1;
    }
    expect(depth).toBe(2000);
    expect(text.length).toBeLessThan(2000 * 1000);
  });

  it('of no rows is an empty list', () => {
    expect(JSON.parse([...json(['ID'], [])].join(''))).toEqual({ filesystems: [] });
  });
});
