/** What changed between two tables of one namespace. */
import type { Mount } from '@ns-tool/mount-table';
import { describe, expect, it } from 'vitest';
import { changeData, changesBetween, changeText } from '../../packages/ns-tool/src/mount-listing/changes.ts';
import { paletteFor } from '../../packages/ns-tool/src/palette.ts';
import { mount, table } from '../mount-table/tables.ts';

const texts = (before: readonly Mount[], after: readonly Mount[], isUnicode = true) =>
  changesBetween(before, after).map((change) => changeText(change, paletteFor(false), isUnicode));
const [BASE] = table('20 1 /') as [Mount];
const X = mount({ id: 21, parentId: 20, device: '0:21', mountPoint: '/x', source: 'x' });

describe('a change', () => {
  it.each<[string, Mount[], Mount[], string[]]>([
    ['nothing', [BASE, X], [BASE, X], []],
    ['another order', [BASE, X], [X, BASE], []],
    ['a mount', [BASE], [BASE, { ...X, peerGroup: 7 }], ['+ /x  x  tmpfs  rw  shared:7']],
    ['a mount without a source', [BASE], [BASE, { ...X, source: '' }], ['+ /x  tmpfs  rw  private']],
    ['an umount', [BASE, X], [BASE], ['- /x  x  tmpfs  rw  private']],
    ['another mount', [X], [{ ...X, id: 22 }], ['- /x  x  tmpfs  rw  private', '+ /x  x  tmpfs  rw  private']],
    [
      'another filesystem under the ID of one that is gone',
      [X],
      [{ ...X, device: '0:9', mountPoint: '/y' }],
      ['- /x  x  tmpfs  rw  private', '+ /y  x  tmpfs  rw  private'],
    ],
    [
      'another type under the ID of one that is gone',
      [X],
      [{ ...X, type: 'proc' }],
      ['- /x  x  tmpfs  rw  private', '+ /x  x  proc  rw  private'],
    ],
    ['options', [X], [{ ...X, options: ['ro', 'nosuid'] }], ['~ /x  options -rw +ro +nosuid']],
    [
      'options of both',
      [X],
      [{ ...X, options: ['ro'], superOptions: ['rw', 'size=1k'] }],
      ['~ /x  options -rw +ro, +size=1k (filesystem)'],
    ],
    [
      'the order of options',
      [{ ...X, options: ['rw', 'a'] }],
      [{ ...X, options: ['a', 'rw'] }],
      ['~ /x  options in another order'],
    ],
    ['propagation', [X], [{ ...X, peerGroup: 3 }], ['~ /x  private → shared:3']],
    [
      'the peer group',
      [{ ...X, peerGroup: 3 }],
      [{ ...X, peerGroup: 4, master: 3 }],
      ['~ /x  shared:3 → shared:4, slave of 3'],
    ],
    ['a move', [X], [{ ...X, mountPoint: '/y' }], ['~ /y  moved from /x']],
    [
      'a move to another mount',
      [X],
      [{ ...X, mountPoint: '/y', parentId: 30 }],
      ['~ /y  moved from /x; on mount 20 → 30'],
    ],
    ['the root', [X], [{ ...X, root: '/a//deleted' }], ['~ /x  root / → /a//deleted']],
    ['the source', [X], [{ ...X, source: 'y' }], ['~ /x  source x → y']],
  ])('of %s', (_, before, after, expected) => {
    expect(texts(before, after)).toEqual(expected);
  });

  it('is told in the order gone, changed, new', () => {
    const before = table('20 1 /', '21 20 /a', '22 20 /b', '23 20 /c');
    const after = table('20 1 /', '24 20 /d', '22 20 /b shared:1', '25 20 /e');
    expect(texts(before, after).map((text) => text.slice(0, 4))).toEqual(['- /a', '- /c', '~ /b', '+ /d', '+ /e']);
  });

  it('has no control characters, and an arrow of ASCII where need be', () => {
    expect(texts([X], [{ ...X, source: '\x1b[2J', mountPoint: '/\n' }], false)).toEqual([
      '~ /\\012  moved from /x; source x -> \\033[2J',
    ]);
    expect(texts([], [{ ...X, options: ['a\n'], superOptions: ['b\x1b'] }])[0]).toContain('rw,a\\012,b\\033');
    expect(texts([X], [{ ...X, options: ['a\n'] }])).toEqual(['~ /x  options -rw +a\\012']);
  });

  it('is coloured by its sign', () => {
    const changes = changesBetween(table('20 1 /', '21 1 /a'), table('20 1 / shared:1', '22 1 /b'));
    const signs = changes.map((change) => changeText(change, paletteFor(true), true).slice(0, 6));
    expect(signs).toEqual(['\x1b[31m-', '\x1b[33m~', '\x1b[32m+']);
  });

  it('is data as well, with what was before', () => {
    const after: Mount = { ...X, mountPoint: '/y', options: ['ro'], peerGroup: 3 };
    const [change] = changesBetween([X], [after]);
    expect(change && changeData(change)).toEqual({
      action: 'change',
      id: 21,
      parent: 20,
      target: '/y',
      source: 'x',
      fsroot: '/',
      fstype: 'tmpfs',
      'vfs-options': 'ro',
      'fs-options': 'rw',
      propagation: 'shared',
      group: 3,
      master: null,
      old: {
        target: '/x',
        'vfs-options': 'rw',
        'fs-options': 'rw',
        propagation: 'private',
        group: null,
        master: null,
      },
    });
    const actions = changesBetween([X], [{ ...X, id: 30 }]).map((change) => changeData(change));
    expect(actions).toMatchObject([
      { action: 'umount', id: 21 },
      { action: 'mount', id: 30 },
    ]);
    expect(actions[0]).not.toHaveProperty('old');
  });
});
