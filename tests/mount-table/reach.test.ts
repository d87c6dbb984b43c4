import { type Mount, reach } from '@ns-tool/mount-table';
import { describe, expect, it } from 'vitest';
import { table } from './tables.ts';

/** Tables in short: `{ a: ['20 1 /'] }`. A mount with `root=/x` shows that directory of its filesystem. */
function tables(short: { [namespace: string]: string[] }): { namespace: string; mounts: Mount[] }[] {
  return Object.entries(short).map(([namespace, lines]) => ({
    namespace,
    mounts: lines.flatMap((line) => {
      const [short = '', root = '/'] = line.split(' root=');
      return table(short).map((mount) => ({ ...mount, root }));
    }),
  }));
}

/** Where it would appear, in short: `b /m/x peer 1`, with `hidden` where it would not be seen. */
function places(short: { [namespace: string]: string[] }, path: string, namespace = 'a') {
  return reach(tables(short), namespace, path)?.map(({ namespace, path, visible, reason }) =>
    [
      namespace,
      path,
      reason.kind,
      ...(reason.kind === 'same mount' ? [] : [reason.group]),
      ...(reason.kind === 'slave' && reason.via !== null ? [`via ${reason.via}`] : []),
      ...(visible ? [] : ['hidden']),
    ].join(' '),
  );
}

