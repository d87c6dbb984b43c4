/** Against the real kernel: the tables of namespaces made for it, and what findmnt(8) and path lookup say of them. */
import {
  diffMounts,
  findmntPropagation,
  formatMountinfo,
  formatMounts,
  isDeleted,
  type Mount,
  mountHolding,
  mountTree,
  optionalFields,
  parseMounts,
  propagationOf,
  reach,
  toBytes,
} from '@ns-tool/mount-table';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { needsRoot } from '../support/privilege.ts';
import { findmnt, Lookup, Namespace, quoted } from './namespaces.ts';

/** Names that a field of a table must escape, and such that it need not. */
const NAMES = [
  'a b',
  'tab\t',
  'line\nfeed',
  '\\',
  '\\040',
  '#',
  'a,b=c:d',
  '"quoted"',
  'é€😀',
  '\udcff\udcfe',
  'é\udcc3',
  '\x1b[2J\r',
];

const SCRIPT = `
  mount -t tmpfs -o size=1m,mode=755 base /mnt
  cd /mnt
  mkdir stacked bound moved from shared slave peer both bothpeer unbindable deleted gone sub lower upper work overlay many
  mkdir sub/dir empty none ro over 'l,o=w:er'

  mount -t tmpfs bottom stacked && mkdir stacked/below
  mount -t tmpfs below stacked/below
  mount -t tmpfs middle stacked && mount -t tmpfs top stacked && mkdir stacked/on
  mount -t tmpfs on stacked/on

  mount --bind sub/dir bound
  touch file && mount --bind /proc/self/status file
  touch net && mount --bind /proc/self/ns/net net
  mkdir -p shadowed/a/b && mount -t tmpfs shadowed shadowed/a/b
  mount -t tmpfs shadow shadowed/a && mkdir shadowed/a/b && mount -t tmpfs shadowing shadowed/a/b

  mount -t tmpfs moved from && mount -t tmpfs beneath moved && mount --move from moved

  mount -t tmpfs shared shared && mount --make-shared shared
  mount -t tmpfs slave slave && mount --make-shared slave && mount --bind slave peer && mount --make-slave slave
  mount -t tmpfs both both && mount --make-shared both && mount --bind both bothpeer
  mount --make-slave both && mount --make-shared both
  mount -t tmpfs unbindable unbindable && mount --make-unbindable unbindable

  mount --bind deleted gone && rmdir deleted
  mount -t tmpfs '' empty
  mount -t tmpfs -o nosuid,nodev,noexec,noatime none none && mount -o remount,bind,ro none
  mount -t tmpfs -o ro,size=64k,nr_inodes=7 ro ro
  mount -t overlay -o 'lowerdir=l\\,o=w\\:er:lower,upperdir=upper,workdir=work' 'over lay' overlay
  mount -t proc proc over && mount -t sysfs sysfs over
  for i in $(seq 300); do mkdir many/$i; mount -t tmpfs many many/$i; done
`;

