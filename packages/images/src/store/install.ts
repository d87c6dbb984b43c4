/** From a manifest to an image in the store, wherever its blobs come from. */
import { ImageError } from '../error.ts';
import type { Image } from '../image.ts';
import { type ImageDocument, parseConfig } from '../image-spec/config.ts';
import type { Digest } from '../image-spec/digest.ts';
import { type Descriptor, type Manifest, parseManifest } from '../image-spec/manifest.ts';
import { choosePlatform, type Platform, showPlatform } from '../image-spec/platform.ts';
import { unlessDependent } from '../layers/below.ts';
import {
  ensureBlob,
  type FetchBlob,
  hasLayer,
  type Others,
  readBlob,
  unpackBlob,
  unpackTogether,
  writeBlob,
} from './content.ts';
import type { StoreDirectory } from './directory.ts';
import { blobOf, chainId, type Layer, layersOf, overOthersId, unpackedLayers } from './layers.ts';
import { changeNames, type NamedImage } from './names.ts';

/** What becomes of an image on its way into the store. */
export type Progress =
  /** What will be needed, each layer once. */
  | { readonly stage: 'resolved'; readonly name: string; readonly layers: readonly Descriptor[] }
  /** It is in the store already, from this image or another. */
  | { readonly stage: 'present'; readonly layer: Descriptor }
  /** So many bytes of it are here; those of an earlier download count. */
  | { readonly stage: 'downloading'; readonly layer: Descriptor; readonly received: number }
  /** It is complete and verified. */
  | { readonly stage: 'unpacking'; readonly layer: Descriptor }
  | { readonly stage: 'unpacked'; readonly layer: Descriptor };

/** Layers that are got at the same time. */
const AT_ONCE = 3;

