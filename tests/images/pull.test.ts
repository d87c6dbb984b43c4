/** Pulling from a real registry: Debian's docker-registry. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type Image, openStore, type Progress } from '@ns-tool/images';
import { dirSync } from 'tmp-promise';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { addLayer, makeLayout, push, run } from './support/layout.ts';
import { lacks, type Registry, startRegistry } from './support/registry.ts';

const lacking = lacks('pulling from a registry', 'docker-registry', 'skopeo', 'umoci', 'htpasswd');

function temporaryFolder(): string {
  const { name, removeCallback } = dirSync({ unsafeCleanup: true, prefix: 'ns-tool-test' });
  onTestFinished(removeCallback);
  return name;
}

/** A store that is not there yet. */
const freshStore = () => openStore(join(temporaryFolder(), 'store'));

/** Which file of each path is to be seen through the layers; null where it is removed. */
function seen(image: Image, path: string): string | null {
  const layer = image.layers.findLast((directory) => existsSync(join(directory, path)));
  if (layer === undefined) return null;
  const file = join(layer, path);
  return lstatSync(file).isCharacterDevice() ? null : readFileSync(file, 'utf8');
}

const filesIn = (directory: string): string[] => (existsSync(directory) ? readdirSync(directory) : []);

describe.skipIf(lacking)('pull from a registry on loopback', () => {
  let registry: Registry;
  let name: string;
  let layout: string;
  let removeLayout: () => void;

  beforeAll(async () => {
    registry = await startRegistry();
    const folder = dirSync({ unsafeCleanup: true, prefix: 'ns-tool-test' });
    removeLayout = folder.removeCallback;
    layout = makeLayout(folder.name);
    name = push(layout, '1', registry.host, 'team/tool:1');
  });
  afterAll(async () => {
    removeLayout?.();
    await registry?.[Symbol.asyncDispose]();
  });

  it('gets the image, its layers and what it says of the command', async () => {
    const image = await freshStore().pull(name);
    expect(image).toMatchObject({ name, platform: `linux/${process.arch === 'x64' ? 'amd64' : process.arch}` });
    expect(image.config).toEqual({
      entrypoint: ['/bin/tool'],
      cmd: ['a', 'b'],
      env: expect.arrayContaining(['NAME=value']),
      workingDir: '/etc',
      user: '1000:1000',
      volumes: ['/data'],
      stopSignal: 'SIGINT',
    });
    expect(image.layers).toHaveLength(3);
    expect(seen(image, 'etc/kept')).toBe('kept\n');
    expect(seen(image, 'etc/removed')).toBeNull();
    expect(image.digest).toBe(
      run('skopeo', ['inspect', '--tls-verify=false', '--format', '{{.Digest}}', `docker://${name}`]).trim(),
    );
  });

  it('finds it afterwards by name, digest and beginning of the digest, and lists it', async () => {
    const store = freshStore();
    expect(store.images()).toEqual([]);
    const image = await store.pull(name);
    for (const text of [name, image.digest, image.digest.slice(7), image.digest.slice(7, 19)]) {
      expect(store.find(text), text).toEqual(image);
    }
    expect(store.find(`${name}-other`)).toBeNull();
    expect(store.images()).toEqual([image]);
  });

  it('says what it does, and downloads nothing again', async () => {
    const store = freshStore();
    const first: Progress[] = [];
    const image = await store.pull(name, { onProgress: (progress) => first.push(progress) });
    const received = first.flatMap((progress) => (progress.stage === 'downloading' ? [progress] : []));
    const last = new Map(received.map(({ layer, received }) => [layer.digest, received]));
    expect([...last.values()].reduce((sum, size) => sum + size, 0)).toBe(image.size);
    const again: Progress[] = [];
    await store.pull(name, { onProgress: (progress) => again.push(progress) });
    expect(again.map(({ stage }) => stage)).toEqual(['resolved', 'present', 'present', 'present']);
  });

  it('by digest gets exactly that', async () => {
    const store = freshStore();
    const { digest } = await store.pull(name);
    const pinned = `${registry.host}/team/tool@${digest}`;
    expect(await store.pull(pinned)).toMatchObject({ name: pinned, digest });
    const other = `${registry.host}/team/tool@sha256:${'0'.repeat(64)}`;
    await expect(store.pull(other)).rejects.toMatchObject({ code: 'not-found' });
  });

  it('goes on from where an earlier download has ended, and from nothing that is wrong', async () => {
    const directory = join(temporaryFolder(), 'store');
    const store = openStore(directory);
    const { size, layers } = await resolved(store, name);
    const large = layers.reduce((a, b) => (a.size > b.size ? a : b));
    const blob = readFileSync(blobIn(registry, large.digest));
    for (const part of [blob.subarray(0, 100_000), Buffer.alloc(100_000)]) {
      await store.remove(name);
      await store.collect();
      const partial = join(directory, 'tmp', `${large.digest.slice(7)}.partial`);
      writeFileSync(partial, part);
      const received: number[] = [];
      const image = await store.pull(name, {
        onProgress: (progress) => {
          if (progress.stage === 'downloading' && progress.layer.digest === large.digest)
            received.push(progress.received);
        },
      });
      expect(received[0]).toBeGreaterThan(100_000);
      expect(image.size).toBe(size);
      expect(readFileSync(join(directory, 'blobs/sha256', large.digest.slice(7)))).toEqual(blob);
    }
    expect(filesIn(join(directory, 'tmp'))).toEqual([]);
  });

  it('uses nothing of a blob that the registry has damaged, and changes nothing', async () => {
    await using damaged = await startRegistry();
    const there = push(layout, '1', damaged.host, 'damaged:1');
    const directory = join(temporaryFolder(), 'store');
    const store = openStore(directory);
    const { layers } = await resolved(store, name);
    await store.remove(name);
    await store.collect();
    const large = layers.reduce((a, b) => (a.size > b.size ? a : b));
    const file = blobIn(damaged, large.digest);
    const content = readFileSync(file);
    content[1000] = (content[1000] ?? 0) ^ 1;
    writeFileSync(file, content);
    await expect(store.pull(there)).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining(large.digest),
    });
    truncateSync(file, 1000);
    await expect(store.pull(there)).rejects.toMatchObject({
      name: 'ImageError',
      message: expect.stringContaining(large.digest),
    });
    expect(store.names()).toEqual([]);
    expect(filesIn(join(directory, 'blobs/sha256'))).not.toContain(large.digest.slice(7));
    expect(filesIn(join(directory, 'tmp')).filter((file) => !file.endsWith('.partial'))).toEqual([]);
  });

  it('chooses from an index by the platform', async () => {
    const store = freshStore();
    const folder = temporaryFolder();
    const both = join(folder, 'both');
    run('cp', ['-a', layout, both]);
    makeIndex(both);
    run('skopeo', [
      'copy',
      '--quiet',
      '--all',
      '--dest-tls-verify=false',
      `oci:${both}:index`,
      `docker://${registry.host}/multi:1`,
    ]);
    expect(await store.pull(`${registry.host}/multi:1`, { platform: 'linux/arm/v7' })).toMatchObject({
      platform: 'linux/arm',
    });
    await expect(store.pull(`${registry.host}/multi:1`, { platform: 'linux/s390x' })).rejects.toMatchObject({
      code: 'not-found',
      hint: expect.stringContaining('linux/arm/v7'),
    });
    await expect(store.pull(name, { platform: 'linux/s390x' })).rejects.toMatchObject({ code: 'not-found' });
  });

  it('takes Docker’s media types too', async () => {
    const docker = `${registry.host}/docker:1`;
    run('skopeo', [
      'copy',
      '--quiet',
      '--format',
      'v2s2',
      '--dest-tls-verify=false',
      `oci:${layout}:1`,
      `docker://${docker}`,
    ]);
    const image = await freshStore().pull(docker);
    expect(seen(image, 'etc/kept')).toBe('kept\n');
  });

  it('says that there is no such image, or no such tag, and which there are', async () => {
    const store = freshStore();
    await expect(store.pull(`${registry.host}/team/tol:1`)).rejects.toMatchObject({
      code: 'not-found',
      message: `no such image at ${registry.host}: ${registry.host}/team/tol`,
    });
    await expect(store.pull(`${registry.host}/team/tool:2`)).rejects.toMatchObject({
      code: 'not-found',
      message: `${registry.host}/team/tool has no tag 2`,
      hint: 'There are: 1',
    });
  });

  it('by several at once leaves one of everything', async () => {
    const directory = join(temporaryFolder(), 'store');
    const images = await Promise.all([1, 2, 3].map(() => openStore(directory).pull(name)));
    expect(images[1]).toEqual(images[0]);
    expect(filesIn(join(directory, 'tmp'))).toEqual([]);
    expect(openStore(directory).names()).toHaveLength(1);
  });

  it('keeps what another image needs, and removes the rest', async () => {
    const directory = join(temporaryFolder(), 'store');
    const store = openStore(directory);
    const image = await store.pull(name);
    const folder = temporaryFolder();
    const more = join(folder, 'layout');
    run('cp', ['-a', layout, more]);
    addLayer(`${more}:1`, (root) => writeFileSync(join(root, 'more'), 'more\n'));
    const larger = await store.pull(push(more, '1', registry.host, 'team/more:1'));
    expect(larger.layers.slice(0, 3)).toEqual(image.layers);

    expect(await store.remove(larger.name)).toEqual([larger.name]);
    expect(await store.collect({ dryRun: true })).toMatchObject({ blobs: 3, layers: 1 });
    expect(await store.collect()).toMatchObject({ blobs: 3, layers: 1, bytes: expect.any(Number) });
    expect(store.find(name)).toEqual(image);
    for (const layer of image.layers) expect(statSync(layer).isDirectory()).toBe(true);

    // A container’s image stays, though it has no name any more.
    await store.remove(image.digest);
    mkdirSync(join(directory, 'containers/0123456789ab'), { recursive: true });
    writeFileSync(join(directory, 'containers/0123456789ab/image'), image.digest);
    expect(await store.collect()).toMatchObject({ blobs: 0, layers: 0 });
    run('rm', ['-r', join(directory, 'containers')]);
    expect(await store.collect()).toMatchObject({ blobs: 5, layers: 3 });
    expect(filesIn(join(directory, 'blobs/sha256'))).toEqual([]);
    expect(filesIn(join(directory, 'layers'))).toEqual([]);
  });

  it('collects nothing while an image is pulled', async () => {
    const store = freshStore();
    const collected: unknown[] = [];
    const pulling = store.pull(name, {
      onProgress: ({ stage }) => {
        if (stage === 'resolved') collected.push(store.collect());
      },
    });
    await pulling;
    expect(await Promise.all(collected)).toEqual([null]);
  });
});

