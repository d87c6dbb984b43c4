/** What others write of images: manifests, indexes, configurations, platforms. */

import { parsePlatform, showPlatform, thisPlatform } from '@ns-tool/images';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../packages/images/src/image-spec/config.ts';
import { checkedDigest, digestOf, Verifier } from '../../packages/images/src/image-spec/digest.ts';
import { chooseManifest, parseManifest } from '../../packages/images/src/image-spec/manifest.ts';
import { overlayOrder } from '../../packages/images/src/store/layers.ts';

const hex = (digit: string) => `sha256:${digit.repeat(64)}` as const;
const json = (value: unknown) => Buffer.from(JSON.stringify(value));

const CONFIG = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: hex('c'), size: 10 };
const LAYER = { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: hex('1'), size: 20 };
const MANIFEST = {
  schemaVersion: 2,
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  config: CONFIG,
  layers: [LAYER],
};
const failing = (code: string) => expect.objectContaining({ code });

describe('a manifest', () => {
  it.each([
    'application/vnd.oci.image.layer.v1.tar',
    'application/vnd.oci.image.layer.v1.tar+gzip',
    'application/vnd.oci.image.layer.v1.tar+zstd',
    'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
    'application/vnd.docker.image.rootfs.diff.tar.gzip',
    'application/vnd.docker.image.rootfs.diff.tar',
    'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
  ])('may have layers of %s', (mediaType) => {
    const layers = [{ ...LAYER, mediaType }];
    expect(parseManifest(json({ ...MANIFEST, layers }), null)).toEqual({ kind: 'manifest', config: CONFIG, layers });
  });

  it('is told by its own type, by that of the answer, or by what is in it', () => {
    const { mediaType, ...bare } = MANIFEST;
    expect(parseManifest(json(MANIFEST), 'application/json').kind).toBe('manifest');
    expect(parseManifest(json(bare), `${mediaType}; charset=utf-8`).kind).toBe('manifest');
    expect(parseManifest(json(bare), null).kind).toBe('manifest');
    expect(parseManifest(json({ schemaVersion: 2, manifests: [] }), null).kind).toBe('index');
  });

  it.each([
    ['no JSON', Buffer.from('{'), 'corrupt'],
    ['bytes that are no text', Buffer.from([0x7b, 0xff, 0x7d]), 'corrupt'],
    ['a list', json([]), 'corrupt'],
    ['a manifest and an index in one', json({ ...MANIFEST, manifests: [] }), 'corrupt'],
    ['schema 1', json({ schemaVersion: 1, fsLayers: [] }), 'unsupported'],
    [
      'a chart',
      json({ ...MANIFEST, config: { ...CONFIG, mediaType: 'application/vnd.cncf.helm.config.v1+json' } }),
      'unsupported',
    ],
    [
      'a layer that is no archive',
      json({ ...MANIFEST, layers: [{ ...LAYER, mediaType: 'text/plain' }] }),
      'unsupported',
    ],
    ['nothing', json({ schemaVersion: 2 }), 'unsupported'],
    ['a negative size', json({ ...MANIFEST, layers: [{ ...LAYER, size: -1 }] }), 'corrupt'],
    ['half a byte', json({ ...MANIFEST, layers: [{ ...LAYER, size: 0.5 }] }), 'corrupt'],
    ['a size in words', json({ ...MANIFEST, layers: [{ ...LAYER, size: '20' }] }), 'corrupt'],
    ['a layer of 10 TB', json({ ...MANIFEST, layers: [{ ...LAYER, size: 1e13 }] }), 'too-large'],
    ['a configuration of 1 GB', json({ ...MANIFEST, config: { ...CONFIG, size: 1e9 } }), 'too-large'],
    ['501 layers', json({ ...MANIFEST, layers: Array(501).fill(LAYER) }), 'too-large'],
    [
      'a digest that is a path',
      json({ ...MANIFEST, layers: [{ ...LAYER, digest: 'sha256:../../etc/passwd' }] }),
      'corrupt',
    ],
    [
      'a digest of SHA-512',
      json({ ...MANIFEST, layers: [{ ...LAYER, digest: `sha512:${'0'.repeat(128)}` }] }),
      'unsupported',
    ],
    ['a type that is no text', json({ ...MANIFEST, mediaType: 1 }), 'corrupt'],
  ])('is refused if it is %s', (_what, content, code) => {
    expect(() => parseManifest(content, null)).toThrow(failing(code));
  });

  it.each(['config', 'layers'])('is refused in a few words, however deep or long what is in its %s', (field) => {
    const depth = 100_000;
    const values = [`${'['.repeat(depth)}${']'.repeat(depth)}`, `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`];
    const right = { digest: hex('c'), size: 1, mediaType: LAYER.mediaType };
    for (const value of [...values, `"${'x'.repeat(1_000_000)}"`]) {
      for (const key of Object.keys(right)) {
        const descriptor = JSON.stringify({ ...right, [key]: 'HERE' }).replace('"HERE"', () => value);
        const other = JSON.stringify(field === 'config' ? [LAYER] : CONFIG);
        const fields = field === 'config' ? [descriptor, other] : [other, `[${descriptor}]`];
        const text = `{"schemaVersion":2,"config":${fields[0]},"layers":${fields[1]}}`;
        let failure: unknown;
        try {
          parseManifest(Buffer.from(text), null);
        } catch (error) {
          failure = error;
        }
        expect(failure).toHaveProperty('name', 'ImageError');
        expect((failure as Error).message.length).toBeLessThan(3000);
      }
    }
  });

  it('is parsed or refused, whatever the JSON', () => {
    fc.assert(
      fc.property(
        fc.object({ key: fc.constantFrom('config', 'layers', 'manifests', 'mediaType', 'digest', 'size', 'platform') }),
        (value) => {
          try {
            parseManifest(json(value), null);
          } catch (error) {
            expect(error).toHaveProperty('name', 'ImageError');
          }
        },
      ),
    );
  });
});

