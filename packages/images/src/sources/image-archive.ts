/**
 * An archive that has images in it, as `docker save` and `skopeo copy … docker-archive:` or `oci-archive:` write it.
 *
 * No name of the archive becomes a path: its files are numbered.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar-stream';
import { ImageError } from '../error.ts';
import type { Digest } from '../image-spec/digest.ts';
import { LAYER_MAX_SIZE } from '../image-spec/manifest.ts';
import { decompressed } from '../layers/decompress.ts';
import { type Files, missing } from './files.ts';

/** Far more than any image has. */
const MAX_ENTRIES = 20_000;
/** How many links lead to one another. */
const MAX_LINKS = 40;

/**
 * The names that such an archive has, by Docker's tools and those of others, who name layers and configuration as they like.
 * The first of another kind tells that it is the archive of a root filesystem: that has directories.
 */
const IMAGE_ENTRY =
  /^(?:[^/]+\.(?:json|tar|tgz|tar\.\w+)|oci-layout|repositories|(?:sha256:)?[0-9a-f]{64}(?:\/(?:json|VERSION|layer\.tar)?)?|blobs\/?|blobs\/sha256\/?|blobs\/sha256\/[0-9a-f]{64})$/;

export interface ArchivedFile {
  /** Where it is now. */
  readonly path: string;
  readonly digest: Digest;
  readonly size: number;
}

export interface ImageArchive extends Files {
  file(name: string): ArchivedFile;
}

/**
 * Takes the files out of an archive into an empty folder.
 *
 * @returns null for an archive without an image, as soon as that shows.
 */
export async function openImageArchive(archive: string, folder: string): Promise<ImageArchive | null> {
  const files = new Map<string, ArchivedFile | { readonly link: string }>();
  const entries = extract();
  const input = createReadStream(archive, { highWaterMark: 256 * 1024 });
  const reading = pipeline(decompressed(input), entries);
  // Where it is not read to its end, how that ends is of no interest.
  reading.catch(() => {});
  let size = 0;
  try {
    for await (const entry of entries) {
      const { name: written, type, linkname } = entry.header;
      const name = written.replace(/^(?:\.\/)+/, '');
      if (name !== '' && !IMAGE_ENTRY.test(name)) return null;
      if (files.size >= MAX_ENTRIES) throw new ImageError('too-large', `${archive} has more than ${MAX_ENTRIES} files`);
      size += entry.header.size ?? 0;
      if (size > LAYER_MAX_SIZE) throw new ImageError('too-large', `${archive} has more than ${LAYER_MAX_SIZE} bytes`);
      if (type === 'file' || type === 'contiguous-file') {
        files.set(name, await write(entry as AsyncIterable<Uint8Array>, join(folder, String(files.size))));
        continue;
      }
      if (type === 'symlink') files.set(name, { link: posix.join(posix.dirname(name), linkname ?? '') });
      if (type === 'link') files.set(name, { link: posix.normalize(linkname ?? '') });
      entry.resume();
    }
    await reading;
  } catch (error) {
    if (error instanceof ImageError || (error as NodeJS.ErrnoException).syscall !== undefined) throw error;
    throw new ImageError(
      'corrupt',
      `${archive} cannot be read: ${(error as Error).message}`,
      'Is it a tar archive, and complete?',
      { cause: error },
    );
  } finally {
    input.destroy();
    entries.destroy();
  }
  if (!files.has('manifest.json') && !files.has('index.json')) return null;

  const find = (name: string): ArchivedFile | null => {
    let found = files.get(name);
    for (let links = 0; found !== undefined && 'link' in found && links < MAX_LINKS; links++)
      found = files.get(found.link);
    return found === undefined || 'link' in found ? null : found;
  };
  const file = (name: string): ArchivedFile => {
    const found = find(posix.normalize(name));
    if (found === null) throw missing(name, archive);
    return found;
  };
  return { file, has: (name) => find(name) !== null, open: (name) => createReadStream(file(name).path) };
}

async function write(content: AsyncIterable<Uint8Array>, path: string): Promise<ArchivedFile> {
  const hash = createHash('sha256');
  let size = 0;
  const file = await open(path, 'wx', 0o600);
  try {
    for await (const chunk of content) {
      hash.update(chunk);
      size += chunk.length;
      await file.writeFile(chunk);
    }
  } finally {
    await file.close();
  }
  return { path, digest: `sha256:${hash.digest('hex')}`, size };
}
