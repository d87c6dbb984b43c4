/** The store itself: where it is, whose it is, and what becomes of it when a process ends in the middle. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { openStore, storeDirectory, thisPlatform } from '@ns-tool/images';
import { sys } from '@ns-tool/syscalls';
import { dirSync } from 'tmp-promise';
import { describe, expect, it, onTestFinished } from 'vitest';
import { digestOf } from '../../packages/images/src/image-spec/digest.ts';
import { lockedIfFree } from '../../packages/images/src/store/lock.ts';
import { begin, decide } from '../../packages/ns-tool/src/container/container.ts';
import { thisHost } from '../../packages/ns-tool/src/container/host.ts';
import { findImage } from '../../packages/ns-tool/src/container/images.ts';
import { archive } from './archive.ts';

const bin = fileURLToPath(new URL('../../packages/ns-tool/dist/bin/ns-tool.cjs', import.meta.url));

function temporaryFolder(): string {
  const { name, removeCallback } = dirSync({ unsafeCleanup: true, prefix: 'ns-tool-test' });
  onTestFinished(removeCallback);
  return name;
}

/** A store with one image, of a directory with one file. */
async function storeWithImage() {
  const folder = temporaryFolder();
  const root = join(folder, 'root');
  mkdirSync(root);
  writeFileSync(join(root, 'file'), 'x');
  utimesSync(join(root, 'file'), 1, 1);
  const store = openStore(join(folder, 'store'));
  return { store, image: await store.importFrom(root), root };
}