describe('an index', () => {
  const index = (...platforms: (string | null)[]) => {
    const manifests = platforms.map((text, at) => {
      const [os, architecture, variant] = (text ?? '').split('/');
      return {
        ...CONFIG,
        digest: hex(String(at)),
        ...(text !== null && { platform: { os, architecture, ...(variant && { variant }) } }),
      };
    });
    const parsed = parseManifest(json({ schemaVersion: 2, manifests }), null);
    if (parsed.kind !== 'index') throw new Error('no index');
    return parsed;
  };
  const ATTESTATION = 'unknown/unknown';

  it.each(['constructor', '__proto__'])('may be for a machine called %s, as an object’s own fields are', (name) => {
    const found = chooseManifest(index(`linux/${name}`, 'linux/amd64'), parsePlatform('linux/amd64'), 'tool');
    expect(found).toMatchObject({ digest: hex('1') });
    expect(showPlatform(parsePlatform(`linux/${name}`))).toBe(`linux/${name}`);
    expect(parseConfig(json({ architecture: name, rootfs: { type: 'layers' } })).platform.architecture).toBe(name);
  });

  it.each([
    ['linux/arm64', ['linux/amd64', 'linux/arm64', ATTESTATION], 1],
    ['linux/arm64', ['linux/arm64/v8'], 0],
    ['linux/arm64/v8', ['linux/arm64'], 0],
    ['linux/aarch64', ['linux/arm64'], 0],
    ['linux/amd64', ['windows/amd64', 'linux/amd64'], 1],
    ['linux/amd64', ['linux/amd64/v3', 'linux/amd64'], 1],
    ['linux/amd64/v3', ['linux/amd64', 'linux/amd64/v2'], 1],
    ['linux/arm', ['linux/arm/v5', 'linux/arm/v7', 'linux/arm/v6'], 1],
    ['linux/arm/v6', ['linux/arm/v7', 'linux/arm/v5', 'linux/arm/v6'], 2],
    ['linux/arm/v6', ['linux/arm/v7', 'linux/arm/v5'], 1],
    ['linux/amd64', ['linux/amd64', 'linux/amd64'], 0],
    ['linux/amd64', [null], 0],
  ])('gives for %s of %j the one at %i', (wanted, platforms, at) => {
    expect(chooseManifest(index(...platforms), parsePlatform(wanted), 'x').digest).toBe(hex(String(at)));
  });

  it.each([
    [
      'linux/s390x',
      ['linux/amd64', 'linux/arm/v7', ATTESTATION],
      'There are: linux/amd64, linux/arm/v7. Choose one by --platform.',
    ],
    ['linux/arm/v5', ['linux/arm/v6'], 'There are: linux/arm/v6. Choose one by --platform.'],
    ['linux/amd64', [], undefined],
    ['linux/amd64', [null, null], undefined],
  ])('has for %s none of %j', (wanted, platforms, hint) => {
    expect(() => chooseManifest(index(...platforms), parsePlatform(wanted), 'x')).toThrow(
      expect.objectContaining({ code: 'not-found', hint }),
    );
  });
});

