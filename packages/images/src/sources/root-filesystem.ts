/** A root filesystem without an image around it, as an image of one layer. */
import { createReadStream, readdirSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { type Digest, digestOf, hexOf } from '../image-spec/digest.ts';
import { CONFIG_TYPE, MANIFEST_TYPE } from '../image-spec/manifest.ts';
import type { Platform } from '../image-spec/platform.ts';
import { unlessDependent } from '../layers/below.ts';
import { adoptBlob, unpackBlob, unpackTogether, writeBlob } from '../store/content.ts';
import type { StoreDirectory } from '../store/directory.ts';
import { chainId } from '../store/layers.ts';

export interface RootFilesystemImage {
  readonly manifest: Buffer;
  /** Whether the store had not its layer before. */
  readonly isNew: boolean;
}

/** Keeps an archive, unpacks it, and makes a manifest for it. The same archive makes the same image. */
export async function rootFilesystemImage(
  directory: StoreDirectory,
  archive: Readable,
  platform: Platform,
): Promise<RootFilesystemImage> {
  const blob = await adoptBlob(directory, archive);
  const before = readdirSync(directory.layers());
  const diffId =
    (await unlessDependent(unpackBlob(directory, blob.digest, null, null))) ??
    (await unpackTogether(directory, [{ blob: blob.digest, diffId: null }], chainId));
  const config = Buffer.from(JSON.stringify(configuration(diffId, platform)));
  await writeBlob(directory, config);
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST_TYPE,
      config: { mediaType: CONFIG_TYPE, digest: digestOf(config), size: config.length },
      layers: [{ mediaType: LAYER_TYPE[await compressionOf(directory.blob(blob.digest))], ...blob }],
    }),
  );
  return { manifest, isNew: !before.includes(hexOf(diffId)) };
}

function configuration(diffId: Digest, { os, architecture, variant }: Platform) {
  return {
    architecture,
    os,
    ...(variant !== null && { variant }),
    config: {},
    rootfs: { type: 'layers', diff_ids: [diffId] },
  };
}

const LAYER_TYPE = {
  none: 'application/vnd.oci.image.layer.v1.tar',
  gzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  zstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
} as const;

/** By magic bytes: RFC 1952, section 2.3.1, and RFC 8878, section 3.1.1. */
async function compressionOf(path: string): Promise<keyof typeof LAYER_TYPE> {
  for await (const chunk of createReadStream(path, { end: 3 })) {
    const magic = (chunk as Buffer).toString('hex');
    if (magic.startsWith('1f8b')) return 'gzip';
    if (magic === '28b52ffd') return 'zstd';
  }
  return 'none';
}
