/** The picture in the language of Graphviz, as Graphviz itself reads it. */
import { describe, expect, it } from 'vitest';
import { toDot } from '../../packages/ns-tool/src/mount-graph/dot.ts';
import { table } from '../mount-table/tables.ts';
import { linesOf, readDot } from './pictures.ts';

const draw = (...tables: Parameters<typeof toDot>[0]) => readDot(toDot(tables));

/** One mount of each state: 7 has a peer, a slave, and a slave that is shared itself. */
const STATES = table(
  '20 1 / shared:7',
  '21 20 /peer shared:7',
  '22 20 /slave master:7',
  '23 20 /both shared:8 master:7',
  '24 20 /plain',
  '25 20 /unbindable unbindable',
  '26 20 /alone shared:9',
);

describe('the mounts of one namespace', () => {
  it('are boxes in a cluster, with mount point, type and source', async () => {
    const { namespaces, boxes, count } = await draw({ namespace: 'self', mounts: table('20 1 /', '21 20 /mnt') });
    expect(namespaces).toEqual(['self']);
    expect(count).toBe(2);
    expect(boxes.get('self /')?.text).toEqual(['/', 'tmpfs 20']);
    expect(boxes.get('self /mnt')?.text).toEqual(['/mnt', 'tmpfs 21']);
  });

  it('are joined to the mount that each lies on', async () => {
    const drawing = await draw({ namespace: 'n', mounts: table('21 20 /a', '22 21 /a/b', '20 1 /', '23 20 /c') });
    expect(linesOf(drawing, 'tree')).toEqual(['n / -> n /a', 'n /a -> n /a/b', 'n / -> n /c']);
    expect(drawing.lines).toHaveLength(3);
  });

  it('are in the order of their mount points, whatever that of the table', async () => {
    const drawing = await draw({ namespace: 'n', mounts: table('20 1 /', '21 20 /c', '22 20 /a', '23 20 /b') });
    expect([...drawing.boxes.keys()]).toEqual(['n /', 'n /a', 'n /b', 'n /c']);
  });

  it('say their state in words', async () => {
    const { boxes } = await draw({ namespace: 'n', mounts: STATES });
    const said = Array.from(boxes, ([name, { text }]) => [name, ...text.slice(2)]);
    expect(said).toEqual([
      ['n /', 'peer group 7'],
      ['n /alone', 'peer group 9'],
      ['n /both', 'peer group 8, slave of 7'],
      ['n /peer', 'peer group 7'],
      ['n /plain'],
      ['n /slave', 'slave of peer group 7'],
      ['n /unbindable', 'unbindable'],
    ]);
  });

  it('show which directory of the filesystem a bind mount shows, as findmnt does', async () => {
    const [root, bind] = table('20 1 /', '21 20 /b');
    if (root === undefined || bind === undefined) throw new Error('two mounts');
    const { boxes } = await draw({ namespace: 'n', mounts: [root, { ...bind, root: '/srv' }] });
    expect(boxes.get('n /b')?.text[1]).toBe('tmpfs 21[/srv]');
  });

  it('say a source that is the type but once, and none that is empty', async () => {
    const [root, child] = table('20 1 /', '21 20 /b');
    if (root === undefined || child === undefined) throw new Error('two mounts');
    const mounts = [
      { ...root, source: 'tmpfs' },
      { ...child, source: '' },
    ];
    const { boxes } = await draw({ namespace: 'n', mounts });
    expect(Array.from(boxes.values(), ({ text }) => text[1])).toEqual(['tmpfs', 'tmpfs']);
  });

  it('say that another one covers them', async () => {
    const { boxes } = await draw({
      namespace: 'n',
      mounts: table('20 1 /', '21 20 /a', '22 21 /a shared:1', '23 20 /b'),
    });
    const covered = (await readDot(toDot([{ namespace: 'n', mounts: table('20 1 /', '21 20 /a', '22 21 /a') }]))).count;
    expect(covered).toBe(3);
    expect(boxes.get('n /b')?.text).not.toContain('covered by another mount');
    expect(toDot([{ namespace: 'n', mounts: table('20 1 /', '21 20 /a', '22 21 /a') }])).toMatch(
      /covered by another mount/,
    );
    expect(toDot([{ namespace: 'n', mounts: table('20 1 /', '21 20 /a') }])).not.toMatch(/covered by another mount/);
  });

  it('are all there when IDs come twice, as no kernel writes them', async () => {
    expect((await draw({ namespace: 'n', mounts: table('20 20 /', '20 20 /a', '20 20 /b') })).count).toBe(3);
  });
});