describe('reach', () => {
  it.each<[string, { [namespace: string]: string[] }, string, string[]]>([
    ['a private mount', { a: ['20 1 /'], b: ['30 1 /'] }, '/x', []],
    ['an unbindable mount', { a: ['20 1 / unbindable'] }, '/x', []],
    ['a slave that is not shared', { a: ['20 1 / master:1', '21 20 /m shared:1'] }, '/x', []],
    ['a shared mount without peers', { a: ['20 1 / shared:1'], b: ['30 1 / shared:2'] }, '/x', []],
    ['a peer elsewhere', { a: ['20 1 / shared:1'], b: ['30 1 / shared:1'] }, '/x/y', ['b /x/y peer 1']],
    [
      'peers in the same namespace',
      { a: ['20 1 /', '21 20 /m shared:1', '22 20 /n shared:1', '23 20 /o shared:1'] },
      '/n/x',
      ['a /m/x peer 1', 'a /o/x peer 1'],
    ],
    ['a slave', { a: ['20 1 / shared:1'], b: ['30 1 / master:1'] }, '/x', ['b /x slave 1']],
    ['not its master', { a: ['20 1 / shared:2 master:1'], b: ['30 1 / shared:1'] }, '/x', []],
    [
      'slaves of slaves, and their peers',
      {
        a: ['20 1 / shared:1'],
        b: ['30 1 / shared:2 master:1', '31 30 /p shared:2 master:1'],
        c: ['40 1 / shared:3 master:2'],
        d: ['50 1 / master:3'],
      },
      '/x',
      ['b /x slave 1', 'b /p/x slave 1', 'c /x slave 2 via 1', 'd /x slave 3 via 2'],
    ],
    [
      'a peer of a slave, whatever its own line says of a master',
      { a: ['20 1 / shared:1'], b: ['30 1 / shared:2 master:1', '31 30 /p shared:2'] },
      '/x',
      ['b /x slave 1', 'b /p/x peer 2'],
    ],
    [
      'a slave of a group that no table shows, by its propagate_from',
      { a: ['20 1 / shared:5'], b: ['30 1 / master:7 propagate_from:5'] },
      '/x',
      ['b /x slave 7 via 5'],
    ],
    [
      'the mount that holds the path, not the one of the longest string',
      { a: ['20 1 / shared:1', '21 20 /m', '22 20 /mn shared:2'], b: ['30 1 / shared:1', '31 30 /mn shared:2'] },
      '/mno',
      ['b /mno peer 1'],
    ],
    [
      'a mount point itself: the mount lies on the root of what is mounted there',
      { a: ['20 1 / shared:1', '21 20 /m shared:2'], b: ['30 1 / shared:1', '31 30 /q shared:2'] },
      '/m',
      ['b /q peer 2'],
    ],
    [
      'a bind of a directory above the path',
      { a: ['20 1 / shared:1'], b: ['30 1 /', '31 30 /sub shared:1 root=/d/e'] },
      '/d/e/x',
      ['b /sub/x peer 1'],
    ],
    [
      'a bind of the very directory',
      { a: ['20 1 / shared:1'], b: ['30 1 /', '31 30 /sub shared:1 root=/d/e'] },
      '/d/e',
      ['b /sub peer 1'],
    ],
    [
      'a bind of another directory',
      { a: ['20 1 / shared:1'], b: ['30 1 /', '31 30 /sub shared:1 root=/d/e'] },
      '/d/ex',
      [],
    ],
    [
      'a bind of a directory below the path',
      { a: ['20 1 / shared:1'], b: ['30 1 /', '31 30 /sub shared:1 root=/d/e'] },
      '/d',
      [],
    ],
    [
      'from a bind of a directory to all of the filesystem',
      {
        a: ['20 1 /', '21 20 /sub shared:1 root=/d/e'],
        b: ['30 1 / shared:1'],
        c: ['40 1 /', '41 40 /d shared:1 root=/d'],
      },
      '/sub/x',
      ['b /d/e/x peer 1', 'c /d/e/x peer 1'],
    ],
    [
      'from a bind of a directory onto itself, to its mount point',
      { a: ['20 1 /', '21 20 /sub shared:1 root=/d'], b: ['30 1 /', '31 30 /q shared:1 root=/d'] },
      '/sub',
      ['b /q peer 1'],
    ],
    [
      'a place where something is mounted already: it goes beneath',
      { a: ['20 1 / shared:1'], b: ['30 1 / shared:1', '31 30 /x'] },
      '/x',
      ['b /x peer 1 hidden'],
    ],
    [
      'a place below another mount',
      { a: ['20 1 / shared:1'], b: ['30 1 / shared:1', '31 30 /x'] },
      '/x/y',
      ['b /x/y peer 1 hidden'],
    ],
    [
      'a peer that is covered',
      { a: ['20 1 /', '21 20 /m shared:1', '22 21 /m shared:1'] },
      '/m/x',
      ['a /m/x peer 1 hidden'],
    ],
    [
      'a stack on the root: the mount goes to the top, where lookup does not see it',
      { a: ['20 1 / shared:1', '21 20 / shared:2'], b: ['30 1 /', '31 30 /2 shared:2', '32 30 /1 shared:1'] },
      '/',
      ['b /2 peer 2'],
    ],
    [
      'the root of a peer, over which lookup does not see it',
      { a: ['20 1 /', '21 20 /m shared:1'], b: ['30 1 / shared:1'] },
      '/m',
      ['b / peer 1 hidden'],
    ],
    [
      'a process with another root, in the same namespace',
      { a: ['20 1 / shared:1', '21 20 /m shared:2'], chrooted: ['21 20 / shared:2'] },
      '/m/x',
      ['chrooted /x same mount'],
    ],
    [
      'a private mount that another process sees too',
      { a: ['20 1 /'], chrooted: ['20 1 /'] },
      '/x',
      ['chrooted /x same mount'],
    ],
    [
      'groups in a circle, as only a hostile table has them',
      { a: ['20 1 / shared:1 master:2'], b: ['30 1 / shared:2 master:1'] },
      '/x',
      ['b /x slave 1'],
    ],
    [
      'a deleted directory, on which nothing can be mounted',
      { a: ['20 1 /', '21 20 /m shared:1 root=/d//deleted'], b: ['30 1 /', '31 30 /m shared:1 root=/d//deleted'] },
      '/m',
      [],
    ],
    [
      'a deleted directory elsewhere',
      { a: ['20 1 / shared:1'], b: ['30 1 /', '31 30 /m shared:1 root=/d//deleted'] },
      '/d',
      [],
    ],
  ])('%s', (_, short, path, expected) => {
    expect(places(short, path)).toEqual(expected);
  });

  it('gives a place once that two processes of one namespace show', () => {
    const both = [
      ...tables({ a: ['20 1 / shared:1'] }),
      ...tables({ b: ['30 1 / shared:1'] }),
      ...tables({ b: ['30 1 / shared:1'] }),
    ];
    expect(reach(both, 'a', '/x')).toMatchObject([{ namespace: 'b', path: '/x', visible: true }]);
  });

  it('names the mount on which it would lie', () => {
    const [place] = reach(tables({ a: ['20 1 / shared:1'], b: ['30 1 / shared:1'] }), 'a', '/x') ?? [];
    expect(place?.mount.id).toBe(30);
  });

  it('is unknown where the table does not show the mount that holds the path', () => {
    expect(places({ a: ['20 9 /proc shared:1'], b: ['30 1 / shared:1'] }, '/x')).toBeUndefined();
    expect(reach(tables({ a: ['20 9 /proc shared:1'] }), 'a', '/x')).toBeNull();
  });

  it('refuses a namespace of which there is no table, and a path that is none', () => {
    const given = tables({ a: ['20 1 /'] });
    expect(() => reach(given, 'z', '/x')).toThrow(new RangeError('no table of the namespace z'));
    expect(() => reach(given, 'a', 'x')).toThrow(TypeError);
  });
});
