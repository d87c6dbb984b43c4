/** A tree of an image's own, for whoever cannot have an overlay over its layers. */
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ImageError } from '../error.ts';
import type { Digest } from '../image-spec/digest.ts';
import { unpackRoot } from '../layers/unpack.ts';
import type { StoreDirectory } from './directory.ts';
import { documentsOf } from './install.ts';
import { blobOf, layersOf } from './layers.ts';

export interface CopyOptions {
  /** Ends it. What is in the directory then is to be removed. */
  readonly signal?: AbortSignal | undefined;
  /** Told how much of the layers has been read, as they were downloaded, in bytes; and how much that is of all. */
  readonly onProgress?: ((read: number, size: number) => void) | undefined;
}

/**
 * Unpacks the layers of an image one over the other.
 *
 * @param digest of its manifest. Something must keep the image from being collected.
 * @param to absolute; it is made, and its parent exists.
 * @returns the directory of the tree, in it.
 */
export async function copyImage(
  directory: StoreDirectory,
  digest: Digest,
  to: string,
  { signal, onProgress }: CopyOptions,
): Promise<string> {
  const { manifest, document } = documentsOf(directory, digest);
  const archives = layersOf(manifest, document).map((layer) => {
    const path = directory.blob(blobOf(directory, layer));
    if (existsSync(path)) return { path, diffId: layer.diffId };
    throw new ImageError(
      'corrupt',
      `the store ${directory.path} is damaged: the layer ${layer.descriptor.digest} is missing`,
      'Remove the image and pull it again: ns-tool rmi, ns-tool pull',
    );
  });
  const size = archives.reduce((sum, { path }) => sum + statSync(path).size, 0);
  mkdirSync(to, { mode: 0o700 });
  await unpackRoot(archives, to, { signal, onProgress: onProgress && ((read) => onProgress(read, size)) });
  return join(to, 'fs');
}
