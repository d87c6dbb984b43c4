/**
 * Which directories of the store have the layers of an image. Usually each has one. Where the filesystem cannot mark what a
 * layer hides of those below (an overlay, as in a Docker container), that layer and all below it are unpacked together, into
 * one directory with what is left of them: for overlayfs a layer as any other.
 */
import { existsSync, readFileSync } from 'node:fs';
import { type ImageDocument, layersWithDiffIds } from '../image-spec/config.ts';
import { checkedDigest, type Digest, digestOf } from '../image-spec/digest.ts';
import type { Descriptor, Manifest } from '../image-spec/manifest.ts';
import { hasBlob, hasLayer } from './content.ts';
import type { StoreDirectory } from './directory.ts';

export interface Unpacked {
  /** The names of directories that together have all layers, lowest first; null if some are missing. */
  readonly layers: readonly Digest[] | null;
  /** The layers that are missing, where some are. */
  readonly missing: readonly Digest[];
}

/** @param diffIds lowest first, none twice. */
export function unpackedLayers(directory: StoreDirectory, diffIds: readonly Digest[]): Unpacked {
  const missing = diffIds.filter((diffId) => !hasLayer(directory, diffId));
  const last = missing.at(-1);
  if (last === undefined) return { layers: diffIds, missing };
  for (let count = diffIds.indexOf(last) + 1; count <= diffIds.length; count++) {
    const together = chainId(diffIds.slice(0, count));
    if (hasLayer(directory, together)) return { layers: [together, ...diffIds.slice(count)], missing: [] };
  }
  return { layers: null, missing };
}

/** What layers are called together: OCI image specification, config.md, "Layer ChainID". Of one it is its diff ID. */
export function chainId(diffIds: readonly Digest[]): Digest {
  return diffIds.reduce((below, diffId) => digestOf(Buffer.from(`${below} ${diffId}`)));
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
