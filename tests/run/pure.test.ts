/** What `ns-tool run` decides: accounts, capabilities, mounts, the overlay's options. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CAPABILITIES, type Capability, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_RDONLY, sys } from '@ns-tool/syscalls';
import { beforeAll, describe, expect, it } from 'vitest';
import { accountOf } from '../../packages/ns-tool/src/container/account.ts';
import { capabilitiesOf } from '../../packages/ns-tool/src/container/capability-set.ts';
import { idMapsFor } from '../../packages/ns-tool/src/container/host.ts';
import { readInLayers } from '../../packages/ns-tool/src/container/layered-files.ts';
import { inOrder, parseMount, parseTmpfs, parseVolume } from '../../packages/ns-tool/src/container/mounts.ts';
import { overlayData } from '../../packages/ns-tool/src/container/overlay.ts';
import { rootfsOf } from '../../packages/ns-tool/src/container/rootfs.ts';
import { checkName, isAlive, reserve, startTimeOf, statesIn } from '../../packages/ns-tool/src/container/state.ts';
import { needsRoot } from '../support/privilege.ts';
import { scratchDirectory } from '../support/scratch.ts';

const scratch = scratchDirectory();

describe('the account', () => {
  const files = {
    passwd:
      'root:x:0:0::/root:/bin/sh\nada:x:1000:1001::/home/ada:/bin/sh\n2000:x:7:7::/seven:\nevil:x:4294967295:0::/:\n',
    group: 'root:x:0:\nada:x:1001:\nvideo:x:44:ada,root\ngames:x:20:x,ada\nbad:x:-1:ada\n',
  };
  const none = { passwd: '', group: '' };
  const cases: readonly [string, typeof files, ReturnType<typeof accountOf>][] = [
    ['', files, { uid: 0, gid: 0, groups: [44], home: '/root' }],
    ['', none, { uid: 0, gid: 0, groups: [], home: '/' }],
    ['ada', files, { uid: 1000, gid: 1001, groups: [44, 20], home: '/home/ada' }],
    ['1000', files, { uid: 1000, gid: 1001, groups: [44, 20], home: '/home/ada' }],
    ['ada:video', files, { uid: 1000, gid: 44, groups: [], home: '/home/ada' }],
    ['5:6', none, { uid: 5, gid: 6, groups: [], home: '/' }],
    ['2000', files, { uid: 2000, gid: 0, groups: [], home: '/' }],
    [':20', files, { uid: 0, gid: 20, groups: [], home: '/root' }],
  ];
  for (const [user, files, account] of cases) {
    it(`${JSON.stringify(user)} of ${files.passwd.length} bytes`, () =>
      expect(accountOf(user, files)).toEqual(account));
  }

  // 2^32-1 means "unchanged" to setresuid(2): the command would stay root.
  it.each(['eve', '-1', '4294967295', '4294967296', 'evil', '1e3', '0x0', ' 0', 'ada:nobody', 'ada:4294967295'])(
    '%j is refused',
    (user) => expect(() => accountOf(user, files)).toThrow(/no such (user|group) in the image/),
  );
});

describe('a file in layers', () => {
  const layer = (name: string, make: (directory: string) => void) => {
    const directory = join(scratch, name);
    mkdirSync(join(directory, 'etc'), { recursive: true });
    make(directory);
    return directory;
  };
  const outside = join(scratch, 'outside');
  let lower = '';
  beforeAll(() => {
    writeFileSync(outside, 'of the host');
    lower = layer('lower', (at) => writeFileSync(join(at, 'etc/passwd'), 'lower'));
  });
  const read = (layers: string[], path = '/etc/passwd') => readInLayers(sys, layers, [path], 100)[0];

  it('is that of the highest layer', () => {
    const upper = layer('upper', (at) => writeFileSync(join(at, 'etc/passwd'), 'upper'));
    const other = layer('other', (at) => writeFileSync(join(at, 'etc/other'), ''));
    expect(read([lower, upper])).toBe('upper');
    expect(read([upper, lower, other])).toBe('lower');
    expect(read([lower], '/etc/none')).toBe(null);
  });

  it('is none where a file lies over the directory, or a directory over the file', () => {
    const file = layer('file', (at) => {
      rmSync(join(at, 'etc'), { recursive: true });
      writeFileSync(join(at, 'etc'), '');
    });
    const directory = layer('directory', (at) => mkdirSync(join(at, 'etc/passwd')));
    expect(read([lower, file])).toBe(null);
    expect(read([lower, directory])).toBe(null);
  });

  it('is looked up by links within the layers only', () => {
    const link = (name: string, target: string) => layer(name, (at) => symlinkSync(target, join(at, 'etc/passwd')));
    expect(read([link('absolute', outside)])).toBe(null);
    expect(read([link('above', `../../../../../../../../..${outside}`)])).toBe(null);
    expect(read([link('loop', 'passwd')])).toBe(null);
    expect(
      read([
        lower,
        link('across', '/etc/../etc/./shadow'),
        layer('shadow', (at) => writeFileSync(join(at, 'etc/shadow'), 's')),
      ]),
    ).toBe('s');
    const etc = join(scratch, 'etc-link');
    mkdirSync(etc);
    symlinkSync(scratch, join(etc, 'etc'));
    expect(read([etc], '/etc/outside')).toBe(null);
  });

  it('is not opened if it is a fifo, and not read beyond the limit', () => {
    const fifo = layer('fifo', (at) => execFileSync('mkfifo', [join(at, 'etc/passwd')]));
    expect(read([fifo])).toBe(null);
    const long = layer('long', (at) => writeFileSync(join(at, 'etc/passwd'), 'x'.repeat(101)));
    expect(() => read([long])).toThrow('larger than 100 bytes');
    const full = layer('full', (at) => writeFileSync(join(at, 'etc/passwd'), 'x'.repeat(100)));
    expect(read([full])).toHaveLength(100);
  });

  it('is none of proc, whose files do something when they are read', () => {
    expect(read(['/proc'], '/self/comm')).toBe(null);
    const proc = layer('proc', (at) => symlinkSync('/proc/self/comm', join(at, 'etc/passwd')));
    expect(read(['/', proc])).toBe(null);
  });

  it.skipIf(needsRoot('a whiteout hides what is below'))('a whiteout hides what is below', () => {
    const whiteout = layer('whiteout', (at) => execFileSync('mknod', [join(at, 'etc/passwd'), 'c', '0', '0']));
    expect(read([lower, whiteout])).toBe(null);
  });

  it.each(process.geteuid?.() === 0 ? ['trusted', 'user'] : ['user'])(
    'is not below a directory that is opaque by %s.*',
    (namespace) => {
      const opaque = layer(`opaque-${namespace}`, (at) =>
        sys.lsetxattr(join(at, 'etc'), `${namespace}.overlay.opaque`, 'y', 0),
      );
      expect(read([lower, opaque])).toBe(null);
      const partly = layer(`partly-${namespace}`, (at) =>
        sys.lsetxattr(join(at, 'etc'), `${namespace}.overlay.opaque`, 'x', 0),
      );
      expect(read([lower, partly])).toBe('lower');
    },
  );
});

describe('capabilities', () => {
  const of = (add: string[], drop: string[], privileged = false, permitted: readonly Capability[] = CAPABILITIES) =>
    capabilitiesOf({ add, drop, privileged }, permitted);

  it('are not those by which the host can be changed', () => {
    for (const name of [
      'CAP_SYS_ADMIN',
      'CAP_MKNOD',
      'CAP_SYS_PTRACE',
      'CAP_SYS_MODULE',
      'CAP_DAC_READ_SEARCH',
      'CAP_SYS_RAWIO',
      'CAP_NET_ADMIN',
      'CAP_SYS_BOOT',
      'CAP_SYS_TIME',
    ])
      expect(of([], [])).not.toContain(name);
    expect(of([], [])).toHaveLength(13);
  });

  it('are added and dropped by name', () => {
    expect(of(['net_admin', 'CAP_SYS_TIME'], ['ALL'])).toEqual(['CAP_NET_ADMIN', 'CAP_SYS_TIME']);
    expect(of([], ['CHOWN'])).not.toContain('CAP_CHOWN');
    expect(of(['ALL'], ['SYS_ADMIN'])).toHaveLength(CAPABILITIES.length - 1);
    expect(of([], [], true)).toEqual(CAPABILITIES);
    expect(of([], ['ALL'])).toEqual([]);
    expect(() => of(['CAP_NONE'], [])).toThrow('not a capability: CAP_NONE');
  });

  it('are never more than there are to give', () => expect(of(['ALL'], [], true, ['CAP_KILL'])).toEqual(['CAP_KILL']));
});

describe('mounts', () => {
  const RESTRICTED = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  it('are read as docker reads them', () => {
    expect(parseVolume('/a:/b/../c/')).toEqual({ type: 'bind', source: '/a', target: '/c', readOnly: false });
    expect(parseVolume('./a:/b:ro')).toEqual({
      type: 'bind',
      source: `${process.cwd()}/a`,
      target: '/b',
      readOnly: true,
    });
    expect(parseMount('type=bind,src=/a,dst=/b,readonly')).toEqual({
      type: 'bind',
      source: '/a',
      target: '/b',
      readOnly: true,
    });
    expect(parseMount('type=tmpfs,target=/b,tmpfs-size=64m,tmpfs-mode=1777')).toEqual({
      type: 'tmpfs',
      target: '/b',
      flags: RESTRICTED,
      data: 'size=64m,mode=1777',
    });
    expect(parseTmpfs('/b:size=50%,exec,ro')).toEqual({
      type: 'tmpfs',
      target: '/b',
      flags: MS_NOSUID | MS_NODEV | MS_RDONLY,
      data: 'size=50%',
    });
    expect(parseTmpfs('/b')).toEqual({ type: 'tmpfs', target: '/b', flags: RESTRICTED, data: '' });
  });

  it.each([
    'a',
    'a:/b',
    '/a',
    '/a:b',
    '/a:/b:xx',
    '/a:/',
    '/a:/..',
    '/a:/proc',
    '/a:/proc/sys',
    '/a:/x/../proc',
    '/a:/sys',
    ':/b',
    '/a:/b:ro:x',
  ])('-v %s is refused', (text) => expect(() => parseVolume(text)).toThrow(/^-v: /));
  it.each([
    'type=bind,target=/b',
    'type=volume,source=a,target=/b',
    'type=tmpfs',
    'type=bind,source=/a,target=/b,x=y',
    'constructor=1,type=tmpfs,target=/b',
  ])('--mount %s is refused', (text) => expect(() => parseMount(text)).toThrow(/^--mount: /));
  it.each(['/b:dev', '/b:size=1,huge=always', '/b:constructor', 'b', '/b:mode=9'])('--tmpfs %s is refused', (text) =>
    expect(() => parseTmpfs(text)).toThrow(/^--tmpfs: /),
  );

  it('come after those that they lie on', () => {
    const targets = inOrder(['/a/b/c', '/x', '/a', '/a/b'].map((target) => ({ target })));
    expect(targets.map(({ target }) => target)).toEqual(['/x', '/a', '/a/b', '/a/b/c']);
  });
});

describe("the overlay's options", () => {
  it('have the highest layer first, under names that parse', () => {
    expect(overlayData(['/s/layers/1/fs', '/s/layers/2:,\\/fs'], '/s/c', false)).toEqual({
      directory: '/s/layers/',
      data: 'lowerdir=2\\:\\,\\\\/fs:1/fs,upperdir=/s/c/upper,workdir=/s/c/work,volatile',
    });
    expect(overlayData(['/root'], '/s', true)).toEqual({
      directory: '/',
      data: 'lowerdir=root,upperdir=/s/upper,workdir=/s/work,userxattr,volatile',
    });
  });

  it('fit into a page, or say that they do not', () => {
    const layers = (count: number) =>
      Array.from({ length: count }, (_, i) => `/store/layers/${String(i).padStart(64, '0')}/fs`);
    expect(Buffer.byteLength(overlayData(layers(55), '/store/c', false).data)).toBeLessThan(4096);
    expect(() => overlayData(layers(80), '/store/c', false)).toThrow('80 layers are too many for an overlay');
  });
});

describe('the root', () => {
  const image = {
    name: 'found',
    layers: ['/l'],
    config: { entrypoint: null, cmd: null, env: [], workingDir: '/', user: '' },
  };
  const find = async (name: string) => (name === 'found' || name === 'a/b' ? image : null);

  it('is an image, or a directory', async () => {
    expect(await rootfsOf('found', find)).toBe(image);
    expect(await rootfsOf('a/b', find)).toBe(image);
    expect(await rootfsOf(scratch, find)).toMatchObject({ layers: [scratch] });
    await expect(rootfsOf('./found', find)).rejects.toThrow('no such directory: ./found');
    await expect(rootfsOf('debian:12', find)).rejects.toThrow('no such image: debian:12');
    await expect(rootfsOf('\x1b[2J', find)).rejects.toThrow('no such image: \\033[2J');
  });
});

describe('the IDs of a user namespace', () => {
  const host = { uid: 1000, gid: 100, env: {}, permitted: [], subordinate: null };
  it('are the own ones, and the subordinate ones where there are', () => {
    expect(idMapsFor({ ...host, uid: 0 })).toBe(null);
    expect(idMapsFor(host)).toEqual({
      uid: [{ inside: 0, outside: 1000, count: 1 }],
      gid: [{ inside: 0, outside: 100, count: 1 }],
    });
    const ids = { outside: 100_000, count: 65_536 };
    expect(idMapsFor({ ...host, subordinate: { uid: ids, gid: ids } })?.uid).toEqual([
      { inside: 0, outside: 1000, count: 1 },
      { inside: 1, outside: 100_000, count: 65_536 },
    ]);
  });
});

describe('states', () => {
  const state = (id: string, name: string, pid = process.pid, startTime = startTimeOf('self') ?? 0) => ({
    id,
    name,
    pid,
    startTime,
    image: 'i',
    command: ['c'],
    created: '',
    bundle: '/b',
  });

  it('give a name to one running container at a time', () => {
    const directory = join(scratch, 'states');
    reserve(directory, state('000000000001', 'web'));
    expect(() => reserve(directory, state('000000000002', 'web'))).toThrow('the name is taken: web');
    expect(statesIn(directory).map(({ id }) => id)).toEqual(['000000000001']);
    reserve(directory, state('000000000003', 'dead', process.pid, 1));
    reserve(directory, state('000000000004', 'dead'));
    expect(() => reserve(directory, state('000000000005', 'dead'))).toThrow('the name is taken: dead');
    expect(
      statesIn(directory)
        .filter(isAlive)
        .map(({ id }) => id)
        .sort(),
    ).toEqual(['000000000001', '000000000004']);
  });

  it('are read past what is none', () => {
    const directory = join(scratch, 'broken');
    mkdirSync(join(directory, 'x'), { recursive: true });
    for (const text of ['', 'null', '[]', '{"id":"x"}', '{"id":"y","name":"n"}']) {
      writeFileSync(join(directory, 'x/state.json'), text);
      expect(statesIn(directory)).toEqual([]);
    }
  });

  it.each(['', '-a', 'a b', '../x', 'a/b', '0123456789ab', 'x'.repeat(65)])('%j is no name', (name) => {
    expect(() => checkName(name)).toThrow('not a name');
  });
});
