/** Images from files: what umoci and skopeo write, root filesystems, and what nobody should have written. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { openStore, type Progress } from '@ns-tool/images';
import { dirSync } from 'tmp-promise';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { nameFor } from '../../packages/images/src/sources/import.ts';
import { makeLayout, run } from './support/layout.ts';
import { lacks } from './support/registry.ts';
import { tar } from './support/tar.ts';

function temporaryFolder(): string {
  const { name, removeCallback } = dirSync({ unsafeCleanup: true, prefix: 'ns-tool-test' });
  onTestFinished(removeCallback);
  return name;
}

const freshStore = () => openStore(join(temporaryFolder(), 'store'));
const filesIn = (directory: string): string[] => (existsSync(directory) ? readdirSync(directory) : []);

const lacking = lacks('images from files', 'skopeo', 'umoci');

describe.skipIf(lacking)('an image from a file', () => {
  let layout: string;
  let remove: () => void;
  beforeAll(() => {
    const folder = dirSync({ unsafeCleanup: true, prefix: 'ns-tool-test' });
    remove = folder.removeCallback;
    layout = makeLayout(folder.name, 1000);
  });
  afterAll(() => remove?.());

  /** The layers of an image, by their contents. */
  const layersOf = ({ layers }: { layers: readonly string[] }) => layers.map((layer) => layer.split('/').at(-2));

  it('that is an OCI layout has its digest', async () => {
    const image = await freshStore().importFrom(layout);
    const { digest } = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')).manifests[0];
    expect(image).toMatchObject({ name: 'docker.io/library/layout:1', digest });
    expect(image.config.entrypoint).toEqual(['/bin/tool']);
    expect(image.layers).toHaveLength(3);
  });

  it('that is a layout of several is the one that is named', async () => {
    const folder = temporaryFolder();
    const several = join(folder, 'several');
    run('cp', ['-a', layout, several]);
    run('umoci', ['config', '--image', `${several}:1`, '--tag', '2', '--author', 'other']);
    const store = freshStore();
    await expect(store.importFrom(several)).rejects.toMatchObject({
      code: 'invalid',
      hint: expect.stringMatching(/:NAME, of (1, 2|2, 1)/),
    });
    const [first, second] = [await store.importFrom(`${several}:1`), await store.importFrom(`${several}:2`)];
    expect(first.digest).not.toBe(second.digest);
    expect(second.name).toBe('docker.io/library/several:2');
    await expect(store.importFrom(`${several}:3`)).rejects.toMatchObject({ code: 'not-found' });
  });

  it.each([
    ['docker-archive', ''],
    ['docker-archive', 'gzip'],
    ['docker-archive', 'zstd'],
    ['oci-archive', ''],
  ])('that is a %s %s has the same layers and configuration', async (kind, compression) => {
    const archive = join(temporaryFolder(), 'image.tar');
    run('skopeo', ['copy', '--quiet', `oci:${layout}:1`, `${kind}:${archive}:example.com/tool:7`]);
    if (compression !== '') writeFileSync(archive, execFileSync(compression, ['-c'], { input: readFileSync(archive) }));
    const store = freshStore();
    const [image, original] = [await store.importFrom(archive), await store.importFrom(layout)];
    expect(image.name).toBe('example.com/tool:7');
    expect(layersOf(image)).toEqual(layersOf(original));
    expect(image.config).toEqual(original.config);
  });

  it.each<[string, (digest: string) => string, (digest: string) => string]>([
    ['crane', (digest) => digest, (digest) => `${digest.slice(7)}.tar.gz`],
    ['jib', () => 'config.json', (digest) => `${digest.slice(7)}.tar.gz`],
    ['docker 1.9', (digest) => `${digest.slice(7)}.json`, (digest) => `${digest.slice(7)}/layer.tar`],
  ])(
    'that %s would write for docker has the same layers and configuration',
    async (_tool, nameOfConfig, nameOfLayer) => {
      const blob = (digest: string) => readFileSync(join(layout, 'blobs', digest.replace(':', '/')));
      const { digest } = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')).manifests[0];
      const manifest = JSON.parse(blob(digest).toString());
      const layers: string[] = manifest.layers.map((layer: { digest: string }) => layer.digest);
      const list = [
        { Config: nameOfConfig(manifest.config.digest), Layers: layers.map(nameOfLayer), RepoTags: ['tool:7'] },
      ];
      const archive = join(temporaryFolder(), 'image.tar');
      writeFileSync(
        archive,
        tar([
          { name: nameOfConfig(manifest.config.digest), content: blob(manifest.config.digest) },
          ...layers.map((layer) => ({ name: nameOfLayer(layer), content: blob(layer) })),
          // As these tools do, last.
          { name: 'manifest.json', content: Buffer.from(JSON.stringify(list)) },
        ]),
      );
      const store = freshStore();
      const [image, original] = [await store.importFrom(archive), await store.importFrom(layout)];
      expect(image.name).toBe('docker.io/library/tool:7');
      expect(layersOf(image)).toEqual(layersOf(original));
      expect(image.config).toEqual(original.config);
    },
  );

  it('has the name that is given', async () => {
    const store = freshStore();
    expect((await store.importFrom(layout, { name: 'mine:3' })).name).toBe('docker.io/library/mine:3');
    await expect(store.importFrom(layout, { name: 'Mine' })).rejects.toMatchObject({ code: 'invalid' });
  });

  it('with a damaged blob changes nothing', async () => {
    const broken = join(temporaryFolder(), 'broken');
    run('cp', ['-a', layout, broken]);
    const blobs = join(broken, 'blobs/sha256');
    const largest = filesIn(blobs).reduce((a, b) =>
      lstatSync(join(blobs, a)).size > lstatSync(join(blobs, b)).size ? a : b,
    );
    const content = readFileSync(join(blobs, largest));
    content[20] = (content[20] ?? 0) ^ 1;
    writeFileSync(join(blobs, largest), content);
    const store = freshStore();
    await expect(store.importFrom(broken)).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining(largest),
    });
    expect(store.names()).toEqual([]);
    expect(filesIn(join(store.directory, 'tmp'))).toEqual([]);
    expect(filesIn(join(store.directory, 'blobs/sha256'))).not.toContain(largest);
  });

  it.each([
    ['a fifo', (path: string) => run('mkfifo', [path])],
    ['a directory', (path: string) => mkdirSync(path)],
  ])('whose index or a blob is %s is refused', async (_what, make) => {
    const { digest } = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')).manifests[0];
    for (const name of ['index.json', `blobs/${digest.replace(':', '/')}`]) {
      const broken = join(temporaryFolder(), 'broken');
      run('cp', ['-a', layout, broken]);
      rmSync(join(broken, name));
      make(join(broken, name));
      const store = freshStore();
      await expect(store.importFrom(broken)).rejects.toMatchObject({
        code: 'corrupt',
        message: `${broken}: ${name} is no regular file`,
        hint: 'The image there is damaged, or it is none.',
      });
      expect(store.names()).toEqual([]);
    }
  });

  it('that is a layout without an index is refused, and not taken for a root filesystem', async () => {
    const broken = join(temporaryFolder(), 'broken');
    run('cp', ['-a', layout, broken]);
    rmSync(join(broken, 'index.json'));
    await expect(freshStore().importFrom(broken)).rejects.toMatchObject({
      code: 'not-found',
      message: `${broken} has no file index.json`,
    });
  });

  it('that cannot be read is to blame itself, and not the store', async () => {
    const broken = join(temporaryFolder(), 'broken');
    run('cp', ['-a', layout, broken]);
    rmSync(join(broken, 'index.json'));
    symlinkSync('index.json', join(broken, 'index.json'));
    await expect(freshStore().importFrom(broken)).rejects.toMatchObject({
      code: 'store',
      message: expect.stringMatching(/^the image cannot be read: ELOOP/),
    });
  });
});

