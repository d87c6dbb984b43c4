/** An image of three layers by umoci, which no one here wrote, and its trees: as umoci unpacks it, and as an overlay shows it. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { MS_PRIVATE, MS_REC, type Recorder, spawn } from '@ns-tool/syscalls';
import { onTestFinished } from 'vitest';
import { archive } from './archive.ts';
import { inventory } from './inventory.ts';
import type { Job } from './unpacking.ts';

/** The first layer: what a filesystem can have. */
export const FIRST = `
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
export const OF_ROOT = `
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

/** Makes an image of three layers in `image`, tagged `three`. */
export function makeImage(
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

export function umoci(directory: string, args: readonly string[]): void {
  execFileSync('umoci', args, { cwd: directory, stdio: 'pipe' });
}

/** The layers of the image, lowest first: as it has them, compressed, with the diff IDs of its configuration. */
export function layersOf(directory: string): Job[] {
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

/** Layers as one tree: an overlay in the mount namespace of a child, seen through /proc. */
export async function mounted(layers: readonly string[], options: string): Promise<string> {
  const lower = [...layers].reverse().join(':');
  const child = await spawn('cat', [], {
    namespaces: ['mount'],
    stdio: ['pipe', 'pipe', 'inherit'],
    parentDeathSignal: 'SIGKILL',
    setup: (sys: Recorder) => {
      sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);
      sys.mount('overlay', '/mnt', 'overlay', 0, `lowerdir=${lower},${options}`);
    },
  });
  (child.stdout as Readable).resume();
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await child.exited;
  });
  return `/proc/${child.pid}/root/mnt`;
}

/** As `inventory`, without what umoci itself leaves in a tree of a user: the owner that a file should have. */
export function comparable(directory: string) {
  return Object.fromEntries(
    Object.entries(inventory(directory)).map(([name, { xattrs = {}, ...seen }]) => {
      const { 'user.rootlesscontainers': _, ...others } = xattrs as Record<string, string>;
      return [name, { ...seen, xattrs: others }];
    }),
  );
}

/** Directories of which the archives say nothing have the time of their making. */
export function withoutNow(seen: ReturnType<typeof comparable>, started: number) {
  return Object.fromEntries(
    Object.entries(seen).map(([name, file]) => [
      name,
      Number(file.mtime) >= Math.floor(started) ? { ...file, mtime: 'now' } : file,
    ]),
  );
}
