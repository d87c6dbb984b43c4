/** Which mounts are shown, where in the tree. That it is as findmnt(8) has it, findmnt.test.ts shows. */
import { type Mount, mountTree, parseMountinfo } from '@ns-tool/mount-table';
import { describe, expect, it } from 'vitest';
import {
  type Filters,
  isOfTypes,
  type State,
  select,
  selectedMounts,
  shownTrees,
} from '../../packages/ns-tool/src/mount-listing/filters.ts';
import { bytesOf, table } from '../mount-table/tables.ts';

interface How {
  readonly submounts?: boolean;
  readonly form?: 'tree' | 'list';
}

/** What is selected in short: the IDs, each with a dot for each mount that it is drawn below. */
function selected(mounts: readonly Mount[], filters: Filters = {}, { submounts = false, form = 'tree' }: How = {}) {
  const rows = select(mountTree(mounts), mounts, filters, { submounts, form });
  return rows.map(({ node, depth }) => '.'.repeat(depth) + node.mount.id).join(' ');
}

const at = (path: string, word = path): Filters => ({ place: { word, path } });

const MOUNTS = table(
  '40 99 /far',
  '20 1 /',
  '31 20 /b',
  '30 20 /a shared:1',
  '41 40 /far/x',
  '33 30 /a/y',
  '34 33 /a/y',
);

describe('a tree', () => {
  it('has the mounts on each by ID, and first the root with the lowest parent', () => {
    expect(selected(MOUNTS)).toBe('20 .30 ..33 ...34 .31 40 .41');
  });

  it('skips what is filtered out, and draws what lies on it below the next above', () => {
    const mounts = table('20 1 / shared:1', '21 20 /a', '22 21 /a/b shared:2', '23 22 /a/b/c', '24 20 /d shared:3');
    expect(selected(mounts, { states: ['shared'] })).toBe('20 .22 .24');
    expect(selected(mounts, { states: ['private'] })).toBe('21 .23');
  });

  it('of a table without mounts is empty', () => {
    expect(selected([])).toBe('');
  });

  it('can be as deep as a stack of mounts', () => {
    const deep = Array.from({ length: 20_000 }, (_, i) => `${20 + i} ${19 + i} /`);
    const mounts = table(...deep);
    expect(select(mountTree(mounts), mounts, {}, { submounts: false, form: 'tree' }).at(-1)?.depth).toBe(19_999);
    expect(select(mountTree(mounts), mounts, at('/'), { submounts: true, form: 'tree' }).at(-1)?.depth).toBe(19_999);
  });
});

describe('a list', () => {
  it('has the order of the table', () => {
    expect(selected(MOUNTS, {}, { form: 'list' })).toBe('40 20 31 30 41 33 34');
    expect(selected(MOUNTS, { states: ['shared'] }, { form: 'list' })).toBe('30');
  });
});

describe('a place', () => {
  it('is every mount on a mount point, covered or not', () => {
    expect(selected(MOUNTS, at('/a/y'))).toBe('33 34');
  });

  it('is every mount of a source, where there is no such mount point', () => {
    expect(selected(MOUNTS, at('/work/30', '30'))).toBe('30');
  });

  it('is the mount that holds a path, where there is neither: the topmost', () => {
    expect(selected(MOUNTS, at('/a/y/z'))).toBe('34');
    expect(selected(MOUNTS, at('/c'))).toBe('20');
  });

  it('can be nowhere, in a table without its root', () => {
    expect(selected(table('22 20 /a'), at('/b'))).toBe('');
  });

  it('is filtered as well', () => {
    expect(selected(MOUNTS, { ...at('/a'), states: ['slave'] })).toBe('');
    expect(selected(MOUNTS, { ...at('/a'), types: 'ext4' })).toBe('');
  });
});

describe('with submounts', () => {
  it('all that lies on what is found is shown, once, filters or not', () => {
    expect(selected(MOUNTS, at('/a'), { submounts: true })).toBe('30 .33 ..34');
    expect(selected(MOUNTS, at('/a/y'), { submounts: true })).toBe('33 .34');
    expect(selected(MOUNTS, { states: ['shared'] }, { submounts: true })).toBe('30 .33 ..34');
  });

  it('each comes where the table has it, and none twice, also if one above comes later', () => {
    const mounts = table('30 20 /a shared:1', '31 30 /a/x', '20 1 / shared:2', '21 20 /b');
    expect(selected(mounts, { states: ['shared'] }, { submounts: true })).toBe('30 .31 20 .21');
  });

  it('without filters it is the whole tree, or list', () => {
    expect(selected(MOUNTS, {}, { submounts: true })).toBe(selected(MOUNTS));
    expect(selected(MOUNTS, {}, { submounts: true, form: 'list' })).toBe('40 20 31 30 41 33 34');
  });
});