export interface Installation {
  readonly name: string;
  /** Of one platform. */
  readonly manifest: Uint8Array;
  readonly mediaType: string | null;
  /** For which it must be. */
  readonly platform: Platform;
  readonly fetch: FetchBlob;
  /** Ends what is being fetched, since the image cannot be had any more. */
  readonly giveUp?: () => void;
  /** Whether the layers that are in the store have just been unpacked for it. Otherwise they were there already. */
  readonly isNew?: boolean;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** Gets what is missing of an image, unpacks it, and names it. Until then, the name stands for what it stood for. */
export async function install(directory: StoreDirectory, installation: Installation): Promise<Image> {
  const { name, platform, fetch, isNew = false, giveUp, onProgress = () => {} } = installation;
  const manifest = imageManifest(installation.manifest, installation.mediaType, name);
  await ensureBlob(directory, manifest.config, fetch);
  const document = parseConfig(readBlob(directory, manifest.config.digest));
  if (choosePlatform([document], (candidate) => candidate.platform, platform) === undefined) {
    const its = showPlatform(document.platform);
    throw new ImageError(
      'not-found',
      `${name} is for ${its}, not for ${showPlatform(platform)}`,
      `To get it all the same: --platform ${its}`,
    );
  }

  const layers = layersOf(manifest, document);
  const diffIds = layers.map(({ diffId }) => diffId);
  const { missing } = unpackedLayers(directory, diffIds);
  onProgress({ stage: 'resolved', name, layers: layers.map(({ descriptor }) => descriptor) });
  const started: Promise<void>[] = [];
  const othersBelow = (i: number): Others => ({
    name: overOthersId(diffIds.slice(0, i + 1)),
    async below() {
      await Promise.allSettled(started.slice(0, i));
      return unpackedLayers(directory, diffIds.slice(0, i)).layers?.map(directory.layerFiles) ?? null;
    },
  });
  /** The layers that can only be unpacked together with those below. */
  const dependent = new Set<Layer>();
  const get = async (layer: Layer, i: number) => {
    const { descriptor, diffId } = layer;
    if (!missing.includes(diffId)) {
      if (!hasLayer(directory, diffId)) await ensureBlob(directory, descriptor, fetch);
      onProgress({ stage: isNew ? 'unpacked' : 'present', layer: descriptor });
      return;
    }
    await ensureBlob(directory, descriptor, fetch, (received) =>
      onProgress({ stage: 'downloading', layer: descriptor, received }),
    );
    onProgress({ stage: 'unpacking', layer: descriptor });
    const unpacking = unpackBlob(directory, descriptor.digest, diffId, i === 0 ? null : othersBelow(i));
    if ((await unlessDependent(unpacking)) === null) dependent.add(layer);
    else onProgress({ stage: 'unpacked', layer: descriptor });
  };
  // Each is started after those below it, for which it may have to wait.
  await forEach(
    [...layers.entries()],
    AT_ONCE,
    async ([i, layer]) => {
      const getting = get(layer, i);
      started.push(getting);
      await getting;
    },
    giveUp,
  );
  const together = layers.findLastIndex((layer) => dependent.has(layer)) + 1;
  if (together > 0) await installTogether(directory, layers.slice(0, together), fetch);
  for (const { descriptor } of dependent) onProgress({ stage: 'unpacked', layer: descriptor });

  const digest = await writeBlob(directory, installation.manifest);
  const named = { name, digest, platform: showPlatform(document.platform), when: new Date().toISOString() };
  await changeNames(directory, (names) => [...names.filter((other) => other.name !== name), named]);
  return imageOf(directory, named);
}

/** Unpacks layers into one directory. */
async function installTogether(directory: StoreDirectory, layers: readonly Layer[], fetch: FetchBlob): Promise<void> {
  const blobs: { blob: Digest; diffId: Digest }[] = [];
  for (const layer of layers) {
    const blob = blobOf(directory, layer);
    if (blob === layer.descriptor.digest) await ensureBlob(directory, layer.descriptor, fetch);
    blobs.push({ blob, diffId: layer.diffId });
  }
  await unpackTogether(directory, blobs, chainId);
}

/** An image of the store. @throws ImageError (corrupt) */
export function imageOf(directory: StoreDirectory, { name, digest, platform }: NamedImage): Image {
  const { manifest, document } = documentsOf(directory, digest);
  const diffIds = layersOf(manifest, document).map(({ diffId }) => diffId);
  const { layers, missing } = unpackedLayers(directory, diffIds);
  if (layers === null) {
    throw new ImageError(
      'corrupt',
      `the store ${directory.path} is damaged: the layer ${missing[0]} is missing`,
      'Pull the image again: ns-tool pull',
    );
  }
  return {
    name,
    digest,
    platform,
    config: document.config,
    layers: layers.map(directory.layerFiles),
    size: manifest.layers.reduce((sum, { size }) => sum + size, 0),
    created: document.created,
  };
}

export function documentsOf(
  directory: StoreDirectory,
  digest: Digest,
): { manifest: Manifest; document: ImageDocument } {
  const manifest = imageManifest(readBlob(directory, digest), null, digest);
  return { manifest, document: parseConfig(readBlob(directory, manifest.config.digest)) };
}

function imageManifest(content: Uint8Array, mediaType: string | null, name: string): Manifest {
  const manifest = parseManifest(content, mediaType);
  if (manifest.kind === 'index') throw new ImageError('unsupported', `${name}: an index within an index`);
  return manifest;
}

/**
 * Runs `work` on each, so many at a time. After a failure none is begun; throws the first once all have ended.
 *
 * @param onFailure may have those end that run.
 */
export async function forEach<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
  onFailure: () => void = () => {},
): Promise<void> {
  const queue = items[Symbol.iterator]();
  const errors: unknown[] = [];
  const worker = async () => {
    for (const item of queue) {
      if (errors.length > 0) return;
      await work(item).catch((error: unknown) => {
        errors.push(error);
        onFailure();
      });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  if (errors.length > 0) throw errors[0];
}