describe.skipIf(needsRoot('mount tables of the kernel'))('the table of a namespace', () => {
  let namespace: Namespace;
  let mounts: Mount[];
  const at = (name: string) => mounts.filter(({ mountPoint }) => mountPoint === `/mnt/${name}`);

  beforeAll(async () => {
    namespace = await Namespace.make();
    await namespace.shell(SCRIPT);
    for (const name of NAMES) {
      const path = quoted(`/mnt/${name}`);
      await namespace.shell(`mkdir ${path} && mount -t tmpfs ${quoted(name)} ${path}`);
    }
    mounts = namespace.mounts();
  });
  afterAll(() => namespace?.dispose());

  it('is what findmnt says, field by field', async () => {
    const said = mounts.map((mount) => ({
      target: mount.mountPoint,
      source: mount.source === '' ? null : mount.source,
      fstype: mount.type,
      'vfs-options': mount.options.join(),
      'fs-options': mount.superOptions.join(),
      propagation: findmntPropagation(mount),
      id: mount.id,
      parent: mount.parentId,
      'maj:min': mount.device,
      fsroot: mount.root,
      'opt-fields': optionalFields(mount).join(' ') || null,
    }));
    const expected = (await findmnt(namespace)).map(({ options, ...columns }) => columns);
    expect(said).toEqual(expected);
    expect(said.length).toBeGreaterThan(340);
  });

  it('is written as the kernel wrote it', () => {
    expect(Buffer.from(formatMountinfo(mounts))).toEqual(namespace.table('mountinfo'));
    const table = namespace.table('mounts');
    expect(Buffer.from(formatMounts(parseMounts(table)))).toEqual(table);
  });

  it('has the same mounts in /proc/PID/mounts', async () => {
    const entries = parseMounts(namespace.table('mounts'));
    expect(entries.map(({ source, mountPoint, type }) => [source, mountPoint, type])).toEqual(
      mounts.map(({ source, mountPoint, type }) => [source, mountPoint, type]),
    );
    const options = (await findmnt(namespace)).map((columns) => String(columns.options).split(',').sort());
    expect(entries.map((entry) => entry.options.join().split(',').sort())).toEqual(options);
  });

  it('has the names that were given, to the byte', () => {
    for (const name of NAMES) expect(at(name)).toMatchObject([{ source: name }]);
    expect(toBytes(at('\udcff\udcfe')[0]?.source ?? '')).toEqual(Uint8Array.of(0xff, 0xfe));
  });

  it('has what was made, state by state', () => {
    const states = ['shared', 'slave', 'peer', 'both', 'bothpeer', 'unbindable', 'bound'];
    expect(states.map((name) => at(name).map(propagationOf).join())).toEqual([
      'shared',
      'slave',
      'shared',
      'shared,slave',
      'shared',
      'unbindable',
      'private',
    ]);
    expect(at('both')[0]?.master).toBe(at('bothpeer')[0]?.peerGroup);
    expect(at('bound')).toMatchObject([{ root: '/sub/dir', source: 'base' }]);
    expect(at('gone').map((mount) => [mount.root, isDeleted(mount)])).toEqual([['/deleted//deleted', true]]);
    expect(mounts.filter(isDeleted)).toHaveLength(1);
    expect(at('net')).toMatchObject([{ type: 'nsfs', root: expect.stringMatching(/^net:\[\d+\]$/) }]);
    expect(at('empty')).toMatchObject([{ source: '', superOptions: ['rw'] }]);
    expect(at('none')).toMatchObject([{ options: ['ro', 'nosuid', 'nodev', 'noexec', 'noatime'] }]);
    expect(at('overlay')[0]?.superOptions).toContain('upperdir=upper');
    expect(at('overlay')[0]?.superOptions).toContain('lowerdir=l\\,o=w\\:er:lower');
  });

  it('lists a moved mount before the one it lies on', () => {
    expect(at('moved').map(({ source }) => source)).toEqual(['moved', 'beneath']);
    expect(mountHolding(mountTree(mounts), '/mnt/moved')?.mount.source).toBe('moved');
  });

  it('is a tree in which path lookup goes the way of the kernel', async () => {
    const tree = mountTree(mounts);
    const directories = ['/', '/etc', '/mnt/sub/dir', '/mnt/./shadowed//a/b/', '/proc/1', '/mnt/many'];
    const paths = [...directories, ...mounts.map(({ mountPoint }) => mountPoint)];
    const lookup = await Lookup.make(namespace);
    const ids = await lookup.mountIdsOf(paths);
    await lookup.dispose();
    const found = paths.map((path, i) => (ids[i] === null ? null : mountHolding(tree, path)?.mount.id));
    expect(found).toEqual(ids);
    const idOf = new Map(paths.map((path, i) => [path, ids[i]]));
    for (const { mount, visible } of tree.nodes) expect(visible).toBe(idOf.get(mount.mountPoint) === mount.id);
    expect(tree.nodes.filter(({ visible }) => !visible).length).toBeGreaterThan(6);
  });

  it('is the same in a copy of the namespace, in which every mount has another ID', async () => {
    const copy = await Namespace.make('unchanged', namespace);
    const copied = copy.mounts();
    await copy.dispose();
    const ids = new Set(mounts.map(({ id }) => id));
    expect(copied.filter(({ id }) => ids.has(id))).toEqual([]);
    const { added, removed, changed } = diffMounts(mounts, copied);
    // Linux 6.18 copies an unbindable mount as a private one.
    const others = changed.filter(({ before }) => !before.unbindable);
    expect([added, removed, others]).toEqual([[], [], []]);
  });

  it('differs by what is done', async () => {
    const copy = await Namespace.make('private', namespace);
    const before = copy.mounts();
    await copy.shell(`
      cd /mnt
      mount -o remount,bind,nosuid shared && mount -o remount,size=2m shared
      mount --make-shared peer
      umount bound
      mount -t tmpfs another stacked
      mount --move overlay sub
    `);
    const { added, removed, changed } = diffMounts(before, copy.mounts());
    await copy.dispose();
    expect(added.map(({ mountPoint, source }) => [mountPoint, source])).toEqual([
      ['/mnt/sub', 'over lay'],
      ['/mnt/stacked', 'another'],
    ]);
    expect(removed.map(({ mountPoint }) => mountPoint)).toEqual(['/mnt/bound', '/mnt/overlay']);
    expect(changed.map(({ before, fields }) => [before.mountPoint, ...fields])).toEqual([
      ['/mnt/shared', 'options', 'superOptions'],
      ['/mnt/peer', 'propagation'],
    ]);
  });
});

