/** What `ns-tool reach` says, confirmed by doing: the mount is made, and every process of the machine is looked into. */
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Lookup, Namespace } from '../mount-table/namespaces.ts';
import { needsRoot } from '../support/privilege.ts';
import { reachAsJson, type Sighting, sightings } from './world.ts';

/** At /mnt of a namespace: mounts that are shared in all ways, and directories for those who change their root. */
const WORLD = `
  mount -t tmpfs -o mode=755 base /mnt && mount --make-private /mnt && cd /mnt
  mkdir -p plain/x private shared peer slave both below sub covered unbindable occupied locked root
  mount -t tmpfs private private && mkdir private/x
  mount -t tmpfs shared shared && mount --make-shared shared
  mkdir -p shared/x shared/dir/deep shared/dir/jail/etc shared/occupied shared/stack
  ln -s /mnt/shared/dir shared/absolute && ln -s dir/deep shared/relative && ln -s ../../shared/up/.. shared/dir/up
  mkdir shared/up
  mount --bind shared peer
  mount --bind shared slave && mount --make-slave slave
  mount --bind shared both && mount --make-slave both && mount --make-shared both
  mount --bind both below && mount --make-slave below
  mount --bind shared/dir sub
  mount --bind shared covered && mount --make-slave covered && mount -t tmpfs cover covered
  mount --bind shared occupied && mount --make-slave occupied && mount -t tmpfs occupant occupied/occupied
  mount -t tmpfs unbindable unbindable && mkdir unbindable/x && mount --make-unbindable unbindable
  mount -t tmpfs lower root && mount --make-shared root && mkdir root/x
  mount -t tmpfs first shared/stack && mount -t tmpfs second shared/stack
`;