describe('a platform', () => {
  it('is that of this machine', () => {
    expect(showPlatform(thisPlatform('x64'))).toBe('linux/amd64');
    expect(showPlatform(thisPlatform('arm64'))).toBe('linux/arm64');
  });

  it.each([
    ['linux/x86_64', 'linux/amd64'],
    ['Linux/ARM64/V8', 'linux/arm64/v8'],
    ['linux/armhf', 'linux/arm/v7'],
  ])('%s is %s', (text, shown) => {
    expect(showPlatform(parsePlatform(text))).toBe(shown);
  });

  it.each(['', 'linux', 'linux/', '/amd64', 'linux/arm/v7/x', 'linux/a b'])('%j is none', (text) => {
    expect(() => parsePlatform(text)).toThrow(failing('invalid'));
  });
});

describe('a configuration', () => {
  const rootfs = { type: 'layers', diff_ids: [hex('1')] };

  it('of an image that says nothing has what is usual', () => {
    expect(parseConfig(json({ os: 'linux', architecture: 'amd64', rootfs }))).toEqual({
      config: { entrypoint: null, cmd: null, env: [], workingDir: '/', user: '', volumes: [] },
      platform: { os: 'linux', architecture: 'amd64', variant: null },
      created: null,
      diffIds: [hex('1')],
    });
  });

  it('may have null for what it does not say', () => {
    const config = { Entrypoint: null, Cmd: [], Env: null, WorkingDir: '', User: null, Volumes: null, Hostname: '' };
    expect(parseConfig(json({ os: 'linux', architecture: 'amd64', rootfs, config })).config).toEqual({
      ...{ entrypoint: null, cmd: null, env: [], workingDir: '/', user: '', volumes: [] },
    });
  });

  it.each([
    ['usr/lib', '/usr/lib'],
    ['/a/../../b', '/b'],
  ])('with the working directory %s means %s', (WorkingDir, expected) => {
    expect(parseConfig(json({ rootfs, architecture: 'amd64', config: { WorkingDir } })).config.workingDir).toBe(
      expected,
    );
  });

  it.each([
    ['no layers', {}],
    ['a command that is no list', { rootfs, config: { Cmd: 'sh' } }],
    ['a variable with a NUL', { rootfs, config: { Env: ['A=\0'] } }],
    ['an environment of numbers', { rootfs, config: { Env: [1] } }],
    ['a digest that is none', { rootfs: { type: 'layers', diff_ids: ['../x'] } }],
  ])('with %s is refused', (_what, document) => {
    expect(() => parseConfig(json(document))).toThrow(failing('corrupt'));
  });
});

describe('contents', () => {
  const content = Buffer.from('contents');
  const promised = { digest: digestOf(content), size: content.length };
  const verify = (...chunks: Buffer[]) => {
    const verifier = new Verifier(promised);
    for (const chunk of chunks) verifier.update(chunk);
    verifier.finish();
  };

  it('that are what was promised are taken, in any pieces', () => {
    expect(promised.digest).toBe('sha256:d1b2a59fbea7e20077af9f91b27e95e865061b270be03ff539ab3b73587882e8');
    expect(() => verify(content.subarray(0, 3), content.subarray(3))).not.toThrow();
  });

  it.each([
    ['other', [Buffer.from('c0ntents')]],
    ['shorter', [content.subarray(1)]],
    ['longer', [content, Buffer.from('x')]],
  ])('that are %s are refused', (_what, chunks) => {
    expect(() => verify(...chunks)).toThrow(failing('corrupt'));
  });

  it('are addressed by sha256 and 64 digits', () => {
    expect(checkedDigest(promised.digest)).toBe(promised.digest);
    for (const wrong of [
      '',
      'sha256:',
      `${promised.digest}\n`,
      promised.digest.toUpperCase(),
      1,
      null,
      [promised.digest],
    ]) {
      expect(() => checkedDigest(wrong)).toThrow(failing('corrupt'));
    }
  });
});

it('a layer that an image has twice is used once, where it is uppermost', () => {
  expect(overlayOrder([hex('1'), hex('2'), hex('1'), hex('3'), hex('2')])).toEqual([hex('1'), hex('3'), hex('2')]);
});
