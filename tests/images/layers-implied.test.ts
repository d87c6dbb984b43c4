/**
 * Layers that have files in directories that they have not themselves: as tools write them that pack only what has changed.
 * Whole images, held against umoci.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openStore, unpackRoot } from '@ns-tool/images';
import { describe, expect, it } from 'vitest';
import { needsRoot } from '../support/privilege.ts';
import { archive, directory, type Fields, file, opaque, symlink } from './archive.ts';
import { comparable, mounted, umoci, withoutNow } from './three-layers.ts';
import { temporaryDirectory } from './unpacking.ts';

const noRoot = needsRoot('layers that imply directories');
const noUmoci = spawnSync('umoci', ['--version']).error !== undefined;
if (noUmoci) console.warn('skipped, since umoci is not installed: layers that imply directories, held against it');

const root: Fields = { name: './', type: '5', mode: 0o755, mtime: 1 };
const own: Partial<Fields> = {
  uid: 7,
  gid: 8,
  mode: 0o3750,
  mtime: 9,
  pax: { mtime: '9.25', 'SCHILY.xattr.user.a': 'b' },
};

/** Layers, lowest first. */
const CASES: readonly [what: string, ...layers: Fields[][]][] = [
  ['owner, mode, times and attributes', [root, directory('a', own), directory('a/b', own)], [root, file('a/b/c')]],
  [
    'whiteouts',
    [root, directory('a', own), directory('a/b', own), file('a/b/c'), file('a/b/d')],
    [root, file('a/b/.wh.c')],
  ],
  ['what a layer in the middle says', [root, directory('a')], [root, directory('a', own)], [root, file('a/x')]],
  ['what a layer in the middle leaves out, too', [root, directory('a', own)], [root, file('a/x')], [root, file('a/y')]],
  ['a directory that comes later', [root, directory('a', own)], [root, file('a/x'), directory('a', { mode: 0o711 })]],
  [
    'symbolic links of lower layers, which are gone through',
    [root, directory('usr'), directory('usr/lib', own), symlink('lib', 'usr/lib'), symlink('lib64', '/lib')],
    [root, file('lib/x'), file('lib64/y')],
  ],
  [
    'symbolic links to directories of lower layers',
    [root, directory('usr'), directory('usr/lib', own)],
    [root, symlink('lib', 'usr/lib'), file('lib/x')],
  ],
  [
    'whiteouts by way of links',
    [root, directory('usr', own), file('usr/x'), symlink('lib', 'usr')],
    [root, file('lib/.wh.x')],
  ],
];

/** Of these umoci changes the times of directories after it has set them. */
const WITHOUT_TIMES: typeof CASES = [
  // More than a pipe takes at once, and more than is told of one by one.
  ...([80, 250] as const).map((length): (typeof CASES)[number] => [
    `a great many directories, with names of ${length} bytes`,
    [root, directory('many', { uid: 7, mode: 0o700 })],
    [root, ...Array.from({ length: 2100 }, (_, i) => file(`many/${String(i).padStart(length, '0')}/x`))],
  ]),
  [
    'nothing of what the layer itself hides',
    [root, directory('a', own), directory('a/b', own), directory('usr', own), symlink('lib', 'usr')],
    [root, file('.wh.a'), file('a/b/c'), file('.wh.lib'), file('lib/x')],
  ],
  [
    'nothing of directories that the layer itself hides',
    [root, directory('a', own), directory('a/b', own), directory('c', own), directory('c/d', own)],
    [root, file('.wh.a'), file('a/b/x'), directory('c'), file('c/.wh..wh..opq'), file('c/d/x')],
  ],
  [
    'nothing of what is below an opaque directory',
    [root, directory('usr', own), directory('a'), symlink('a/l', '/usr'), directory('a/d', own)],
    [root, directory('a'), file('a/.wh..wh..opq'), file('a/l/x'), file('a/d/y')],
  ],
  ['nothing for whiteouts of nothing', [root, file('f')], [root, file('none/.wh.x'), file('f/.wh.y'), file('g/x')]],
  [
    'nothing that lies below a file which the layer itself replaces',
    [root, directory('a', own), file('a/x')],
    [root, file('a'), directory('a'), file('a/y')],
  ],
  [
    'nothing that lies behind a link which the layer replaces',
    [root, directory('usr'), directory('usr/x', own), symlink('lib', 'usr')],
    [root, directory('lib'), file('lib/x/y')],
  ],
];

