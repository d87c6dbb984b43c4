/** The answer in words, from tables that are given. */
import type { Mount } from '@ns-tool/mount-table';
import { describe, expect, it } from 'vitest';
import { answer } from '../../packages/ns-tool/src/mount-reach/answer.ts';
import { coloured, coverage, type Question, textOf } from '../../packages/ns-tool/src/mount-reach/text.ts';
import type { View } from '../../packages/ns-tool/src/mount-reach/view.ts';
import { paletteFor } from '../../packages/ns-tool/src/palette.ts';
import { table } from '../mount-table/tables.ts';

/** A view of the tables in short, with the pid as number of its namespace. */
function view(pid: number, mounts: readonly Mount[], more: Partial<View> = {}): View {
  const root = { path: '/', mountId: 20, identity: String(pid) };
  return { namespace: `mnt:[${pid}]`, pid, command: `c${pid}`, root, mounts, isRootBorrowed: false, ...more };
}

interface Ask {
  readonly given?: string;
  readonly existing?: string;
  readonly pid?: number;
}

function text(views: readonly View[], path: string, { given = path, existing = path, pid }: Ask = {}): string[] {
  const question: Question = { given, resolved: { path, existing }, pid: pid ?? null };
  const found = answer(views, views[0] as View, path);
  return found === null ? ['unknown'] : textOf(question, found);
}

/** The lines about one table, with a second one that has nothing to do with it. */
const alone =
  (...lines: string[]) =>
  (path: string) =>
    text([view(1, table(...lines)), view(2, table('90 2 /'))], path);

describe('textOf', () => {
  it.each<[string, (path: string) => string[], string, readonly string[]]>([
    [
      'private',
      alone('20 1 /'),
      '/mnt',
      [
        '/mnt is on the mount at / (tmpfs): private.',
        'Nowhere else: / is private.',
        'To let those see it that copy or bind the mount from then on:',
        '  mount --make-shared /',
      ],
    ],
    [
      'unbindable',
      alone('20 1 /', '21 20 /m unbindable'),
      '/m/x',
      [
        '/m/x is on the mount at /m (tmpfs): unbindable.',
        'Nowhere else: /m is unbindable, so private too.',
        'To let those see it that copy or bind the mount from then on:',
        '  mount --make-shared /m',
      ],
    ],
    [
      'a slave',
      alone('20 1 / master:4'),
      '/m',
      [
        '/m is on the mount at / (tmpfs): a slave of group 4.',
        'Nowhere else: / is a slave, which receives mounts and passes none on.',
        'To pass mounts on to those that copy or bind it from then on:',
        '  mount --make-shared /',
      ],
    ],
    [
      'shared, with nobody',
      alone('20 1 / shared:4 master:5'),
      '/m',
      [
        '/m is on the mount at / (tmpfs): shared, in peer group 4, and a slave of group 5.',
        'Nowhere else: / is shared, but no other mount that shows this directory receives from group 4.',
        'To keep mounts on it from all others (or with --make-slave, to go on receiving):',
        '  mount --make-private /',
      ],
    ],
    [
      'a root directory',
      alone('20 1 /'),
      '/',
      [
        '/ is on the mount at / (tmpfs): private.',
        'A mount over a root directory is hidden from those who have that root.',
        'Nowhere else: / is private.',
        'To let those see it that copy or bind the mount from then on:',
        '  mount --make-shared /',
      ],
    ],
    [
      'a root directory with something over it, to which no path leads',
      alone('20 1 / shared:1', '21 20 /', '22 21 / shared:3'),
      '/',
      [
        '/ is on the mount at / (tmpfs): shared, in peer group 3.',
        'A mount over a root directory is hidden from those who have that root.',
        'Nowhere else: / is shared, but no other mount that shows this directory receives from group 3.',
        'From here its propagation cannot be changed: no path leads to the mount itself.',
      ],
    ],
  ])('%s', (_, lines, path, expected) => {
    expect(lines(path)).toEqual(expected);
  });

  it('takes of two on one mount the last in the table, as reach does', () => {
    expect(alone('20 1 /', '21 20 / shared:1', '22 20 / shared:2')('/')[0]).toContain('peer group 2');
  });

  it('lists places in columns, with the reason of each', () => {
    const views = [
      view(1, table('20 1 / shared:1')),
      view(12345, table('30 1 / shared:1', '31 30 /sub shared:2 master:1', '32 30 /sub/deep')),
      view(3, table('40 1 / master:2')),
      view(4, table('20 1 / shared:1')),
    ];
    expect(text(views, '/sub')).toEqual([
      '/sub is on the mount at / (tmpfs): shared, in peer group 1.',
      'A mount made at /sub would also appear at:',
      '  mnt:[4]      pid 4 (c4)          /sub      the same mount, seen by another process',
      '  mnt:[12345]  pid 12345 (c12345)  /sub      peer of group 1; hidden beneath another mount',
      '  mnt:[12345]  pid 12345 (c12345)  /sub/sub  slave of group 1',
      '  mnt:[3]      pid 3 (c3)          /sub      slave of group 2, by way of group 1',
      'To keep mounts on it from all others (or with --make-slave, to go on receiving):',
      '  mount --make-private /',
    ]);
  });

  it('says why a mount over a root would be hidden', () => {
    const views = [view(1, table('20 1 /', '21 20 /m shared:1')), view(2, table('30 1 / shared:1'))];
    expect(text(views, '/m')).toContain('  mnt:[2]  pid 2 (c2)  /  peer of group 1; hidden over its root directory');
  });

  it('says where the path leads, and what of it does not exist', () => {
    const ask = { given: '/l/../link/x', existing: '/mnt' };
    expect(text([view(1, table('20 1 /'))], '/mnt/x', ask).slice(0, 2)).toEqual([
      '/l/../link/x leads to /mnt/x.',
      '/mnt/x does not exist; what follows is for a directory made there, in /mnt.',
    ]);
  });

  it('says how to change it from where another process is', () => {
    expect(text([view(1, table('20 1 /'))], '/mnt', { pid: 77 }).slice(-2)).toEqual([
      'To let those see it that copy or bind the mount from then on:',
      '  nsenter --target 77 --mount --root mount --make-shared /',
    ]);
  });

  it('does not say how to change a mount that is no mount point for this root directory', () => {
    const jail = view(1, table('20 1 /'), { isRootBorrowed: true });
    expect(text([jail], '/mnt').at(-1)).toBe(
      'From here its propagation cannot be changed: no path leads to the mount itself.',
    );
    const below = view(1, table('20 1 /', '21 20 /m'), { isRootBorrowed: true });
    expect(text([below], '/m').at(-1)).toContain('mount --make-shared /m');
  });

  it('says that nothing can be mounted on what has been deleted', () => {
    const [root, bound] = table('20 1 /', '21 20 /m shared:1');
    const mounts = [root as Mount, { ...(bound as Mount), root: '/d//deleted' }];
    expect(text([view(1, mounts)], '/m')).toEqual([
      '/m is on the mount at /m (tmpfs): shared, in peer group 1.',
      'Nowhere: what /m shows has been deleted, and nothing can be mounted there.',
    ]);
  });

  it.each<[string, string]>([
    ['/a b', "mount --make-shared '/a b'"],
    ["/it's", "mount --make-shared '/it'\\''s'"],
    ["/a\nb\\c'", "mount --make-shared $'/a\\012b\\\\c\\''"],
    ['/\udcff', "mount --make-shared $'/\\377'"],
  ])('writes %j as a word for the shell', (mountPoint, expected) => {
    const [root, below] = table('20 1 /', '21 20 /m');
    const mounts = [root as Mount, { ...(below as Mount), mountPoint }];
    const line = text([view(1, mounts)], `${mountPoint}/x`).at(-1);
    expect(line?.slice(line.indexOf('mount --make'))).toBe(expected);
  });

  it('is one line each, whatever the names', () => {
    const odd = '/m\n\x1b[2J\udcff';
    const views = [
      view(1, table('20 1 / shared:1')),
      view(2, table('30 1 / shared:1'), { command: 'sh\n\x1b[2J) /x' }),
    ];
    const lines = text(views, odd, { given: `${odd}/.`, existing: '/' });
    expect(lines.join('')).not.toMatch(/[\p{Cc}\p{Cs}]/u);
    expect(lines).toContain('A mount made at /m\\012\\033[2J\\377 would also appear at:');
    expect(lines).toContain('  mnt:[2]  pid 2 (sh\\012\\033[2J) /x)  /m\\012\\033[2J\\377  peer of group 1');
  });

  it('lines up by the cells that names take in a terminal', () => {
    const views = [
      view(1, table('20 1 / shared:1')),
      view(2, table('30 1 / shared:1'), { command: '日本語' }),
      view(3, table('40 1 / shared:1'), { command: 'sleeps' }),
    ];
    expect(text(views, '/m')).toEqual(
      expect.arrayContaining([
        '  mnt:[2]  pid 2 (日本語)  /m  peer of group 1',
        '  mnt:[3]  pid 3 (sleeps)  /m  peer of group 1',
      ]),
    );
  });

  it('is unknown where no table shows the mount', () => {
    expect(text([view(1, table('21 20 /proc'))], '/x')).toEqual(['unknown']);
    expect(text([view(1, table('21 20 /proc'))], '/')).toEqual(['unknown']);
  });
});

