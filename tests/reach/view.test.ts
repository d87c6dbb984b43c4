/** Roots that are no mount points: where the mount that holds them is found. */
import { describe, expect, it } from 'vitest';
import { holders, pathInView, showsRoot, type View, withRoot } from '../../packages/ns-tool/src/mount-reach/view.ts';
import { mount, table } from '../mount-table/tables.ts';

const view = (path: string, mountId: number | null, lines: readonly string[], namespace = 'a'): View => ({
  namespace,
  pid: 1,
  command: 'sh',
  root: { path, mountId, identity: path },
  mounts: table(...lines),
  isRootBorrowed: false,
});

describe('showsRoot', () => {
  it('is whether the mount at / is that of the root directory', () => {
    expect(showsRoot(view('/', 20, ['20 1 /']))).toBe(true);
    expect(showsRoot(view('/', 20, ['21 20 /m']))).toBe(false);
    // Something lies over a root directory that is no mount point.
    expect(showsRoot(view('/', 20, ['21 20 /']))).toBe(false);
    expect(showsRoot(view('/', 20, ['20 1 /m']))).toBe(false);
    expect(showsRoot(view('/', null, ['20 1 /']))).toBe(false);
  });
});

describe('holders', () => {
  it('finds a mount of that namespace, in the first view that shows it', () => {
    const views = [view('/', 20, ['20 1 /']), view('/m', 21, ['20 1 /', '21 20 /']), view('/', 20, ['21 20 /n'], 'b')];
    const find = holders(views);
    expect(find('a', 20)?.view).toBe(views[0]);
    expect(find('a', 21)?.view).toBe(views[1]);
    expect(find('b', 21)?.mount.mountPoint).toBe('/n');
    expect(find('b', 20)).toBeUndefined();
    expect(find('a', null)).toBeUndefined();
  });
});

describe('pathInView', () => {
  it.each<[string, string, string, string | null]>([
    ['/srv/jail', '/', '/', '/srv/jail'],
    ['/srv/jail', '/', '/srv', '/srv/jail'],
    ['/srv/jail', '/', '/srv/jail', '/srv/jail'],
    ['/srv/jail', '/srv', '/', '/jail'],
    ['/srv/jail/in', '/srv', '/jail', '/jail/in'],
    ['/srv', '/srv', '/', '/'],
    ['/srvjail', '/srv', '/', null],
    ['/elsewhere', '/', '/srv', null],
  ])('a root at %s, seen from one at %s, in the mount at %s: %s', (path, rootOfHolder, mountPoint, expected) => {
    const holder = { view: view(rootOfHolder, 20, []), mount: mount({ mountPoint }) };
    expect(pathInView({ path, mountId: 20, identity: '' }, holder)).toBe(expected);
  });
});

describe('withRoot', () => {
  it.each<[string, string, string, string]>([
    ['/', '/', '/srv/jail', '/srv/jail'],
    ['/', '/srv', '/srv/jail', '/jail'],
    ['/d', '/srv', '/srv/jail', '/d/jail'],
    ['/d', '/srv', '/srv', '/d'],
  ])('a mount of %s at %s, with the root directory at %s', (root, mountPoint, path, expected) => {
    const jail = view(path, 20, ['21 20 /proc']);
    const made = withRoot(jail, { view: jail, mount: mount({ id: 20, root, mountPoint }) }, path);
    expect(made.mounts).toEqual([mount({ id: 20, root: expected, mountPoint: '/' }), ...jail.mounts]);
    expect(made.isRootBorrowed).toBe(true);
  });
});
