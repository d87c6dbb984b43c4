import { type MountTree, mountHolding, mountTree } from '@ns-tool/mount-table';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mount, table } from './tables.ts';

/** What is visible of a tree: the IDs of its mounts, in table order. */
function visible(tree: MountTree): number[] {
  const ids = tree.nodes.filter((node) => node.visible).map(({ mount }) => mount.id);
  return ids.sort((a, b) => a - b);
}

/** The shape of a tree: `1(2 3(4))`. */
function shape(tree: MountTree): string {
  const show = (nodes: MountTree['roots']): string =>
    nodes.map(({ mount, children }) => `${mount.id}${children.length > 0 ? `(${show(children)})` : ''}`).join(' ');
  return show(tree.roots);
}

const holding = (tree: MountTree, path: string) => mountHolding(tree, path)?.mount.id ?? null;

const plain = table('20 1 /', '21 20 /proc', '22 20 /a', '23 22 /a/b', '24 20 /ab');
const stacked = table('20 1 /', '21 20 /m', '22 21 /m', '23 22 /m', '24 22 /m/x', '25 23 /m/y', '26 21 /m/z');
const shadowed = table('20 1 /', '21 20 /a/b', '22 21 /a/b/c', '23 20 /a', '24 23 /a/b', '25 20 /a/b/d');
/** As the kernel lists a mount that was moved onto another: before it. */
const moved = table('20 1 /', '21 22 /m', '22 20 /m');
const overRoot = table('20 1 /', '21 20 /proc', '22 20 /', '23 22 /', '24 23 /b');
/** A process whose root is a plain directory of mount 9, over which a mount was made later. */
const chrooted = table('20 9 /proc', '21 9 /', '22 20 /proc/a', '23 21 /b');