describe.skipIf(lacking)('pull from a registry with a login', () => {
  const login = { user: 'somebody', password: 'a:pass/word' };
  let registry: Registry;
  let name: string;

  beforeAll(async () => {
    registry = await startRegistry({ login });
    const { name: folder, removeCallback } = dirSync({ unsafeCleanup: true, prefix: 'ns-tool-test' });
    name = push(makeLayout(folder, 1000), '1', registry.host, 'private:1', `${login.user}:${login.password}`);
    removeCallback();
  });
  afterAll(async () => {
    await registry?.[Symbol.asyncDispose]();
  });

  /** Docker's file of logins, for this test. */
  function logIn(content: unknown): void {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'config.json'), JSON.stringify(content));
    const before = process.env.DOCKER_CONFIG;
    process.env.DOCKER_CONFIG = folder;
    onTestFinished(() => {
      if (before === undefined) delete process.env.DOCKER_CONFIG;
      else process.env.DOCKER_CONFIG = before;
    });
  }
  const auth = (password: string) => Buffer.from(`${login.user}:${password}`).toString('base64');

  it('gets the image with it', async () => {
    logIn({ auths: { [registry.host]: { auth: auth(login.password) } } });
    expect(await freshStore().pull(name)).toMatchObject({ name });
  });

  it('takes the file that skopeo login writes', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'config.json');
    run('skopeo', [
      'login',
      '--authfile',
      file,
      '--tls-verify=false',
      '-u',
      login.user,
      '-p',
      login.password,
      registry.host,
    ]);
    logIn(JSON.parse(readFileSync(file, 'utf8')));
    expect(await freshStore().pull(name)).toMatchObject({ name });
  });

  it.each([
    ['no login', () => ({}), /only to those who log in/, /log in/],
    [
      'a wrong password',
      (host: string) => ({ auths: { [host]: { auth: auth('wrong') } } }),
      /does not give .* to somebody/,
      /password/,
    ],
    [
      'a login that a helper keeps',
      (host: string) => ({ auths: { [host]: {} }, credsStore: 'desktop' }),
      /log in/,
      /docker-credential-desktop/,
    ],
  ])('says with %s what to do', async (_what, content, message, hint) => {
    logIn(content(registry.host));
    await expect(freshStore().pull(name)).rejects.toMatchObject({
      code: 'unauthorized',
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    });
  });
});

