/** Against the real kernel: where mounts really appear that are made, next to what `reach` says. */
import { mountTree, type NamespaceTable, reach } from '@ns-tool/mount-table';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { needsRoot } from '../support/privilege.ts';
import { Lookup, Namespace } from './namespaces.ts';

/** A mount `base` at /mnt with directories, shared with itself and others in all ways. */
const WORLD = `
  mount -t tmpfs -o mode=755 base /mnt && cd /mnt
  mkdir -p private/x master/sub/deep master/other peer slave deeppeer above both below unbindable/x covered target
  mount -t tmpfs shared master && mount --make-shared master
  mkdir -p master/sub/deep master/sub/deeper master/other master/x
  mount --bind master peer
  mount --bind master slave && mount --make-slave slave
  mount --bind master/sub/deep deeppeer
  mount --bind master/sub above
  mount --bind master both && mount --make-slave both && mount --make-shared both
  mount --bind both below && mount --make-slave below
  mount --bind master covered && mount --make-slave covered && mount -t tmpfs cover covered
  mount -t tmpfs unbindable unbindable && mkdir unbindable/x && mount --make-unbindable unbindable
  mount --bind master target && mount --make-slave target && mount -t tmpfs occupant target/other
`;

const PATHS = [
  '/mnt/private/x',
  '/mnt/unbindable/x',
  '/mnt/master',
  '/mnt/master/x',
  '/mnt/master/other',
  '/mnt/master/sub',
  '/mnt/master/sub/deep',
  '/mnt/master/sub/deeper',
  '/mnt/peer/other',
  '/mnt/peer/sub/deep',
  '/mnt/slave/x',
  '/mnt/both/x',
  '/mnt/both/sub/deep',
  '/mnt/below/x',
  '/mnt/deeppeer',
  '/mnt/above/deep',
  '/mnt/above',
  '/mnt/covered',
  '/mnt/target/other',
  '/mnt',
  '/',
];

describe.skipIf(needsRoot('where mounts appear'))('reach', () => {
  const namespaces = new Map<string, Namespace>();
  const lookups = new Map<string, Lookup>();

  beforeAll(async () => {
    const add = async (name: string, ...how: Parameters<typeof Namespace.make>) => {
      const namespace = await Namespace.make(...how);
      namespaces.set(name, namespace);
      return namespace;
    };
    const first = await add('first');
    await first.shell(WORLD);
    await add('peers', 'unchanged', first);
    const slaves = await add('slaves', 'slave', first);
    const shadowing = await add('shadowing', 'unchanged', first);
    await shadowing.shell('mount -t tmpfs cover /mnt');
    await add('private', 'private', first);
    // Slaves that are shared have slaves of their own.
    await slaves.shell('mount --make-rshared /mnt');
    await add('slaves of slaves', 'slave', slaves);
    const rooted = await add('rooted in it', 'unchanged', first);
    await rooted.shell('mount --move /mnt/master /mnt/private');
    for (const [name, namespace] of namespaces) lookups.set(name, await Lookup.make(namespace));
    lookups.set('another root', await Lookup.make(rooted, '/mnt/private'));
  });
  afterAll(async () => {
    for (const inside of [...lookups.values(), ...namespaces.values()]) await inside.dispose();
  });

  /** Read from processes that have been there before, since a stack over `/` is for those who come later. */
  const tablesNow = (): NamespaceTable[] =>
    Array.from(lookups, ([namespace, lookup]) => ({ namespace, mounts: lookup.mounts() }));

  const moved = ['/mnt/private', '/mnt/private/x', '/mnt/private/sub/deep', '/mnt/peer/x', '/mnt/master'];

  it.each<[string, readonly string[], number]>([
    ['first', PATHS, 13],
    ['peers', PATHS, 13],
    ['slaves', PATHS, 20],
    ['slaves of slaves', PATHS, 0],
    ['private', PATHS, 0],
    ['rooted in it', moved, 4],
  ])('is right for mounts made in %s', async (name, paths, appearing) => {
    const elsewhere = new Set<string>();
    for (const path of paths) {
      const before = tablesNow();
      const predicted = reach(before, name, path) ?? [];
      await namespaces.get(name)?.shell(`mount -t tmpfs reached ${path}`);
      const after = tablesNow();
      // Lookup does not see a mount over the root; but it goes on from there to the parent of the root, which is the root.
      await namespaces.get(name)?.shell(`umount ${path === '/' ? '/..' : path}`);
      expect(tablesNow().map(({ mounts }) => mounts.length)).toEqual(before.map(({ mounts }) => mounts.length));

      const appeared = after.flatMap(({ namespace, mounts }, i) => {
        const known = new Set(before[i]?.mounts.map(({ id }) => id));
        const nodes = mountTree(mounts).nodes.filter(({ mount }) => !known.has(mount.id));
        return nodes.map(({ mount, visible }) => ({ namespace, path: mount.mountPoint, visible }));
      });
      const own = appeared.find(
        (place) => place.namespace === name && place.path === path && (place.visible || path === '/'),
      );
      expect(own, path).toBeDefined();
      const show = ({ namespace, path, visible }: (typeof appeared)[number]) =>
        `${namespace}: ${path}${visible ? '' : ' hidden'}`;
      const actual = appeared.filter((place) => place !== own);
      expect(predicted.map(show).sort(), path).toEqual(actual.map(show).sort());
      if (actual.length > 0) elsewhere.add(path);
    }
    expect(elsewhere.size).toBe(appearing);
  });
});
