/** Large and hostile tables. What is not linear does not end within a test's time. */
import {
  diffMounts,
  formatMountinfo,
  type Mount,
  mountHolding,
  mountTree,
  parseMountinfo,
  propagationGraph,
  reach,
} from '@ns-tool/mount-table';
import { describe, expect, it } from 'vitest';
import { mount } from './tables.ts';

const SIZE = 100_000;
const numbers = Array.from({ length: SIZE }, (_, i) => i);
const root = mount({ id: 1, parentId: 0, peerGroup: 1 });

const wide = [
  root,
  ...numbers.map((i) => mount({ id: i + 2, parentId: 1, mountPoint: `/dir/${i}`, peerGroup: i + 2 })),
];
/** Each on top of the one before. */
const stack = [root, ...numbers.map((i) => mount({ id: i + 2, parentId: i + 1, mountPoint: '/m', source: `${i}` }))];
const twins = stack.map((mount) => ({ ...mount, source: 'none' }));
const circle = numbers.map((i) => mount({ id: i, parentId: (i + 1) % SIZE, mountPoint: '/m' }));
/** Chains that all lead into one. */
const comb = numbers.map((i) => mount({ id: i, parentId: i + 1, mountPoint: i % 2 ? '/a' : '/b' }));

const tables: [string, Mount[]][] = [
  ['side by side', wide],
  ['one on the other', stack],
  ['one on its twin', twins],
  ['in a circle', circle],
  ['children first', comb],
];

describe(`${SIZE} mounts`, () => {
  it.each(tables)('%s: parsed, treed, looked up and compared', (_, mounts) => {
    const table = formatMountinfo(mounts);
    expect(Buffer.compare(formatMountinfo(parseMountinfo(table)), table)).toBe(0);
    const tree = mountTree(mounts);
    expect(tree.nodes).toHaveLength(mounts.length);
    mountHolding(tree, '/m/a');
    const { added, removed, changed } = diffMounts(mounts, [...mounts].reverse());
    expect([added.length, removed.length]).toEqual([0, 0]);
    expect(changed.length).toBeLessThanOrEqual(mounts.length);
  });

  it('stacked: the last is on top, and the only one visible beside the root', () => {
    const tree = mountTree(stack);
    expect(mountHolding(tree, '/m/x')?.mount.id).toBe(SIZE + 1);
    expect(tree.nodes.filter(({ visible }) => visible)).toHaveLength(2);
  });

  it('in one peer group, and in a chain of masters', () => {
    const peers = wide.map((mount) => ({ ...mount, peerGroup: 1 }));
    expect(reach([{ namespace: 'a', mounts: peers }], 'a', '/x')).toHaveLength(SIZE);
    const chain = wide.map((mount, i) => ({ ...mount, peerGroup: i + 1, master: i === 0 ? null : i }));
    expect(propagationGraph([{ namespace: 'a', mounts: chain }]).size).toBe(SIZE + 1);
    const reached = reach([{ namespace: 'a', mounts: chain }], 'a', '/x') ?? [];
    expect(reached).toHaveLength(SIZE);
  });
});

describe('hostile tables', () => {
  it('a path of a million directories', () => {
    const deep = '/a'.repeat(1_000_000);
    const tree = mountTree([
      root,
      mount({ id: 2, parentId: 1, mountPoint: deep }),
      mount({ id: 3, parentId: 2, mountPoint: `${deep}/b` }),
    ]);
    expect(mountHolding(tree, `${deep}/b/c`)?.mount.id).toBe(3);
    expect(tree.nodes.every(({ visible }) => visible)).toBe(true);
  });

  it('a million options, and quotes that do not close', () => {
    const many = [
      mount({ options: new Array(1_000_000).fill('context="'), superOptions: numbers.map((i) => `o${i}`) }),
    ];
    const [parsed] = parseMountinfo(formatMountinfo(many));
    expect(parsed?.options).toHaveLength(1_000_000);
    const quotes = new TextEncoder().encode(`1 0 0:1 / / rw - t s ${'context="'.repeat(SIZE)}\n`);
    expect(parseMountinfo(quotes)).toHaveLength(1);
    const other = [
      mount({ options: new Array(1_000_000).fill('x'), superOptions: numbers.map((i) => `o${SIZE - i}`) }),
    ];
    expect(diffMounts(many, other).changed).toHaveLength(1);
  });

  it('a million optional fields', () => {
    const line = `1 0 0:1 / / rw ${'x '.repeat(1_000_000)}- t s rw\n`;
    expect(parseMountinfo(new TextEncoder().encode(line))[0]?.unknownFields).toHaveLength(1_000_000);
  });
});