describe('propagation', () => {
  it('joins peers, and points from the master to its slaves', async () => {
    const drawing = await draw({ namespace: 'n', mounts: STATES });
    expect(linesOf(drawing, 'peers')).toEqual(['n / -> n /peer']);
    expect(linesOf(drawing, 'slave')).toEqual(['n /peer -> n /both', 'n /peer -> n /slave']);
  });

  it('is drawn so: peers a line without a head, slaves dashed with one, both with words', async () => {
    const drawing = await draw({ namespace: 'n', mounts: STATES });
    const look = (kind: string) => drawing.lines.find((line) => line.kind === kind)?.attributes;
    expect(look('peers')).toMatchObject({ dir: 'none', xlabel: 'peers', penwidth: '1.5' });
    expect(look('peers')?.style).toBeUndefined();
    expect(look('slave')).toMatchObject({ style: 'dashed', xlabel: 'to slave', penwidth: '1.5' });
    expect(look('slave')?.dir ?? 'forward').toBe('forward');
    expect(look('tree')).toMatchObject({ dir: 'none' });
  });

  it('joins many peers in a row', async () => {
    const mounts = table('20 1 / shared:1', '21 20 /a shared:1', '22 20 /b shared:1', '23 20 /c shared:1');
    expect(linesOf(await draw({ namespace: 'n', mounts }), 'peers')).toEqual([
      'n / -> n /a',
      'n /a -> n /b',
      'n /b -> n /c',
    ]);
  });

  it('reaches from one namespace to the next', async () => {
    const drawing = await draw(
      { namespace: 'host', mounts: table('20 1 / shared:1', '21 20 /mnt shared:2') },
      { namespace: 'peer', mounts: table('30 2 / shared:1') },
      {
        namespace: 'slave',
        mounts: table('40 3 / master:1', '41 40 /mnt shared:3 master:2', '42 40 /x shared:3 master:2'),
      },
    );
    expect(drawing.namespaces).toEqual(['host', 'peer', 'slave']);
    expect(linesOf(drawing, 'peers')).toEqual(['host / -> peer /', 'slave /mnt -> slave /x']);
    expect(linesOf(drawing, 'slave')).toEqual(['peer / -> slave /', 'host /mnt -> slave /mnt']);
  });

  it('starts at a group of which no table shows a member, where that joins something', async () => {
    const drawing = await draw({
      namespace: 'n',
      mounts: table('20 1 / master:5', '21 20 /a master:5', '22 20 /b master:6'),
    });
    expect(drawing.boxes.get('peer group 5')?.text).toEqual(['peer group 5', 'no member shown']);
    expect(drawing.boxes.has('peer group 6')).toBe(false);
    expect(linesOf(drawing, 'slave')).toEqual(['peer group 5 -> n /', 'peer group 5 -> n /a']);
  });

  it('goes through a group without members where the kernel says what lies above', async () => {
    const drawing = await draw({
      namespace: 'n',
      mounts: table('20 1 / shared:1', '21 20 /a master:5 propagate_from:1'),
    });
    expect(linesOf(drawing, 'slave')).toEqual(['n / -> peer group 5', 'peer group 5 -> n /a']);
  });

  it('takes tables of one name for one namespace', async () => {
    const drawing = await draw(
      { namespace: 'n', mounts: table('20 1 / shared:1') },
      { namespace: 'n', mounts: table('20 1 / shared:1', '21 20 /a') },
    );
    expect(drawing.namespaces).toEqual(['n']);
    expect([...drawing.boxes.keys()]).toEqual(['n /', 'n /a']);
    expect(drawing.count).toBe(2);
    expect(linesOf(drawing, 'peers')).toEqual([]);
  });
});

