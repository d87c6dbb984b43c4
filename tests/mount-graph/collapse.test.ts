/** What is left out of the picture, and what never is. */
import { type Mount, propagationOf } from '@ns-tool/mount-table';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toDot } from '../../packages/ns-tool/src/mount-graph/dot.ts';
import { parse } from '../mount-table/tables.ts';
import { readDot } from './pictures.ts';

/** `id parent mountPoint type [optional fields]` */
const mounts = (...lines: string[]): Mount[] =>
  parse(
    lines
      .map((line) => {
        const [id, parent, mountPoint, type, ...fields] = line.split(' ');
        return `${[id, parent, `0:${id}`, '/', mountPoint, 'rw', ...fields, '-', type, type, 'rw'].join(' ')}\n`;
      })
      .join(''),
  );

const below = (count: number, type: string, fields = '') =>
  Array.from({ length: count }, (_, i) => `${100 + i} 20 /${type}${i} ${type}${fields === '' ? '' : ` ${fields}`}`);

const draw = (table: readonly Mount[]) => readDot(toDot([{ namespace: 'n', mounts: table }]));
const textsOf = async (table: readonly Mount[]) => Array.from((await draw(table)).boxes.values(), ({ text }) => text);

describe('private leaves of pseudo filesystems below one mount', () => {
  it('become one box from four on', async () => {
    expect(await textsOf(mounts('20 1 / ext4', ...below(3, 'proc')))).toHaveLength(4);
    const drawing = await draw(mounts('20 1 / ext4', ...below(4, 'proc')));
    expect([...drawing.boxes.keys()]).toEqual(['n /', 'n 4 more: proc']);
    expect(drawing.lines.map(({ kind, from, to }) => [kind, from, to])).toEqual([['tree', 'n /', 'n 4 more: proc']]);
  });

  it('are counted, and named by their types, the most frequent first', async () => {
    const table = mounts(
      '20 1 / ext4',
      '21 20 /a proc',
      '22 20 /b sysfs',
      '23 20 /c sysfs',
      '24 20 /d mqueue',
      '25 20 /e cgroup2',
      '26 20 /f cgroup2',
    );
    expect((await textsOf(table))[1]?.[0]).toBe('6 more: cgroup2, sysfs, mqueue …');
  });

  it('stay, each by itself, below different mounts', async () => {
    const table = mounts(
      '20 1 / ext4',
      '21 20 /x ext4',
      '22 20 /a proc',
      '23 20 /b proc',
      '24 21 /x/a proc',
      '25 21 /x/b proc',
    );
    expect(await textsOf(table)).toHaveLength(6);
  });
});

describe('private leaves of other filesystems', () => {
  it('become one box for each type from eight on', async () => {
    expect(await textsOf(mounts('20 1 / ext4', ...below(7, 'squashfs')))).toHaveLength(8);
    expect((await textsOf(mounts('20 1 / ext4', ...below(8, 'squashfs'))))[1]?.[0]).toBe('8 more: squashfs');
  });

  it('are not counted together with those of another type', async () => {
    const overlays = below(5, 'overlay').map((line) => line.replace(/^1/, '2'));
    expect(await textsOf(mounts('20 1 / ext4', ...below(5, 'squashfs'), ...overlays))).toHaveLength(11);
  });
});

describe('never left out is a mount', () => {
  it.each(['shared:1', 'master:1', 'shared:2 master:1', 'unbindable'])('that is %s', async (fields) => {
    expect(await textsOf(mounts('20 1 / ext4', ...below(9, 'proc', fields)))).toHaveLength(
      // Of nine slaves of a group without members that group is drawn too.
      fields === 'master:1' || fields === 'shared:2 master:1' ? 10 + (fields === 'master:1' ? 1 : 0) : 10,
    );
  });

  it('on which another lies', async () => {
    const children = Array.from({ length: 5 }, (_, i) => `${200 + i} ${100 + i} /proc${i}/x ext4`);
    expect(await textsOf(mounts('20 1 / ext4', ...below(5, 'proc'), ...children))).toHaveLength(11);
  });

  it('that lies on nothing in the table', async () => {
    const roots = Array.from({ length: 9 }, (_, i) => `${100 + i} ${50 + i} /proc${i} proc`);
    expect(await textsOf(mounts(...roots))).toHaveLength(9);
  });

  it('that another one covers', async () => {
    const table = mounts(
      '20 1 / ext4',
      '21 20 /a/1 proc',
      '22 20 /a/2 proc',
      '23 20 /a/3 proc',
      '24 20 /a/4 proc',
      '25 20 /a ext4',
    );
    expect(await textsOf(table)).toHaveLength(6);
  });

  it('that is shared, a slave, or an ancestor of one, in any table', async () => {
    const anyTree = fc.array(
      fc.record({
        parent: fc.nat(30),
        type: fc.constantFrom('proc', 'sysfs', 'squashfs', 'ext4'),
        fields: fc.constantFrom('', '', '', '', 'shared:1', 'master:1', 'shared:2 master:1'),
      }),
      { minLength: 1, maxLength: 40 },
    );
    await fc.assert(
      fc.asyncProperty(anyTree, async (nodes) => {
        const table = mounts(
          ...nodes.map(({ parent, type, fields }, i) => {
            const on = i === 0 ? 1 : 20 + (parent % i);
            return [20 + i, on, i === 0 ? '/' : `/m${i}`, type, ...(fields === '' ? [] : [fields])].join(' ');
          }),
        );
        const byId = new Map(table.map((mount) => [mount.id, mount]));
        const kept = new Set<string>();
        for (const mount of table) {
          if (propagationOf(mount) === 'private') continue;
          for (let at: Mount | undefined = mount; at !== undefined; at = byId.get(at.parentId)) kept.add(at.mountPoint);
        }
        const { boxes } = await draw(table);
        const shown = new Set(Array.from(boxes.values(), ({ text }) => text[0]));
        for (const mountPoint of kept) expect(shown).toContain(mountPoint);
        // And every mount is either shown or counted.
        let count = 0;
        for (const { text, classes } of boxes.values()) {
          if (classes.includes('more')) count += Number.parseInt(text[0] ?? '', 10);
          else if (classes.includes('mount')) count += 1;
        }
        expect(count).toBe(table.length);
      }),
      { numRuns: 40 },
    );
  });
});