/** Pulls, and returns what was announced. */
async function resolved(store: ReturnType<typeof openStore>, name: string) {
  let layers: readonly { readonly digest: string; readonly size: number }[] = [];
  const image = await store.pull(name, {
    onProgress: (progress) => {
      if (progress.stage === 'resolved') layers = progress.layers;
    },
  });
  return { ...image, layers };
}

function blobIn({ storage }: Registry, digest: string): string {
  const hex = digest.slice('sha256:'.length);
  return join(storage, 'docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex, 'data');
}

/** Adds an image `index` to a layout: its image `1` for this machine, and again for another, with a configuration of its own. */
function makeIndex(layout: string): void {
  run('umoci', ['tag', '--image', `${layout}:1`, 'arm']);
  run('umoci', ['config', '--image', `${layout}:arm`, '--architecture', 'arm', '--author', 'arm']);
  const file = join(layout, 'index.json');
  const index = JSON.parse(readFileSync(file, 'utf8'));
  const byName = (name: string) => {
    const found = index.manifests.find(
      ({ annotations }: { annotations?: Record<string, string> }) =>
        annotations?.['org.opencontainers.image.ref.name'] === name,
    );
    return { mediaType: found.mediaType, digest: found.digest, size: found.size };
  };
  const content = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [
      { ...byName('1'), platform: { os: 'linux', architecture: process.arch === 'x64' ? 'amd64' : process.arch } },
      { ...byName('arm'), platform: { os: 'linux', architecture: 'arm', variant: 'v7' } },
    ],
  });
  const { hash } = { hash: run('sh', ['-c', 'printf %s "$1" | sha256sum', 'sh', content]).slice(0, 64) };
  writeFileSync(join(layout, 'blobs/sha256', hash), content);
  index.manifests.push({
    mediaType: 'application/vnd.oci.image.index.v1+json',
    digest: `sha256:${hash}`,
    size: content.length,
    annotations: { 'org.opencontainers.image.ref.name': 'index' },
  });
  writeFileSync(file, JSON.stringify(index));
}