describe('the store', () => {
  it.each([
    [{ NS_TOOL_STORE: '/here', XDG_DATA_HOME: '/data' }, 0, '/here'],
    [{ HOME: '/root', XDG_DATA_HOME: '/data' }, 0, '/var/lib/ns-tool'],
    [{ HOME: '/home/me' }, 1000, '/home/me/.local/share/ns-tool'],
    [{ HOME: '/home/me', XDG_DATA_HOME: '/data' }, 1000, '/data/ns-tool'],
    [{ HOME: '/home/me', XDG_DATA_HOME: 'relative' }, 1000, '/home/me/.local/share/ns-tool'],
  ])('with %j and user %i is %s', (env, uid, expected) => {
    expect(storeDirectory(env, uid)).toBe(expected);
  });

  it('removes nothing while somebody writes down that it is needed, and tells who comes too late', async () => {
    const { store, image } = await storeWithImage();
    await store.remove(image.name);
    expect(await store.whileThere(image.layers, async () => await store.collect())).toBeNull();
    expect(await store.collect()).toMatchObject({ layers: 1 });
    const late = store.whileThere(image.layers, async () => expect.unreachable());
    await expect(late).rejects.toMatchObject({ code: 'not-found', message: expect.stringContaining('was removed') });
  });

  it('has no container begun of an image that was removed after it was found', async () => {
    const { store, image } = await storeWithImage();
    const places = { host: thisHost(), store: store.directory, states: join(temporaryFolder(), 'states') };
    const found = findImage(store.directory, image.name);
    const decided = decide(sys, found as NonNullable<typeof found>, ['true'], {}, places);
    await store.remove(image.name);
    await store.collect();
    const begun = begin(decided, places, async () => expect.unreachable(), expect.unreachable);
    await expect(begun).rejects.toMatchObject({ message: expect.stringContaining('was removed') });
    expect(readdirSync(places.states)).toEqual([]);
    expect(existsSync(join(store.directory, 'containers'))).toBe(false);
  });

  it('is made when it is needed, for its owner alone', async () => {
    const { store } = await storeWithImage();
    expect(statSync(store.directory).mode & 0o777).toBe(0o700);
    const none = openStore(join(temporaryFolder(), 'none'));
    expect([none.images(), none.find('debian'), await none.remove('debian')]).toEqual([[], null, []]);
    expect(await none.collect()).toMatchObject({ bytes: 0 });
    await expect(none.pull('Debian')).rejects.toMatchObject({ code: 'invalid' });
    expect(existsSync(none.directory)).toBe(false);
  });

  it.each([0o777, 0o1777, 0o770])('is none of its owner’s where others can write, in mode %o', async (mode) => {
    const { store, image, root } = await storeWithImage();
    // What somebody else could put there.
    rmSync(join(store.directory, 'tmp'), { recursive: true });
    symlinkSync(root, join(store.directory, 'tmp'));
    chmodSync(store.directory, mode);
    const refused = expect.objectContaining({ code: 'store', hint: expect.stringContaining('chmod go-w') });
    await expect(store.collect()).rejects.toEqual(refused);
    await expect(store.importFrom(root)).rejects.toEqual(refused);
    expect(() => store.find(image.name)).toThrow(refused);
    expect(readdirSync(root)).toEqual(['file']);
    chmodSync(store.directory, 0o755);
    expect(store.find(image.name)).toEqual(image);
  });

  it('does not take damaged contents for what they were', async () => {
    const { store, image } = await storeWithImage();
    const manifest = join(store.directory, 'blobs/sha256', image.digest.slice(7));
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('layers', 'LAYERS'));
    expect(() => store.find(image.name)).toThrow(expect.objectContaining({ code: 'corrupt' }));
    expect(store.names()).toHaveLength(1);
  });

  it.each(['{', '[]', '{"version": 2}', '{"version": 1, "images": [{"name": "x", "digest": "../x"}]}'])(
    'says that %s is no list of images, and keeps it',
    async (content) => {
      const { store, image } = await storeWithImage();
      const file = join(store.directory, 'images.json');
      writeFileSync(file, content);
      expect(() => store.images()).toThrow(expect.objectContaining({ name: 'ImageError' }));
      await expect(store.remove(image.name)).rejects.toMatchObject({ name: 'ImageError' });
      await expect(store.collect()).rejects.toMatchObject({ name: 'ImageError' });
      expect(readFileSync(file, 'utf8')).toBe(content);
      expect(existsSync(image.layers[0] ?? '')).toBe(true);
    },
  );

  it('knows an image by the beginning of its digest if there is only one', async () => {
    const { store, image, root } = await storeWithImage();
    const digits = image.digest.slice('sha256:'.length);
    expect(store.find(digits.slice(0, 6))).toEqual(image);
    expect(store.find(digits.slice(0, 5))).toBeNull();
    await store.importFrom(root, { name: 'same:2' });
    expect((await store.remove(digits)).length).toBe(2);
  });

  it('removes what was never finished, and a layer as a whole', async () => {
    const { store, image } = await storeWithImage();
    mkdirSync(join(store.directory, 'tmp/0123/fs'), { recursive: true });
    writeFileSync(join(store.directory, 'tmp/0123/fs/file'), 'x'.repeat(10_000));
    expect(await store.collect()).toMatchObject({ blobs: 0, layers: 0, unfinished: 1 });
    expect(store.find(image.name)).toEqual(image);
  });

  it('keeps its list as it was where the disk has no room for the whole of another', async () => {
    const { store, image } = await storeWithImage();
    const file = join(store.directory, 'images.json');
    const list = JSON.parse(readFileSync(file, 'utf8'));
    const names = Array.from({ length: 60 }, (_, i) => ({ ...list.images[0], name: `docker.io/library/n:${i}` }));
    writeFileSync(file, JSON.stringify({ ...list, images: [...list.images, ...names] }));
    const before = readFileSync(file, 'utf8');
    // As on a full disk, the first write ends early, and the second one fails.
    const limited = ['-c', 'trap "" XFSZ; ulimit -f 8; exec "$@"', 'sh', process.execPath, bin];
    const child = spawn('sh', [...limited, 'rmi', '--store', store.directory, 'n:1'], { stdio: 'ignore' });
    const [status] = await once(child, 'exit');
    expect(status).toBe(1);
    expect(readFileSync(file, 'utf8')).toBe(before);
    expect(store.find(image.name)).toEqual(image);
  });

  it('removes a layer whose paths are as long as can be, and longer than that from outside', async () => {
    const folder = temporaryFolder();
    const path = Array.from({ length: 20 }, () => 'd'.repeat(200)).join('/');
    writeFileSync(join(folder, 'deep.tar'), archive({ name: 'f', data: 'deep', pax: { path: `${path}/f` } }));
    const store = openStore(join(folder, 'store'));
    await store.importFrom(join(folder, 'deep.tar'), { name: 'deep' });
    await store.remove('deep');
    expect(await store.collect()).toMatchObject({ blobs: 3, layers: 1, unfinished: 0 });
    for (const place of ['layers', 'blobs/sha256', 'tmp'])
      expect(readdirSync(join(store.directory, place))).toEqual([]);
  });
});