describe('colours', () => {
  const fillOf = (drawing: Awaited<ReturnType<typeof draw>>, name: string) =>
    drawing.boxes.get(name)?.attributes.fillcolor;
  const borderOf = (drawing: Awaited<ReturnType<typeof draw>>, name: string) =>
    drawing.boxes.get(name)?.attributes.color;

  it('are one for all of a group: members, slaves and lines', async () => {
    const drawing = await draw({ namespace: 'n', mounts: STATES });
    const colour = borderOf(drawing, 'n /');
    expect(colour).toMatch(/^#[0-9a-f]{6}$/i);
    expect(borderOf(drawing, 'n /peer')).toBe(colour);
    expect(borderOf(drawing, 'n /slave')).toBe(colour);
    expect(fillOf(drawing, 'n /peer')).toBe(fillOf(drawing, 'n /'));
    for (const { kind, attributes } of drawing.lines) {
      if (kind !== 'tree') expect(attributes).toMatchObject({ color: colour });
    }
    expect(drawing.boxes.get('n /slave')?.attributes.style).toMatch(/dashed/);
    expect(drawing.boxes.get('n /')?.attributes.style).not.toMatch(/dashed/);
  });

  it('are for groups that join something: what stands alone or is private has none', async () => {
    const drawing = await draw({ namespace: 'n', mounts: STATES });
    const grey = /^#([0-9a-f]{2})\1\1$/i;
    for (const name of ['n /alone', 'n /plain', 'n /unbindable']) expect(borderOf(drawing, name)).toMatch(grey);
    expect(borderOf(drawing, 'n /')).not.toMatch(grey);
    expect(fillOf(drawing, 'n /plain')).toMatch(/^#ffffff$/i);
    expect(fillOf(drawing, 'n /alone')).not.toMatch(/^#ffffff$/i);
  });

  it('differ for as many groups as there are colours', async () => {
    const mounts = table(
      '20 1 /',
      ...Array.from({ length: 12 }, (_, i) => `${30 + i} 20 /m${i} shared:${1 + (i >> 1)}`),
    );
    const drawing = await draw({ namespace: 'n', mounts });
    const used = new Set(Array.from({ length: 12 }, (_, i) => borderOf(drawing, `n /m${i}`)));
    expect(used.size).toBe(6);
  });

  it('mark a shared mount that stands alone otherwise than a private one, without colour', async () => {
    const drawing = await draw({ namespace: 'n', mounts: STATES });
    const width = (name: string) => Number(drawing.boxes.get(name)?.attributes.penwidth ?? 1);
    expect(width('n /alone')).toBeGreaterThan(width('n /plain'));
    expect(drawing.boxes.get('n /unbindable')?.attributes.peripheries).toBe('2');
  });
});

describe('the picture', () => {
  it('has a legend', async () => {
    const { legend } = await draw({ namespace: 'n', mounts: table('20 1 /') });
    for (const word of ['private', 'unbindable', 'slave', 'peer group', 'peers', 'to slaves', 'more']) {
      expect(legend.join('\n')).toContain(word);
    }
  });

  it('has the namespaces side by side, in their order, whichever way the arrows go', async () => {
    const host = { namespace: 'host', mounts: table('20 1 / shared:1', '21 20 /a shared:2') };
    const inside = { namespace: 'inside', mounts: table('30 2 /a master:2', '31 2 /z master:1', '32 2 /b master:1') };
    const other = { namespace: 'other', mounts: table('40 3 / master:9', '41 40 /a master:9') };
    for (const tables of [
      [host, inside, other],
      [other, inside, host],
      [inside, other, host],
    ]) {
      const { namespaces, columns } = await draw(...tables);
      expect(namespaces).toEqual(tables.map(({ namespace }) => namespace));
      expect(columns).toEqual(columns.toSorted((a, b) => a - b));
    }
  });

  it('has a mount point on one level in all namespaces', async () => {
    const { boxes } = await draw(
      { namespace: 'a', mounts: table('20 1 /', '21 20 /b', '22 20 /d shared:1', '23 22 /d/e') },
      { namespace: 'b', mounts: table('30 2 /', '31 30 /a', '32 30 /d master:1', '33 30 /e') },
    );
    const level = (name: string) => Number(boxes.get(name)?.attributes.pos?.split(',')[1]);
    expect(level('a /')).toBe(level('b /'));
    expect(level('a /d')).toBe(level('b /d'));
    // Downwards, and none of two places.
    const levels = ['a /', 'b /a', 'a /b', 'a /d', 'a /d/e', 'b /e'].map(level);
    expect(levels).toEqual([...new Set(levels)].sort((a, b) => b - a));
  });

  it('has words at its lines unless they are many', async () => {
    const peers = (count: number) =>
      table('20 1 /', ...Array.from({ length: count }, (_, i) => `${30 + i} 20 /m${i} shared:1`));
    const worded = async (count: number) => {
      const { lines } = await draw({ namespace: 'n', mounts: peers(count) });
      return lines.filter(({ attributes }) => attributes.xlabel === 'peers').length;
    };
    expect(await worded(11)).toBe(10);
    expect(await worded(12)).toBe(0);
  });

  it('is the same for the same tables, whatever the order of their lines', () => {
    const tables = (mounts: typeof STATES) => [{ namespace: 'a', mounts }];
    expect(toDot(tables(STATES))).toBe(toDot(tables([...STATES])));
    expect(toDot(tables(STATES.toReversed()))).toBe(toDot(tables(STATES)));
  });

  it('of no table is one without boxes', async () => {
    expect((await draw()).count).toBe(0);
    expect((await draw({ namespace: 'n', mounts: [] })).count).toBe(0);
  });
});