describe.skipIf(needsRoot('another root directory'))('a process with another root', () => {
  let namespace: Namespace;
  beforeAll(async () => {
    namespace = await Namespace.make();
    await namespace.shell(`
      mount -t tmpfs base /mnt && cd /mnt
      mkdir -p jail/proc jail/peer jail/slave a b plain/x plain/y/z plain/none
      mount -t tmpfs jail jail && mkdir jail/proc jail/peer jail/slave
      mount -t tmpfs a a && mount --make-shared a && mount --bind a jail/peer
      mount --bind a b && mount --make-slave b && mount --make-shared b
      mount --bind b jail/slave && mount --make-slave jail/slave
      mount -t tmpfs x plain/x && mount -t tmpfs y plain/y && mkdir plain/y/z && mount -t tmpfs z plain/y/z
    `);
  });
  afterAll(() => namespace?.dispose());

  it('sees propagate_from, where the master is out of its sight, and so what reaches it', async () => {
    const chrooted = await Lookup.make(namespace, '/mnt/jail');
    const mounts = chrooted.mounts();
    const [jail, peer, slave] = mounts;
    const places = reach([{ namespace: 'jail', mounts }], 'jail', '/peer/x');
    await namespace.shell('mkdir /mnt/a/x && mount -t tmpfs reached /mnt/jail/peer/x');
    const reached = chrooted.mounts().filter(({ source }) => source === 'reached');
    await namespace.shell('umount /mnt/a/x');
    await chrooted.dispose();
    expect(reached.map(({ mountPoint }) => mountPoint)).toEqual(['/peer/x', '/slave/x']);
    expect(places).toMatchObject([
      { path: '/slave/x', visible: true, reason: { kind: 'slave', group: slave?.master, via: peer?.peerGroup } },
    ]);
    const [a, b] = ['/mnt/a', '/mnt/b'].map((path) => namespace.mounts().find(({ mountPoint }) => mountPoint === path));
    expect([jail?.mountPoint, peer?.mountPoint, slave?.mountPoint]).toEqual(['/', '/peer', '/slave']);
    expect(slave).toMatchObject({ master: b?.peerGroup, propagateFrom: a?.peerGroup, peerGroup: null });
    expect(peer?.peerGroup).toBe(a?.peerGroup);
  });

  it.each([
    ['that is a mount point', '/mnt/jail', ['/', '/peer', '/slave']],
    ['that is none', '/mnt/plain', ['/', '/none', '/x', '/y', '/y/z']],
  ])('%s finds the mounts that the kernel finds, before and after another over its root', async (_, root, paths) => {
    const inner = await Namespace.make('private', namespace);
    const lookup = await Lookup.make(inner, root);
    const isMountPoint = inner.mounts().some(({ mountPoint }) => mountPoint === root);
    for (const over of ['', root, root]) {
      if (over !== '') await inner.shell(`mount -t tmpfs over ${over}`);
      const mounts = lookup.mounts();
      const tree = mountTree(mounts);
      expect(tree.root !== null).toBe(isMountPoint);
      const ids = await lookup.mountIdsOf(paths);
      const listed = new Set(mounts.map(({ id }) => id));
      expect(paths.map((path) => mountHolding(tree, path)?.mount.id)).toEqual(
        ids.map((id) => (id !== null && listed.has(id) ? id : undefined)),
      );
      expect(tree.nodes.filter((node) => node.mount.source === 'over' && node.visible)).toEqual([]);
    }
    expect(lookup.mounts().filter(({ source }) => source === 'over')).toHaveLength(2);
    await lookup.dispose();
    await inner.dispose();
  });
});