describe('answer', () => {
  it('gives each place with its process, and the state of the mount', () => {
    const views = [view(7, table('30 1 / shared:1')), view(1, table('20 1 / shared:1 master:9'))];
    expect(answer(views, views[1] as View, '/x')).toMatchObject({
      path: '/x',
      mount: { id: 20 },
      state: 'shared,slave',
      isAddressable: true,
      places: [{ namespace: 7, pid: 7, command: 'c7', path: '/x', reason: { kind: 'peer', group: 1 }, visible: true }],
    });
  });
});

describe('coverage', () => {
  it.each<[number, readonly number[], boolean, string | null]>([
    [0, [], false, null],
    [1, [], true, '1 process may not be read, so the answer covers only what the others see.'],
    [2, [], false, '2 processes may not be read, so the answer covers only what the others see; sudo shows all.'],
    [
      0,
      [5, 7],
      true,
      'No table shows the mount at the root directory of pid 5, pid 7, so what would appear on it is not known.',
    ],
    [
      3,
      [5],
      true,
      '3 processes may not be read, so the answer covers only what the others see. No table shows the mount at the root directory of pid 5, so what would appear on it is not known.',
    ],
  ])('%j, %j, %j', (unreadable, rootless, isRoot, expected) => {
    expect(coverage(unreadable, rootless, isRoot)).toBe(expected);
  });
});

describe('coloured', () => {
  it('is each group in its colour', () => {
    const palette = paletteFor(true);
    expect(coloured('shared, in peer group 4, and a slave of group 5.', palette)).toBe(
      'shared, in \x1b[36mpeer group 4\x1b[39m, and a slave of \x1b[35mgroup 5\x1b[39m.',
    );
    expect(coloured('  slave of group 4', palette)).toBe('  slave of \x1b[36mgroup 4\x1b[39m');
  });
});