describe('a root filesystem', () => {
  /** A small tree, with what an archive can get wrong. */
  function tree(): string {
    const root = join(temporaryFolder(), 'Alpine Root');
    mkdirSync(join(root, 'bin'), { recursive: true });
    writeFileSync(join(root, 'bin/tool'), 'tool\n');
    chmodSync(join(root, 'bin/tool'), 0o4755);
    linkSync(join(root, 'bin/tool'), join(root, 'bin/link'));
    symlinkSync('/bin/tool', join(root, 'bin/symlink'));
    writeFileSync(join(root, 'empty'), '');
    writeFileSync(join(root, `long-${'x'.repeat(200)}`), 'x'.repeat(100_000));
    execFileSync('mkfifo', [join(root, 'fifo')]);
    chmodSync(join(root, 'bin'), 0o1751);
    return root;
  }
  /** Names, types, modes, times in seconds, links and contents, as GNU tools tell them. */
  const told = (root: string) =>
    execFileSync(
      'sh',
      [
        '-c',
        'cd "$1" && find . -mindepth 1 -printf \'%P %y %m %n %l %Ts\\n\' | sort && find . -type f -exec sha256sum {} + | sort',
        'sh',
        root,
      ],
      { encoding: 'utf8' },
    );
  const [layer] = [({ layers: [only = ''] }: { layers: readonly string[] }) => only];

  it('that is a directory is taken as it is', async () => {
    const root = tree();
    const image = await freshStore().importFrom(root);
    expect(image).toMatchObject({ name: 'docker.io/library/alpine-root:latest', layers: [expect.any(String)] });
    expect(told(layer(image))).toBe(told(root));
  });

  it.each([
    ['', 'root.tar', '--format=gnu'],
    ['gzip', 'root.tar.gz', '-z'],
    ['zstd', 'root.tar.zst', '--zstd'],
  ])('that is an archive %s is taken as it is', async (_compression, name, option) => {
    const root = tree();
    const archive = join(temporaryFolder(), name);
    execFileSync('tar', ['-C', root, option, '-cf', archive, '.']);
    const store = freshStore();
    const image = await store.importFrom(archive);
    expect(image.name).toBe('docker.io/library/root:latest');
    expect(told(layer(image))).toBe(told(root));
    expect((await store.importFrom(archive)).digest).toBe(image.digest);
  });

  it.each(['a directory', 'an archive'])('that is %s is told to be there already once it is', async (what) => {
    const root = tree();
    const archive = join(temporaryFolder(), 'root.tar');
    execFileSync('tar', ['-C', root, '-cf', archive, '.']);
    const store = freshStore();
    const stages: string[] = [];
    const onProgress = ({ stage }: Progress) => stages.push(stage);
    for (const name of ['first', 'again'])
      await store.importFrom(what === 'a directory' ? root : archive, { name, onProgress });
    expect(stages).toEqual(['resolved', 'unpacked', 'resolved', 'present']);
  });

  it('without a socket, which no archive can have', async () => {
    const root = tree();
    execFileSync('python3', ['-c', 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])', 's'], {
      cwd: root,
    }).toString();
    const image = await freshStore().importFrom(root);
    expect(existsSync(join(layer(image), 's'))).toBe(false);
    expect(existsSync(join(layer(image), 'empty'))).toBe(true);
  });

  it('that is not there, or is none, is an error, and leaves nothing', async () => {
    const store = freshStore();
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'text'), 'no archive'.repeat(1000));
    writeFileSync(join(folder, 'short.tar'), tar([{ name: 'a', content: Buffer.alloc(5000) }]).subarray(0, 2000));
    await expect(store.importFrom(join(folder, 'missing'))).rejects.toMatchObject({ code: 'store' });
    await expect(store.importFrom(join(folder, 'text'))).rejects.toMatchObject({ code: 'corrupt' });
    await expect(store.importFrom(join(folder, 'short.tar'))).rejects.toMatchObject({ code: 'corrupt' });
    writeFileSync(join(folder, 'root.tar.xz'), Buffer.from('fd377a585a000004e6d6b446', 'hex'));
    await expect(store.importFrom(join(folder, 'root.tar.xz'))).rejects.toMatchObject({
      code: 'unsupported',
      hint: 'Decompress it first: xz --decompress',
    });
    expect(filesIn(join(store.directory, 'tmp'))).toEqual([]);
    expect(store.names()).toEqual([]);
  });
});

