/** Garbage collection: what no name and no container needs is removed. */
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { ImageError } from '../error.ts';
import { checkedDigest, type Digest, hexOf } from '../image-spec/digest.ts';
import type { StoreDirectory } from './directory.ts';
import { documentsOf } from './install.ts';
import { blobOf, layersOf, unpackedLayers } from './layers.ts';
import { readNames } from './names.ts';
import { diskUsage, removeTree } from './removal.ts';

export interface Collected {
  readonly blobs: number;
  readonly layers: number;
  /** Downloads and layers that were never finished. */
  readonly unfinished: number;
  /** Of disk, in bytes. */
  readonly bytes: number;
}

/** With the store's lock held exclusively: what is being pulled has no name yet. */
export async function collect(directory: StoreDirectory, keep: readonly Digest[], dryRun: boolean): Promise<Collected> {
  const roots = new Set([
    ...readNames(directory).map(({ digest }) => digest),
    ...imagesOfContainers(directory),
    ...keep,
  ]);
  const needs = needed(directory, roots);
  const blobs = namesIn(directory.blobs()).filter((hex) => !needs.blobs.has(hex));
  const layers = namesIn(directory.layers()).filter((hex) => !needs.layers.has(hex));
  const unfinished = namesIn(directory.tmp());
  const paths = [
    ...blobs.map((hex) => join(directory.blobs(), hex)),
    ...layers.map((hex) => join(directory.layers(), hex)),
    ...unfinished.map((name) => join(directory.tmp(), name)),
  ];
  const bytes = paths.reduce((sum, path) => sum + diskUsage(path), 0);
  if (!dryRun) for (const path of paths) await remove(directory, path);
  return { blobs: blobs.length, layers: layers.length, unfinished: unfinished.length, bytes };
}

/** Out of its place first: a layer that is half removed must not look like one. */
async function remove(directory: StoreDirectory, path: string): Promise<void> {
  const old = join(directory.tmp(), `removed-${randomBytes(8).toString('hex')}`);
  renameSync(path, old);
  await removeTree(old);
}

/** What these manifests refer to. One that is damaged needs nothing more: its image has to be pulled again anyway. */
function needed(directory: StoreDirectory, roots: Iterable<Digest>): { blobs: Set<string>; layers: Set<string> } {
  const [blobs, layers] = [new Set<string>(), new Set<string>()];
  for (const root of roots) {
    blobs.add(hexOf(root));
    try {
      const { manifest, document } = documentsOf(directory, root);
      blobs.add(hexOf(manifest.config.digest));
      const ofImage = layersOf(manifest, document);
      const diffIds = ofImage.map(({ diffId }) => diffId);
      for (const layer of ofImage) blobs.add(hexOf(blobOf(directory, layer)));
      for (const name of unpackedLayers(directory, diffIds).layers ?? diffIds) layers.add(hexOf(name));
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
    }
  }
  return { blobs, layers };
}

function imagesOfContainers(directory: StoreDirectory): Digest[] {
  return namesIn(directory.containers()).flatMap((id) => {
    const file = directory.imageOfContainer(id);
    return existsSync(file) ? [checkedDigest(readFileSync(file, 'utf8').trim())] : [];
  });
}

function namesIn(path: string): string[] {
  return existsSync(path) ? readdirSync(path) : [];
}