describe.skipIf(needsRoot('ns-tool reach, confirmed'))('ns-tool reach', () => {
  const inside = new Map<string, Namespace | Lookup>();
  const namespace = (name: string) => inside.get(name) as Namespace;

  beforeAll(async () => {
    const add = async (name: string, made: Promise<Namespace | Lookup>) => inside.set(name, await made);
    await add('first', Namespace.make('private'));
    const first = namespace('first');
    await first.shell(WORLD);
    await add('copy', Namespace.make('unchanged', first));
    await add('private copy', Namespace.make('private', first));
    await add('slave copy', Namespace.make('slave', first));
    const slaves = namespace('slave copy');
    await slaves.shell('mount --make-rshared /mnt/shared');
    await add('slave of slave', Namespace.make('slave', slaves));
    await add('covering', Namespace.make('unchanged', first));
    await add('chroot in what is covered', Lookup.make(namespace('covering'), '/mnt/peer/dir'));
    await namespace('covering').shell('mount -t tmpfs cover /mnt');
    // Its root has a peer, and then a stack on it, which is only for those who come later.
    await add('stacked', Namespace.make('unchanged', first));
    const stacked = namespace('stacked');
    await stacked.shell('mount --make-shared / && mount --bind / /mnt/private');
    await add('stacked copy', Namespace.make('unchanged', stacked));
    await stacked.shell('mount --make-private / && mount -t tmpfs over /');
    await add('chroot at a mount', Lookup.make(first, '/mnt/shared'));
    await add('chroot in a mount', Lookup.make(first, '/mnt/shared/dir/jail'));
    await add('chroot in a private mount', Lookup.make(first, '/mnt/plain'));
    await add('chroot in a slave copy', Lookup.make(slaves, '/mnt/slave/dir'));
  });
  afterAll(async () => {
    for (const process of [...inside.values()].reverse()) await process.dispose();
  });

  /** Who asks, for which path; in how many places it would appear; where the path leads, if elsewhere. */
  type Case = readonly [asker: string, path: string, places: number, canonical?: string];
  const CASES: readonly Case[] = [
    ['first', '/mnt/private/x', 0],
    ['first', '/mnt/unbindable/x', 0],
    ['first', '/mnt/plain/x', 1],
    ['first', '/mnt/shared/x', 49],
    ['first', '/mnt/peer/x', 49],
    ['first', '/mnt/shared/occupied', 49],
    ['first', '/mnt/shared/dir', 58],
    ['first', '/mnt/shared/dir/deep', 58],
    ['first', '/mnt/shared/dir/jail', 59],
    ['first', '/mnt/shared/dir/jail/etc', 59],
    ['first', '/mnt/shared', 49],
    ['first', '/mnt/shared/stack', 49],
    ['first', '/mnt/slave/x', 0],
    ['first', '/mnt/both/x', 13],
    ['first', '/mnt/below/x', 0],
    ['first', '/mnt/sub/deep', 58],
    ['first', '/mnt/sub', 58],
    ['first', '/mnt/covered', 0],
    ['first', '/mnt', 0],
    ['first', '/', 0],
    ['first', '/mnt/shared/absolute/deep', 58, '/mnt/shared/dir/deep'],
    ['first', '/mnt//peer/./relative/', 58, '/mnt/peer/dir/deep'],
    ['first', '/mnt/slave/../shared/../../../mnt/shared/x', 49, '/mnt/shared/x'],
    ['first', '/mnt/shared/dir/up/x', 49, '/mnt/shared/x'],
    ['copy', '/mnt/shared/x', 49],
    ['private copy', '/mnt/shared/x', 0],
    ['slave copy', '/mnt/shared/x', 1],
    ['slave of slave', '/mnt/shared/x', 0],
    ['covering', '/mnt', 0],
    ['stacked', '/', 0],
    ['stacked', '/mnt/private/mnt', 2],
    ['stacked copy', '/', 2],
    ['stacked copy', '/mnt', 0],
    ['stacked copy', '/mnt/private', 2],
    ['chroot at a mount', '/x', 49],
    ['chroot at a mount', '/', 49],
    ['chroot at a mount', '/../dir/deep', 58, '/dir/deep'],
    ['chroot in a mount', '/etc', 59],
    ['chroot in a mount', '/', 59],
    ['chroot in a private mount', '/x', 1],
    ['chroot in what is covered', '/deep', 58],
    ['chroot in a slave copy', '/deep', 1],
  ];

  const cases = CASES.map(([asker, path, places, canonical = path]) => ({ asker, path, places, canonical }));

  it.each(cases)('knows all places: $asker, $path', async ({ asker, path, places, canonical }) => {
    const { pid } = namespace(asker);
    const answer = reachAsJson(path, pid);
    expect({ path: answer.path, exists: answer.exists }).toEqual({ path: canonical, exists: true });
    const predicted = answer.places.map(({ namespace, pid, path, visible }) => show(namespace, pid, path, visible));

    const source = `reached-${randomUUID()}`;
    mountAs(pid, source, path);
    const seen = sightings(source);
    unmountAs(pid, canonical === '/' ? '/..' : path);
    expect(sightings(source)).toEqual([]);

    const root = readlinkSync(`/proc/${pid}/root`);
    const isOwn = (seen: Sighting) =>
      seen.namespace === namespaceOf(pid) && seen.root === root && seen.mount.mountPoint === canonical;
    const own = seen.filter((sighting) => isOwn(sighting) && (sighting.visible || canonical === '/'));
    expect(own.map(({ pid }) => pid)).toContain(pid);
    const lowest = new Map<string, number>();
    for (const { namespace, root, pid } of seen) {
      const view = `${namespace} ${root}`;
      lowest.set(view, Math.min(pid, lowest.get(view) ?? pid));
    }
    const elsewhere = seen
      .filter((sighting) => !own.includes(sighting))
      .map(({ namespace, root, mount, visible }) =>
        show(namespace, lowest.get(`${namespace} ${root}`), mount.mountPoint, visible),
      );
    expect(predicted.toSorted()).toEqual([...new Set(elsewhere)].sort());
    expect(predicted).toHaveLength(places);
  });
});

function show(namespace: number, pid: number | undefined, path: string, visible: boolean): string {
  return `${namespace} ${pid} ${path}${visible ? '' : ' hidden'}`;
}

function namespaceOf(pid: number): number {
  return Number(/\d+/.exec(readlinkSync(`/proc/${pid}/ns/mnt`))?.[0]);
}

/**
 * Makes a system call as a process with the namespace and the root directory of another. Neither needs to have a program:
 * perl is loaded before it goes there.
 */
const AS_PROCESS = `
  my ($pid, $setns, $number, @words) = @ARGV;
  open(my $namespace, '<', "/proc/$pid/ns/mnt") or die "namespace: $!";
  opendir(my $root, "/proc/$pid/root") or die "root: $!";
  syscall($setns, fileno($namespace), 0) == 0 or die "setns: $!";
  chdir($root) && chroot('.') or die "chroot: $!";
  syscall($number, map { /^\\d+$/ ? 0 + $_ : $_ } @words) == 0 or die "@words: $!";
`;

function asProcess(pid: number, number: number, ...words: readonly string[]): void {
  const args = ['-e', AS_PROCESS, `${pid}`, onArm ? '268' : '308', `${number}`, ...words];
  const { status, stderr } = spawnSync('perl', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

const onArm = process.arch === 'arm64';

function mountAs(pid: number, source: string, path: string): void {
  asProcess(pid, onArm ? 40 : 165, source, path, 'tmpfs', '0', '0');
}

function unmountAs(pid: number, path: string): void {
  asProcess(pid, onArm ? 39 : 166, path, '0');
}
