/** A picture of some mounts of a table: those that are selected, each on the nearest of them that it lies on. */
import type { Mount } from '@ns-tool/mount-table';
import { describe, expect, it } from 'vitest';
import { toDot } from '../../packages/ns-tool/src/mount-graph/dot.ts';
import { toMermaid } from '../../packages/ns-tool/src/mount-graph/mermaid.ts';
import { table } from '../mount-table/tables.ts';
import { linesOf, readDot, readMermaid } from './pictures.ts';

const selecting = (mounts: readonly Mount[], ...ids: number[]) => ({
  mounts,
  selected: new Set(mounts.filter(({ id }) => ids.includes(id))),
});

const MOUNTS = table(
  '20 1 / shared:1',
  '21 20 /a',
  '22 21 /a/b shared:2',
  '23 22 /a/b/c',
  '24 23 /a/b/c/d master:2',
  '25 20 /e shared:1',
  '26 20 /f master:2',
);

describe('what is selected', () => {
  it('is all that is drawn, each on its nearest ancestor among it', async () => {
    const drawing = await readDot(toDot([{ namespace: 'n', ...selecting(MOUNTS, 20, 22, 24) }]));
    expect([...drawing.boxes.keys()]).toEqual(['n /', 'n /a/b', 'n /a/b/c/d']);
    expect(linesOf(drawing, 'tree')).toEqual(['n / -> n /a/b', 'n /a/b -> n /a/b/c/d']);
  });

  it('can be in several trees', async () => {
    const drawing = await readDot(toDot([{ namespace: 'n', ...selecting(MOUNTS, 21, 23, 25) }]));
    expect([...drawing.boxes.keys()]).toEqual(['n /a', 'n /a/b/c', 'n /e']);
    expect(linesOf(drawing, 'tree')).toEqual(['n /a -> n /a/b/c']);
  });

  it('is joined by the lines of propagation between it, and by no others', async () => {
    const all = await readDot(toDot([{ namespace: 'n', mounts: MOUNTS }]));
    expect(linesOf(all, 'peers')).toEqual(['n / -> n /e']);
    expect(linesOf(all, 'slave')).toEqual(['n /a/b -> n /a/b/c/d', 'n /a/b -> n /f']);
    const some = await readDot(toDot([{ namespace: 'n', ...selecting(MOUNTS, 20, 22, 26) }]));
    expect(linesOf(some, 'peers')).toEqual([]);
    expect(linesOf(some, 'slave')).toEqual(['n /a/b -> n /f']);
  });

  it('has its masters beside it, where none of them is selected', async () => {
    const { boxes, lines } = await readDot(toDot([{ namespace: 'n', ...selecting(MOUNTS, 24, 26) }]));
    expect([...boxes.keys()].sort()).toEqual(['n /a/b/c/d', 'n /f', 'peer group 2']);
    expect(boxes.get('peer group 2')?.text).toEqual(['peer group 2', 'no member shown']);
    expect(lines.map(({ kind, from, to }) => `${kind}: ${from} -> ${to}`)).toEqual([
      'slave: peer group 2 -> n /a/b/c/d',
      'slave: peer group 2 -> n /f',
    ]);
  });

  it('is the same for Mermaid', () => {
    const tables = [{ namespace: 'n', ...selecting(MOUNTS, 20, 22, 26) }];
    expect(readMermaid(toMermaid(tables)).count).toBe(3);
  });

  it('is covered by what is not drawn', async () => {
    const mounts = table('20 1 /', '21 20 /a', '22 21 /a');
    const { boxes } = await readDot(toDot([{ namespace: 'n', ...selecting(mounts, 20, 21) }]));
    expect(boxes.get('n /a')?.text).toContain('covered by another mount');
  });

  it('is drawn together where it is many of a kind, though something else lies on it', async () => {
    const mounts = table(
      '20 1 /',
      ...Array.from({ length: 9 }, (_, i) => `${30 + i} 20 /m${i}`),
      '50 30 /m0/deep shared:1',
    );
    const ids = mounts.map(({ id }) => id).filter((id) => id !== 50);
    const { boxes } = await readDot(toDot([{ namespace: 'n', ...selecting(mounts, ...ids) }]));
    expect([...boxes.keys()]).toEqual(['n /', 'n 9 more: tmpfs']);
  });

  it('can be nothing of one namespace', async () => {
    const drawing = await readDot(
      toDot([
        { namespace: 'one', ...selecting(MOUNTS) },
        { namespace: 'two', ...selecting(MOUNTS, 20) },
      ]),
    );
    expect(drawing.namespaces).toEqual(['one', 'two']);
    expect([...drawing.boxes.keys()]).toEqual(['two /']);
  });
});
