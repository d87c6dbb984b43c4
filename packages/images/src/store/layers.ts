/**
 * Which directories of the store have the layers of an image. Usually each has one, which all images share that
 * have it.
 *
 * A layer can have files in directories that only those below have, which say their owner and mode, or that they are symbolic
 * links to others. It has a directory for each image in which other ones are below.
 *
 * Where the filesystem cannot mark what a layer hides of those below (an overlay, as in a Docker container), that layer and all
 * below it are unpacked together, into one directory with what is left of them: for overlayfs a layer as any other.
 */
import { existsSync, readFileSync } from 'node:fs';
import { type ImageDocument, layersWithDiffIds } from '../image-spec/config.ts';
import { checkedDigest, type Digest, digestOf } from '../image-spec/digest.ts';
import type { Descriptor, Manifest } from '../image-spec/manifest.ts';
import { hasBlob, hasLayer, hasLayerFor } from './content.ts';
import type { StoreDirectory } from './directory.ts';

export interface Unpacked {
  /** The names of directories that together have all layers, lowest first; null if some are missing. */
  readonly layers: readonly Digest[] | null;
  /** The layers that are missing, where some are. */
  readonly missing: readonly Digest[];
}

/** @param diffIds lowest first, none twice. */
export function unpackedLayers(directory: StoreDirectory, diffIds: readonly Digest[]): Unpacked {
  const names = diffIds.map((_, i) => nameOf(directory, diffIds.slice(0, i + 1)));
  for (let count = names.lastIndexOf(null) + 1; count <= diffIds.length; count++) {
    const together = count === 0 ? [] : [chainId(diffIds.slice(0, count))];
    if (together.every((name) => hasLayer(directory, name)))
      return { layers: [...together, ...(names.slice(count) as Digest[])], missing: [] };
  }
  return { layers: null, missing: diffIds.filter((_, i) => names[i] === null) };
}

/** The name of the directory that has the last of these layers alone, or null. */
function nameOf(directory: StoreDirectory, diffIds: readonly Digest[]): Digest | null {
  const diffId = diffIds.at(-1) as Digest;
  if (hasLayerFor(directory, diffId, diffIds.length === 1)) return diffId;
  const name = overOthersId(diffIds);
  return hasLayer(directory, name) ? name : null;
}

/** What layers are called together: OCI image specification, config.md, "Layer ChainID". Of one it is its diff ID. */
export function chainId(diffIds: readonly Digest[]): Digest {
  return diffIds.reduce((below, diffId) => digestOf(Buffer.from(`${below} ${diffId}`)));
}

/** What the last of these layers is called alone, where it is as it has to be over the others. */
export function overOthersId(diffIds: readonly Digest[]): Digest {
  return digestOf(Buffer.from(`over others ${chainId(diffIds)}`));
}

/** A layer of an image. */
export interface Layer {
  readonly descriptor: Descriptor;
  readonly diffId: Digest;
}

/**
 * The blob of a layer. An image whose layer was there already, from another one, has not got its own, which may be compressed
 * otherwise: then it is the one from which that was unpacked.
 */
export function blobOf(directory: StoreDirectory, { descriptor, diffId }: Layer): Digest {
  const origin = directory.originOf(diffId);
  if (hasBlob(directory, descriptor) || !existsSync(origin)) return descriptor.digest;
  return checkedDigest(readFileSync(origin, 'utf8').trim());
}

/** The layers of an image, lowest first, in the order of {@link overlayOrder}. */
export function layersOf(manifest: Manifest, document: ImageDocument): readonly Layer[] {
  const layers = new Map(layersWithDiffIds(manifest, document).map((layer) => [layer.diffId, layer]));
  return overlayOrder(document.diffIds).map((diffId) => layers.get(diffId) as Layer);
}

/**
 * Each layer once, since overlayfs refuses the same directory twice (ELOOP). What a layer has is there as its uppermost
 * occurrence has it, so that is the one that counts.
 */
export function overlayOrder(diffIds: readonly Digest[]): readonly Digest[] {
  return diffIds.filter((diffId, index) => diffIds.lastIndexOf(diffId) === index);
}