describe('an archive of images', () => {
  const file = (name: string, value: unknown) => ({ name, content: Buffer.from(JSON.stringify(value)) });
  const inFile = (content: Buffer) => {
    const archive = join(temporaryFolder(), 'image.tar');
    writeFileSync(archive, content);
    return archive;
  };
  const hex = 'a'.repeat(64);

  it.each([
    [
      'without the configuration that it names',
      [file('manifest.json', [{ Config: `${hex}.json`, Layers: [] }])],
      'not-found',
    ],
    [
      'that names a file of this machine',
      [file('manifest.json', [{ Config: '/etc/hostname', Layers: [] }])],
      'not-found',
    ],
    [
      'that names one by ..',
      [file('manifest.json', [{ Config: '../../../../etc/hostname', Layers: [] }])],
      'not-found',
    ],
    [
      'with a link out of it',
      [
        file('manifest.json', [{ Config: `${hex}.json`, Layers: [] }]),
        { name: `${hex}.json`, content: Buffer.alloc(0), type: '2', link: '/etc/hostname' },
      ],
      'not-found',
    ],
    [
      'with a link to itself',
      [
        file('manifest.json', [{ Config: `${hex}.json`, Layers: [] }]),
        { name: `${hex}.json`, content: Buffer.alloc(0), type: '2', link: `${hex}.json` },
      ],
      'not-found',
    ],
    ['that is empty', [file('manifest.json', [])], 'corrupt'],
    ['whose list is none', [file('manifest.json', {})], 'corrupt'],
    [
      'with another number of layers',
      [
        file('manifest.json', [{ Config: `${hex}.json`, Layers: [] }]),
        file(`${hex}.json`, {
          architecture: process.arch === 'x64' ? 'amd64' : process.arch,
          rootfs: { type: 'layers', diff_ids: [`sha256:${hex}`] },
        }),
      ],
      'corrupt',
    ],
    [
      'with a layer that is another',
      [
        file('manifest.json', [{ Config: `${hex}.json`, Layers: [`${hex}.tar`] }]),
        file(`${hex}.json`, {
          architecture: process.arch === 'x64' ? 'amd64' : process.arch,
          rootfs: { type: 'layers', diff_ids: [`sha256:${hex}`] },
        }),
        { name: `${hex}.tar`, content: tar([]) },
      ],
      'corrupt',
    ],
  ])('%s is refused', async (_what, files, code) => {
    const store = freshStore();
    await expect(store.importFrom(inFile(tar(files)))).rejects.toMatchObject({ code });
    expect(store.names()).toEqual([]);
    expect(filesIn(join(store.directory, 'tmp'))).toEqual([]);
  });
});

it.each([
  ['alpine-minirootfs-3.20.0-x86_64.tar.gz', null, 'docker.io/library/alpine-minirootfs-3.20.0-x86_64:latest'],
  ['/tmp/My Image', '1.0', 'docker.io/library/my-image:1.0'],
  ['/tmp/x', 'example.com/tool:1', 'example.com/tool:1'],
  ['/tmp/x', 'not a tag', 'docker.io/library/x:latest'],
  ['/tmp/---', null, null],
])('what is in %s as %s is called %s', (path, refName, name) => {
  expect(nameFor(path, refName)).toBe(name);
});