/** Makes an OCI layout `image` with these images, each of the layers in `LAYER.tar`, lowest first. */
function makeImages(directory: string, images: Readonly<Record<string, readonly string[]>>): void {
  umoci(directory, ['init', '--layout', 'image']);
  for (const [name, layers] of Object.entries(images)) {
    umoci(directory, ['new', '--image', `image:${name}`]);
    for (const layer of layers) umoci(directory, ['raw', 'add-layer', '--image', `image:${name}`, `${layer}.tar`]);
  }
}

describe.skipIf(noRoot || noUmoci)('an image whose layers imply directories is as umoci unpacks it', () => {
  it.each([...CASES, ...WITHOUT_TIMES])('%s', async (what, ...layers) => {
    const started = Date.now() / 1000;
    const hasTimes = CASES.some(([other]) => other === what);
    const seen = (directory: string) =>
      hasTimes ? withoutNow(comparable(directory), started) : withoutTimes(comparable(directory));
    const scratch = temporaryDirectory();
    const archives = layers.map((entries, i) => {
      writeFileSync(join(scratch, `${i}.tar`), archive(...entries));
      return { path: join(scratch, `${i}.tar`), diffId: null };
    });
    makeImages(scratch, { 1: layers.map((_, i) => String(i)) });
    umoci(scratch, ['raw', 'unpack', '--image', 'image:1', 'expected']);
    const expected = seen(join(scratch, 'expected'));

    const store = openStore(join(scratch, 'store'));
    const image = await store.importFrom(join(scratch, 'image'));
    expect(seen(await mounted(image.layers, 'index=off'))).toEqual(expected);
    // Each has its own: what does not depend on another can be shared.
    expect(image.layers).toHaveLength(layers.length);
    await store.collect();
    expect(store.find(image.digest)).toEqual(image);

    const together = join(scratch, 'together');
    mkdirSync(together);
    await unpackRoot(archives, together);
    expect(seen(join(together, 'fs'))).toEqual(expected);
  });

  it('also where the same layer is the lowest of another image', async () => {
    const scratch = temporaryDirectory();
    writeFileSync(join(scratch, 'lower.tar'), archive(root, directory('a', own)));
    writeFileSync(join(scratch, 'upper.tar'), archive(root, file('a/x')));
    makeImages(scratch, { alone: ['upper'], over: ['lower', 'upper'] });
    const store = openStore(join(scratch, 'store'));
    const alone = await store.importFrom(`${join(scratch, 'image')}:alone`);
    const over = await store.importFrom(`${join(scratch, 'image')}:over`);
    const modeIn = async (layers: readonly string[]) => {
      const { a } = comparable(await mounted([join(scratch, 'none'), ...layers], 'index=off'));
      return [a?.mode, a?.owner];
    };
    mkdirSync(join(scratch, 'none'));
    expect(await modeIn(alone.layers)).toEqual(['40755', '0:0']);
    expect(await modeIn(over.layers)).toEqual(['43750', '7:8']);
    expect(await store.importFrom(`${join(scratch, 'image')}:over`)).toMatchObject({ layers: over.layers });

    await store.remove(over.name);
    await store.collect();
    expect(readdirSync(join(scratch, 'store/layers'))).toHaveLength(1);
    expect(store.find(alone.name)).toEqual(alone);
  });

  it('also where the root is opaque, and hides all that lies below', async () => {
    const scratch = temporaryDirectory();
    writeFileSync(join(scratch, 'lower.tar'), archive(root, file('old'), directory('d'), file('d/old')));
    writeFileSync(join(scratch, 'upper.tar'), archive(root, opaque('.'), directory('d'), file('d/new')));
    writeFileSync(join(scratch, 'last.tar'), archive(root, file('d/last')));
    makeImages(scratch, { alone: ['upper'], over: ['lower', 'upper', 'last'] });
    const namesIn = (directory: string) => Object.keys(comparable(directory)).sort();
    const store = openStore(join(scratch, 'store'));
    for (const [image, names] of [
      ['alone', ['.', 'd', 'd/new']],
      ['over', ['.', 'd', 'd/last', 'd/new']],
    ] as const) {
      umoci(scratch, ['raw', 'unpack', '--image', `image:${image}`, image]);
      expect(namesIn(join(scratch, image))).toEqual(names);
      mkdirSync(join(scratch, `none-${image}`));
      const { layers, digest } = await store.importFrom(`${join(scratch, 'image')}:${image}`);
      expect(namesIn(await mounted([join(scratch, `none-${image}`), ...layers], 'index=off'))).toEqual(names);
      expect(namesIn(await store.copy(digest, join(scratch, `copy-${image}`)))).toEqual(names);
    }
  });
});

function withoutTimes(seen: ReturnType<typeof comparable>) {
  return Object.fromEntries(Object.entries(seen).map(([name, { mtime: _, ...file }]) => [name, file]));
}