describe('a copy of an image', () => {
  /** An image of one layer, compressed or not, in a layout. */
  const layoutOf = (folder: string, tar: Buffer, compressed: boolean) => {
    const blobs = join(folder, 'blobs/sha256');
    mkdirSync(blobs, { recursive: true });
    const keep = (content: Buffer, mediaType: string) => {
      const digest = digestOf(content);
      writeFileSync(join(blobs, digest.slice(7)), content);
      return { digest, mediaType, size: content.length };
    };
    const json = (value: unknown) => Buffer.from(JSON.stringify(value));
    const type = 'application/vnd.oci.image';
    const layer = keep(compressed ? gzipSync(tar) : tar, `${type}.layer.v1.tar${compressed ? '+gzip' : ''}`);
    const { os, architecture } = thisPlatform();
    const config = keep(
      json({ os, architecture, rootfs: { type: 'layers', diff_ids: [digestOf(tar)] } }),
      `${type}.config.v1+json`,
    );
    const manifest = keep(json({ schemaVersion: 2, config, layers: [layer] }), `${type}.manifest.v1+json`);
    writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
    writeFileSync(join(folder, 'index.json'), json({ schemaVersion: 2, manifests: [manifest] }));
    return folder;
  };

  it('is made from the blob of another image, where that one has brought the layer', async () => {
    const folder = temporaryFolder();
    const tar = archive({ name: 'file', data: 'of both', mtime: 1 });
    const store = openStore(join(folder, 'store'));
    const plain = await store.importFrom(layoutOf(join(folder, 'plain'), tar, false), { name: 'plain' });
    const other = await store.importFrom(layoutOf(join(folder, 'other'), tar, true), { name: 'other' });
    expect(other.layers).toEqual(plain.layers);
    const blobs = () => readdirSync(join(store.directory, 'blobs/sha256')).length;
    // Two manifests and two configurations, and one layer.
    expect(blobs()).toBe(4);
    await store.remove('plain');
    await store.collect();
    expect(blobs()).toBe(3);
    const copy = await store.copy(other.digest, join(folder, 'copy'));
    expect(readFileSync(join(copy, 'file'), 'utf8')).toBe('of both');
    await store.remove('other');
    expect(await store.collect()).toMatchObject({ blobs: 3, layers: 1 });
  });

  it('tells how far it is, and ends when it is told to', async () => {
    const { store, image } = await storeWithImage();
    const blobs = join(store.directory, 'blobs/sha256');
    const layer = join(blobs, readFileSync(join(image.layers[0] ?? '', '../blob'), 'utf8').slice(7));
    // What is behind the archive's end has to be read, too: it takes long enough.
    truncateSync(layer, 2 ** 40);
    const over = new AbortController();
    const reason = new Error('enough');
    let told: readonly number[] = [];
    const copying = store.copy(image.digest, join(store.directory, 'copy'), {
      signal: over.signal,
      onProgress: (read, size) => {
        if (read === 0) return;
        told = [read, size];
        over.abort(reason);
      },
    });
    await expect(copying).rejects.toBe(reason);
    expect(told).toEqual([expect.any(Number), 2 ** 40]);
    expect(told[0]).toBeLessThan(2 ** 40);
  });
});

describe('a lock', () => {
  it('is shared with those who share it, and excludes the others', async () => {
    const file = join(temporaryFolder(), 'lock');
    const inside = await lockedIfFree(file, 'shared', async () => [
      await lockedIfFree(file, 'shared', async () => 'shared'),
      await lockedIfFree(file, 'exclusive', async () => 'exclusive'),
    ]);
    expect(inside).toEqual(['shared', null]);
    expect(await lockedIfFree(file, 'exclusive', async () => 'exclusive')).toBe('exclusive');
  });
});

it('a pull that is killed leaves a part, from which the next one goes on, and no lock', async () => {
  const hex = '0'.repeat(64);
  const config = Buffer.from(
    JSON.stringify({
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      rootfs: { type: 'layers', diff_ids: [`sha256:${hex}`] },
    }),
  );
  const manifest = JSON.stringify({
    schemaVersion: 2,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf(config), size: config.length },
    layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: `sha256:${hex}`, size: 1_000_000 }],
  });
  const ranges: (string | undefined)[] = [];
  let onRange = () => {};
  // Sends a part of the layer, and then nothing.
  const server = createServer(({ url = '', headers }, response) => {
    if (url.endsWith('/manifests/1')) response.end(manifest);
    else if (url.endsWith(digestOf(config))) response.end(config);
    else if (url.endsWith(hex)) {
      ranges.push(headers.range);
      onRange();
      if (headers.range === undefined)
        response.writeHead(200, { 'content-length': 1_000_000 }).write(Buffer.alloc(500_000));
    } else response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const directory = join(temporaryFolder(), 'store');
  const partial = join(directory, 'tmp', `${hex}.partial`);
  const pull = () => {
    const args = [bin, 'pull', '--store', directory, `127.0.0.1:${(server.address() as AddressInfo).port}/tool:1`];
    const child = spawn(process.execPath, args, { stdio: 'ignore' });
    onTestFinished(() => void child.kill('SIGKILL'));
    return child;
  };

  const first = pull();
  while (!existsSync(partial) || statSync(partial).size < 500_000)
    await new Promise((resolve) => setTimeout(resolve, 10));
  const store = openStore(directory);
  expect(await store.collect()).toBeNull();
  const ended = new Promise((resolve) => first.once('exit', resolve));
  first.kill('SIGKILL');
  await ended;
  expect(statSync(partial).size).toBe(500_000);

  const resumed = new Promise<void>((resolve) => {
    onRange = resolve;
  });
  const second = pull();
  await resumed;
  expect(ranges).toEqual([undefined, 'bytes=500000-']);
  const over = new Promise((resolve) => second.once('exit', resolve));
  second.kill('SIGKILL');
  await over;
  expect(await store.collect()).toMatchObject({ unfinished: 1 });
  expect(store.names()).toEqual([]);
});
