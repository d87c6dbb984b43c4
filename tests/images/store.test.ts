/** The store itself: where it is, whose it is, and what becomes of it when a process ends in the middle. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openStore, storeDirectory } from '@ns-tool/images';
import { dirSync } from 'tmp-promise';
import { describe, expect, it, onTestFinished } from 'vitest';
import { lockedIfFree } from '../../packages/images/src/store/lock.ts';

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

  it('is made when it is needed, for its owner alone', async () => {
    const { store } = await storeWithImage();
    expect(statSync(store.directory).mode & 0o777).toBe(0o700);
    const none = openStore(join(temporaryFolder(), 'none'));
    expect([none.images(), none.find('debian'), await none.remove('debian')]).toEqual([[], null, []]);
    expect(await none.collect()).toMatchObject({ bytes: 0 });
    await expect(none.pull('Debian')).rejects.toMatchObject({ code: 'invalid' });
    expect(existsSync(none.directory)).toBe(false);
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
  const { digestOf } = await import('../../packages/images/src/image-spec/digest.ts');
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
