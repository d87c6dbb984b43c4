import { diffMounts, type Mount } from '@ns-tool/mount-table';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mount, table } from './tables.ts';

/** A table like `table` makes it, with one and the same source, or that after `=`. */
function mounts(...lines: string[]): Mount[] {
  return lines.flatMap((line) => {
    const [short = '', source = 'none'] = line.split('=');
    return table(short).map((mount) => ({ ...mount, source }));
  });
}

/** A difference in short. */
function diff(before: Mount[], after: Mount[]) {
  const { added, removed, changed } = diffMounts(before, after);
  const show = ({ mountPoint, source }: Mount) => `${mountPoint}=${source}`;
  return {
    added: added.map(show),
    removed: removed.map(show),
    changed: changed.map(({ before, fields }) => `${show(before)}: ${fields.join(' ')}`),
  };
}

const none = { added: [], removed: [], changed: [] };
const base = mounts('20 1 /', '21 20 /m', '22 20 /n');

/** The base, with the mount at /m changed. */
const withM = (fields: Partial<Mount>) => base.map((mount) => (mount.id === 21 ? { ...mount, ...fields } : mount));

describe('diffMounts', () => {
  it.each<[string, Mount[], Mount[], Partial<ReturnType<typeof diff>>]>([
    ['the same', base, base, {}],
    ['nothing', [], [], {}],
    ['all new', [], base, { added: ['/=none', '/m=none', '/n=none'] }],
    ['all gone', base, [], { removed: ['/=none', '/m=none', '/n=none'] }],
    ['other IDs and devices', base, mounts('50 9 /', '70 50 /m', '60 50 /n'), {}],
    ['another order of lines', base, mounts('22 20 /n', '21 20 /m', '20 1 /'), {}],
    ['one added', base, [...base, ...mounts('23 20 /x=x')], { added: ['/x=x'] }],
    ['one removed', [...base, ...mounts('23 20 /x=x')], base, { removed: ['/x=x'] }],
    ['one stacked', base, [...base, ...mounts('23 21 /m=x')], { added: ['/m=x'] }],
    ['a twin stacked', base, [...base, ...mounts('23 21 /m')], { added: ['/m=none'] }],
    [
      'one put beneath',
      base,
      mounts('20 1 /', '23 20 /m=x', '21 23 /m', '22 20 /n'),
      { added: ['/m=x'], changed: ['/m=none: parent'] },
    ],
    ['options', base, withM({ options: ['ro'] }), { changed: ['/m=none: options'] }],
    ['options one more', base, withM({ options: ['rw', 'nosuid'] }), { changed: ['/m=none: options'] }],
    ['options one less', withM({ options: ['rw', 'nosuid'] }), base, { changed: ['/m=none: options'] }],
    ['super options', base, withM({ superOptions: ['rw', 'size=1k'] }), { changed: ['/m=none: superOptions'] }],
    ['source', base, withM({ source: 'x' }), { changed: ['/m=none: source'] }],
    ['propagation', base, withM({ peerGroup: 1 }), { changed: ['/m=none: propagation'] }],
    ['slave', base, withM({ master: 1 }), { changed: ['/m=none: propagation'] }],
    ['unbindable', base, withM({ unbindable: true }), { changed: ['/m=none: propagation'] }],
    [
      'an optional field that is not known',
      base,
      withM({ unknownFields: ['x'] }),
      { changed: ['/m=none: propagation'] },
    ],
    [
      'several at once',
      base,
      withM({ options: ['ro'], superOptions: ['ro'], master: 2, source: 'y' }),
      { changed: ['/m=none: options superOptions source propagation'] },
    ],
    ['another type', base, withM({ type: 'ext4' }), { added: ['/m=none'], removed: ['/m=none'] }],
    ['another root', base, withM({ root: '/d' }), { added: ['/m=none'], removed: ['/m=none'] }],
    ['another mount point', base, withM({ mountPoint: '/q' }), { added: ['/q=none'], removed: ['/m=none'] }],
    [
      'the order in a stack',
      mounts('20 1 /', '21 20 /m=a', '22 21 /m=b'),
      mounts('20 1 /', '22 20 /m=b', '21 22 /m=a'),
      { changed: ['/m=a: order parent', '/m=b: order parent'] },
    ],
    [
      'the bottom of a stack of unlike twins removed',
      withM({ superOptions: ['rw', 'size=1k'] }).concat(mounts('23 21 /m')),
      base,
      { removed: ['/m=none'], changed: ['/m=none: parent'] },
    ],
    [
      'the same with twins of unlike propagation',
      withM({ peerGroup: 1 }).concat(mounts('23 21 /m')),
      base,
      { removed: ['/m=none'], changed: ['/m=none: parent'] },
    ],
    [
      'the top of a stack of unlike sources removed, and the bottom changed',
      withM({ source: 'a' }).concat(mounts('23 21 /m=b')),
      withM({ source: 'a', options: ['ro'] }),
      { removed: ['/m=b'], changed: ['/m=a: options'] },
    ],
    [
      'the bottom of a stack of unlike sources removed, and the top changed',
      withM({ source: 'a' }).concat(mounts('23 21 /m=b')),
      withM({ source: 'b', options: ['ro'] }),
      { removed: ['/m=a'], changed: ['/m=b: options parent'] },
    ],
    [
      'a mount that now lies in another one',
      mounts('20 1 /', '21 20 /a/b'),
      mounts('20 1 /', '22 20 /a', '21 22 /a/b'),
      { added: ['/a=none'], changed: ['/a/b=none: parent'] },
    ],
  ])('%s', (_, before, after, expected) => {
    expect(diff(before, after)).toEqual({ ...none, ...expected });
  });

  it('takes per-mount options for a set, and super options for a list', () => {
    const before = withM({ options: ['rw', 'nodev', 'nosuid'], superOptions: ['rw', 'a', 'b'] });
    expect(diff(before, withM({ options: ['rw', 'nosuid', 'nodev'], superOptions: ['rw', 'a', 'b'] }))).toEqual(none);
    expect(diff(before, withM({ options: ['rw', 'nodev', 'nosuid'], superOptions: ['rw', 'b', 'a'] }))).toEqual({
      ...none,
      changed: ['/m=none: superOptions'],
    });
    expect(diff(before, withM({ options: ['rw', 'nodev', 'x'], superOptions: ['rw', 'a', 'b'] })).changed).toHaveLength(
      1,
    );
  });

  it('compares peer groups by which mounts they join, not by their numbers', () => {
    const joined = mounts('20 1 / shared:1', '21 20 /m shared:1', '22 20 /n shared:2 master:1');
    expect(diff(joined, mounts('20 1 / shared:7', '21 20 /m shared:7', '22 20 /n shared:1 master:7'))).toEqual(none);
    expect(diff(joined, mounts('20 1 / shared:7', '21 20 /m shared:8', '22 20 /n shared:1 master:7'))).toEqual({
      ...none,
      changed: ['/m=none: propagation'],
    });
    expect(diff(joined, mounts('20 1 / shared:7', '21 20 /m shared:7', '22 20 /n shared:7 master:7'))).toEqual({
      ...none,
      changed: ['/n=none: propagation'],
    });
    expect(diff(joined, mounts('20 1 / shared:7', '21 20 /m shared:7', '22 20 /n shared:1 master:9')).changed).toEqual([
      '/n=none: propagation',
    ]);
    expect(
      diff(joined, mounts('20 1 / shared:7', '21 20 /m shared:7', '22 20 /n shared:1 master:7 propagate_from:3'))
        .changed,
    ).toEqual(['/n=none: propagation']);
  });

  it('gives both versions of what changed', () => {
    const after = withM({ options: ['ro'] });
    expect(diffMounts(base, after).changed).toEqual([{ before: base[1], after: after[1], fields: ['options'] }]);
  });

  const anyTable = fc
    .array(
      fc.record({
        parent: fc.nat(),
        mountPoint: fc.constantFrom('/', '/a', '/a/b', '/c'),
        source: fc.constantFrom('s', 't'),
        root: fc.constantFrom('/', '/r'),
        options: fc.constantFrom(['rw'], ['ro']),
        peerGroup: fc.option(fc.integer({ min: 1, max: 3 })),
        master: fc.option(fc.integer({ min: 1, max: 3 })),
      }),
      { maxLength: 8 },
    )
    .map((entries) =>
      entries.map(({ parent, ...fields }, i) => mount({ ...fields, id: i + 2, parentId: 1 + (parent % (i + 1)) })),
    );

  it('finds nothing when IDs, devices and peer groups get other numbers', () => {
    fc.assert(
      fc.property(anyTable, fc.integer({ min: 1, max: 99 }), (before, shift) => {
        const group = (number: number | null) => (number === null ? null : ((number + shift) % 3) + 100);
        const after = before.map((mount) => ({
          ...mount,
          id: mount.id + shift,
          parentId: mount.parentId + shift,
          device: `0:${mount.id + shift}`,
          peerGroup: group(mount.peerGroup),
          master: group(mount.master),
        }));
        expect(diff(before, after)).toEqual(none);
      }),
    );
  });

  it('accounts for every mount once', () => {
    fc.assert(
      fc.property(anyTable, anyTable, (before, after) => {
        const { added, removed, changed } = diffMounts(before, after);
        const kept = new Set(before).size - removed.length;
        expect(after.length - added.length).toBe(kept);
        expect(changed.length).toBeLessThanOrEqual(kept);
        for (const pair of changed) expect(pair.before.mountPoint).toBe(pair.after.mountPoint);
        const back = diffMounts(after, before);
        expect([back.added.length, back.removed.length]).toEqual([removed.length, added.length]);
      }),
    );
  });
});