describe('states', () => {
  it.each([
    ['', ['private']],
    ['shared:1', ['shared']],
    ['master:1', ['slave']],
    ['shared:2 master:1', ['shared', 'slave']],
    ['unbindable', ['unbindable']],
  ])('%j is found as %j', (fields, states) => {
    const mounts = table(`20 1 / ${fields}`.trim());
    const all: State[] = ['shared', 'slave', 'private', 'unbindable'];
    expect(all.filter((state) => selected(mounts, { states: [state] }) === '20')).toEqual(states);
    expect(selected(mounts, { states: all })).toBe('20');
  });
});

describe('types', () => {
  it.each([
    ['tmpfs', 'tmpfs', true],
    ['tmpfs', 'ext4,tmpfs', true],
    ['tmpfs', 'EXT4,TmpFs', true],
    ['TMPfs', 'tmpfs', true],
    ['TMPfs', 'notmpfs', false],
    ['tmpfs', 'ext4', false],
    ['tmpfs', 'tmpfsx', false],
    ['tmpfs', 'tmp', false],
    ['fuse.sshfs', 'fuse', false],
    ['tmpfs', 'noext4', true],
    ['tmpfs', 'notmpfs', false],
    ['tmpfs', 'noext4,tmpfs', false],
    ['xfs', 'noext4,tmpfs', true],
    ['tmpfs', 'ext4,notmpfs,tmpfs', false],
    ['tmpfs', 'noext4,notmpfs', false],
    ['xfs', 'ext4,notmpfs', false],
  ])('%s is in %s: %s', (type, list, expected) => {
    expect(isOfTypes(type, list)).toBe(expected);
  });

  it('are those of the filesystem', () => {
    const mounts = parseMountinfo(bytesOf('20 1 8:1 / / rw - ext4 tmpfs rw\n21 20 0:5 / /a rw - tmpfs ext4 rw\n'));
    expect(selected(mounts, { types: 'ext4' })).toBe('20');
    expect(selected(mounts, { types: 'noext4' })).toBe('21');
  });
});

describe('what is selected, as trees', () => {
  const drawn = (mounts: readonly Mount[], filters: Filters, submounts = false) => {
    const chosen = selectedMounts(mounts, filters, submounts);
    const open = shownTrees(mountTree(mounts), ({ mount }) => chosen === null || chosen.has(mount));
    const lines: string[] = [];
    for (const node of open) {
      lines.push(`${node.mount.id}<${node.parent?.mount.id ?? ''}`);
      open.push(...node.children);
    }
    return lines.join(' ');
  };

  it('is all, where there is no filter', () => {
    expect(selectedMounts(MOUNTS, {}, false)).toBe(null);
    expect(selectedMounts(MOUNTS, {}, true)).toBe(null);
    expect(drawn(MOUNTS, {})).toBe('20< 40< 30<20 31<20 41<40 33<30 34<33');
  });

  it('has each on its nearest ancestor, as the listing has it', () => {
    const mounts = table('20 1 / shared:1', '21 20 /a', '22 21 /a/b shared:2', '23 22 /a/b/c', '24 20 /d shared:3');
    expect(drawn(mounts, { states: ['shared'] })).toBe('20< 22<20 24<20');
    expect(drawn(mounts, { states: ['private'] })).toBe('21< 23<21');
  });

  it('has each but once, also where a place is listed with what lies on it', () => {
    expect(drawn(MOUNTS, at('/a/y'))).toBe('33< 34<33');
    const mounts = table('30 20 /a shared:1', '31 30 /a/x', '20 1 / shared:2', '21 20 /b');
    expect(drawn(mounts, { states: ['shared'] }, true)).toBe('20< 21<20 30<20 31<30');
  });

  it('is nothing where nothing passes', () => {
    expect(drawn(MOUNTS, { types: 'ext4' })).toBe('');
  });
});