describe('mountTree', () => {
  it.each([
    ['by parent IDs', plain, '20(21 22(23) 24)', [20, 21, 22, 23, 24]],
    ['of stacked mounts, of which the topmost is visible', stacked, '20(21(22(23(25) 24) 26))', [20, 23, 25]],
    ['of mounts shadowed by one above them', shadowed, '20(21(22) 23(24) 25)', [20, 23, 24]],
    ['of a mount listed before the one it lies on', moved, '20(22(21))', [20, 21]],
    ['of mounts over the root, which path lookup does not reach', overRoot, '20(21 22(23(24)))', [20, 21]],
    ['of a process whose root is no mount point', chrooted, '20(22) 21(23)', [20, 22]],
    ['whose root is its own parent', table('1 1 /', '2 1 /a'), '1(2)', [1, 2]],
    ['of a process that sees no mount', [], '', []],
    [
      'two mounts on one directory of one mount: the later is on top',
      table('20 1 /', '21 20 /a', '22 20 /a'),
      '20(21 22)',
      [20, 22],
    ],
    ['a mount whose parent is missing without reason', table('20 1 /', '21 77 /a', '22 20 /b'), '20(22) 21', [20, 22]],
    [
      'a mount point that does not lie in the parent',
      table('20 1 /', '21 20 /a', '22 21 /b', '23 21 /ab'),
      '20(21(22 23))',
      [20, 21],
    ],
    ['a circle', table('20 1 /', '21 22 /a', '22 21 /b', '23 22 /b/c'), '20 21(22(23))', [20]],
    ['nothing but a circle', table('21 22 /', '22 21 /'), '21(22)', [21]],
    ['one that is its own parent beside a root', table('20 1 /', '21 21 /a'), '20 21', [20]],
    ['an ID twice', table('20 1 /', '20 1 /', '21 20 /a'), '20 20(21)', [20]],
    ['needless slashes in mount points', table('20 1 /', '21 20 //a/', '22 21 /a/./b'), '20(21(22))', [20, 21, 22]],
  ])('is %s', (_, mounts, expected, expectedVisible) => {
    const tree = mountTree(mounts);
    expect(shape(tree)).toBe(expected);
    expect(visible(tree)).toEqual(expectedVisible);
  });

  it('lists parents before children, and gives each mount once', () => {
    for (const mounts of [plain, stacked, shadowed, moved, overRoot, chrooted]) {
      const { nodes } = mountTree(mounts);
      expect(nodes.map(({ mount }) => mount).sort((a, b) => a.id - b.id)).toEqual(
        [...mounts].sort((a, b) => a.id - b.id),
      );
      for (const node of nodes) {
        if (node.parent !== null) expect(nodes.indexOf(node.parent)).toBeLessThan(nodes.indexOf(node));
        for (const child of node.children) expect(child.parent).toBe(node);
      }
    }
  });

  it('has a root, unless the process has a plain directory as root', () => {
    expect(mountTree(plain).root?.mount.id).toBe(20);
    expect(mountTree(overRoot).root?.mount.id).toBe(20);
    expect(mountTree(chrooted).root).toBeNull();
    expect(mountTree([]).root).toBeNull();
  });

  it('says visible of those mounts that their mount points lead to', () => {
    const id = fc.integer({ min: 1, max: 6 });
    const path = fc.constantFrom('/', '/a', '/a/b', '/a/b/c', '/ab', '/b');
    const anyTable = fc.array(
      fc.record({ id, parentId: id, mountPoint: path }).map((fields) => mount(fields)),
      { maxLength: 7 },
    );
    fc.assert(
      fc.property(anyTable, (mounts) => {
        const tree = mountTree(mounts);
        expect(tree.nodes).toHaveLength(mounts.length);
        for (const node of tree.nodes) {
          expect(node.visible).toBe(mountHolding(tree, node.mount.mountPoint) === node);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('mountHolding', () => {
  it.each([
    ['/', plain, 20],
    ['/etc', plain, 20],
    ['/a', plain, 22],
    ['/a/', plain, 22],
    ['//a//.//x', plain, 22],
    ['/a/b', plain, 23],
    ['/a/b/c/d', plain, 23],
    ['/a/./b', plain, 23],
    ['/a/bc', plain, 22],
    ['/ab', plain, 24],
    ['/abc', plain, 20],
    ['/proc/1', plain, 21],
    ['/m', stacked, 23],
    ['/m/q', stacked, 23],
    ['/m/x', stacked, 23],
    ['/m/y/q', stacked, 25],
    ['/m/z', stacked, 23],
    ['/a', shadowed, 23],
    ['/a/b', shadowed, 24],
    ['/a/b/c', shadowed, 24],
    ['/a/b/d', shadowed, 24],
    ['/m', moved, 21],
    ['/', overRoot, 20],
    ['/proc', overRoot, 21],
    ['/b', overRoot, 20],
    ['/', chrooted, null],
    ['/b', chrooted, null],
    ['/proc/a/x', chrooted, 22],
    ['/a', [], null],
  ])('%s', (path, mounts, expected) => {
    expect(holding(mountTree(mounts), path)).toBe(expected);
  });

  it('compares names that are not UTF-8', () => {
    const tree = mountTree([mount(), mount({ id: 21, parentId: 20, mountPoint: '/\udcff' })]);
    expect([holding(tree, '/\udcff/a'), holding(tree, '/\udcfe/a')]).toEqual([21, 20]);
  });

  it.each(['', 'a', './a', '/a/../b', '/..'])('refuses %o, which only the kernel can resolve', (path) => {
    expect(() => mountHolding(mountTree(plain), path)).toThrow(
      new TypeError(`${JSON.stringify(path)}: not an absolute path without ".."`),
    );
  });

  it('takes three dots for a name', () => {
    const tree = mountTree(table('20 1 /', '21 20 /...', '22 21 /.../..a'));
    expect([holding(tree, '/...'), holding(tree, '/.../..a')]).toEqual([21, 22]);
  });
});
