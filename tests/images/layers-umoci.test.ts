/** Held against umoci, which no one here wrote: all layers of an image, one over the other. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createReadStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unpackLayer } from '@ns-tool/images';
import { describe, expect, it } from 'vitest';
import { needsRoot } from '../support/privilege.ts';
import { archive } from './archive.ts';
import { inventory } from './inventory.ts';
import { comparable, merged } from './merged.ts';
import { directoryOfUser, type Job, runAsUser, temporaryDirectory, unpackAsUser } from './unpacking.ts';

const noRoot = needsRoot('layers held against umoci');
const noUmoci = spawnSync('umoci', ['--version']).error !== undefined;
if (noUmoci) console.warn('skipped, since umoci is not installed: layers held against what it unpacks');

/** The first layer: what a filesystem can have. */
const FIRST = `
mkdir -p bin etc/conf.d lib/a/b/c old/deep gone empty
echo sh > bin/sh; chmod 4755 bin/sh; ln bin/sh bin/ash; ln -s sh bin/bash; ln -s /etc etc-link; ln -s nowhere dangling
for i in 1 2 3 4 5 6 7 8 9; do echo conf $i > etc/conf.d/$i; echo old > old/$i; echo gone > gone/$i; done
echo deep > old/deep/deep; : > empty-file; dd if=/dev/zero of=zeros bs=100k count=1 status=none; echo data >> zeros
mkfifo fifo; chmod 1777 empty; chmod 400 etc/conf.d/3; mkdir closed; echo x > closed/x; chmod 500 closed; echo x > 'name with spaces
and lines'
printf x > "$(printf 'latin\\351')"; mkdir "$(printf '%0200d' 7)"; echo long > "$(printf '%0200d' 7)/$(printf '%0200d' 8)"
find . -exec touch -h -d '2020-01-02 03:04:05.678901234' {} +
`;

/** What root adds. */
const OF_ROOT = `
mknod null c 1 3; mknod disk b 8 1; chown -R 1000:1001 etc; chmod 0 etc/conf.d/4; chown -h 7:8 etc-link; chmod 2755 etc
touch -h -d '2020-01-02 03:04:05.678901234' null disk etc-link etc .
`;

/** The second layer, as umoci packs what has changed. */
const SECOND = `
rm -r gone bin/ash old/1 old/deep; mkdir gone-not; echo new > old/new; rm etc/conf.d/1; mkdir etc/conf.d/1; echo x > etc/conf.d/1/x
rm -r lib; echo 'a file now' > lib; echo changed >> etc/conf.d/2; ln etc/conf.d/2 etc/conf.d/two; chmod 700 empty
touch -h -d '2021-01-02 03:04:05.5' old/new etc/conf.d/1/x etc/conf.d/1 etc/conf.d etc old lib etc/conf.d/2 gone-not empty bin .
`;

/** The third: with what umoci does not make itself. */
const third = archive(
  { name: 'etc/', type: '5', mode: 0o755, mtime: 1_700_000_000 },
  { name: 'etc/conf.d/', type: '5', mode: 0o755, mtime: 1_700_000_001 },
  { name: 'etc/conf.d/.wh..wh..opq' },
  { name: 'etc/conf.d/only', data: 'only', mtime: 5, pax: { mtime: '5.125', 'SCHILY.xattr.user.colour': 'blue' } },
  { name: 'old/', type: '5', mode: 0o755, mtime: 6 },
  { name: 'old/.wh.2' },
  { name: 'old/3', data: 'replaced', mtime: 7 },
  { name: 'old/three', type: '1', linkname: 'old/3', mtime: 7 },
  { name: './', type: '5', mode: 0o755, mtime: 1_700_000_002 },
);

describe.skipIf(noRoot || noUmoci)('the layers of an image, mounted one over the other, are what umoci unpacks', () => {
  it('as root', async () => {
    const directory = temporaryDirectory();
    makeImage(
      directory,
      `${FIRST}\n${OF_ROOT}`,
      (command, args) => execFileSync(command, args, { cwd: directory, stdio: 'pipe' }),
      true,
    );
    umoci(directory, ['raw', 'unpack', '--image', 'image:three', 'expected']);
    const layers = layersOf(directory);
    for (const { file, diffId, to } of layers) {
      mkdirSync(to);
      await unpackLayer(createReadStream(file), to, { diffId });
    }
    const tree = await merged(
      layers.map(({ to }) => to),
      'index=off',
    );
    expect(comparable(tree)).toEqual(comparable(join(directory, 'expected')));
    expect(Object.keys(inventory(tree)).length).toBeGreaterThan(20);
  });

  it('as an ordinary user', async () => {
    const directory = directoryOfUser();
    const asUser = (command: string, args: readonly string[]) => runAsUser(directory, command, args);
    makeImage(directory, FIRST, asUser, false);
    asUser('umoci', ['raw', 'unpack', '--rootless', '--image', 'image:three', 'expected']);
    const layers = layersOf(directory);
    expect(unpackAsUser(directory, layers)).toMatchObject(layers.map(({ diffId }) => ({ diffId })));

    const tree = await merged(
      layers.map(({ to }) => to),
      'userxattr',
    );
    expect(comparable(tree)).toEqual(comparable(join(directory, 'expected')));
  });
});

/** Makes an image of three layers in `image`, tagged `three`. */
function makeImage(
  directory: string,
  first: string,
  run: (command: string, args: readonly string[]) => void,
  isRoot: boolean,
): void {
  writeFileSync(join(directory, 'third.tar'), third);
  const rootless = isRoot ? '' : '--rootless';
  const capable = isRoot ? 'setcap cap_net_raw+ep source/bin/bash-of-root' : ':';
  run('bash', [
    '-ec',
    `mkdir source; cd source; ${first} cd ..
     ${isRoot ? 'cp source/zeros source/bin/bash-of-root; touch -d 2020-01-02 source/bin/bash-of-root source/bin' : ''}
     ${capable}
     tar -c --format=pax --xattrs --xattrs-include='*' -f first.tar -C source .
     umoci init --layout image; umoci new --image image:one
     umoci raw add-layer --image image:one --tag two first.tar
     umoci unpack ${rootless} --image image:two bundle
     cd bundle/rootfs; ${SECOND} cd ../..
     umoci repack --image image:two-and bundle
     umoci raw add-layer --image image:two-and --tag three third.tar`,
  ]);
}

function umoci(directory: string, args: readonly string[]): void {
  execFileSync('umoci', args, { cwd: directory, stdio: 'pipe' });
}

/** The layers of the image, lowest first: as it has them, compressed, with the diff IDs of its configuration. */
function layersOf(directory: string): Job[] {
  const json = (path: string) => JSON.parse(readFileSync(join(directory, 'image', path), 'utf8'));
  const blob = (digest: string) => `blobs/${digest.replace(':', '/')}`;
  const index = json('index.json').manifests as { digest: string; annotations: Record<string, string> }[];
  const { digest } =
    index.find(({ annotations }) => annotations['org.opencontainers.image.ref.name'] === 'three') ?? {};
  const manifest = json(blob(digest ?? ''));
  const diffIds: string[] = json(blob(manifest.config.digest)).rootfs.diff_ids;
  return diffIds.map((diffId, i) => ({
    file: join(directory, 'image', blob(manifest.layers[i].digest)),
    diffId,
    to: join(directory, `layer-${i}`),
  }));
}
