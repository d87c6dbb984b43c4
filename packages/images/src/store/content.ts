/** What is in the store: blobs and layers. Everything is made in tmp/, and renamed when it is verified. */
import { createHash, randomBytes } from 'node:crypto';
import {
  constants,
  createReadStream,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { ImageError } from '../error.ts';
import { checkedDigest, type Digest, digestOf } from '../image-spec/digest.ts';
import type { Descriptor } from '../image-spec/manifest.ts';
import { dependent, unlessDependent } from '../layers/below.ts';
import { adoptDirectories, type UnpackOptions, unpackLayer, unpackRoot } from '../layers/unpack.ts';
import type { StoreDirectory } from './directory.ts';
import { lockExclusively } from './lock.ts';
import { removeTree } from './removal.ts';

/** Writes a blob into a file that may have a part of it, and verifies it. */
export type FetchBlob = (
  descriptor: Descriptor,
  file: FileHandle,
  onReceived: (bytes: number) => void,
) => Promise<void>;

export function hasBlob(directory: StoreDirectory, { digest, size }: Descriptor): boolean {
  return statSync(directory.blob(digest), { throwIfNoEntry: false })?.size === size;
}

/** In a layer that may be the lowest only: it implies directories, or has lost the marks of what it hides. */
const LOWEST_ONLY = 'implies-directories';

/** Whether there is the directory of a layer, and can be used over others, or as the lowest. */
export function hasLayerFor(directory: StoreDirectory, diffId: Digest, isLowest: boolean): boolean {
  return hasLayer(directory, diffId) && (isLowest || !existsSync(join(directory.layer(diffId), LOWEST_ONLY)));
}

export function hasLayer(directory: StoreDirectory, diffId: Digest): boolean {
  return existsSync(directory.layerFiles(diffId));
}

/**
 * A small blob: a manifest or a configuration.
 *
 * @throws ImageError (corrupt) where it is gone, or no longer what it was.
 */
export function readBlob(directory: StoreDirectory, digest: Digest): Buffer {
  let content: Buffer | null = null;
  try {
    content = readFileSync(directory.blob(digest));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  if (content !== null && digestOf(content) === digest) return content;
  throw new ImageError(
    'corrupt',
    `the store ${directory.path} is damaged: ${digest} ${content === null ? 'is missing' : 'has other contents'}`,
    'Remove the image and pull it again: ns-tool rmi, ns-tool pull',
  );
}

/** Keeps a small blob. */
export async function writeBlob(directory: StoreDirectory, content: Uint8Array): Promise<Digest> {
  const digest = digestOf(content);
  await ensureBlob(directory, { digest, size: content.length, mediaType: '' }, async (_descriptor, file) => {
    await file.truncate(0);
    await file.writeFile(content);
  });
  return digest;
}

/** Gets a blob, if it is not there. Where another process is getting it, waits for that. */
export async function ensureBlob(
  directory: StoreDirectory,
  descriptor: Descriptor,
  fetch: FetchBlob,
  onReceived: (bytes: number) => void = () => {},
): Promise<void> {
  const { digest } = descriptor;
  while (!hasBlob(directory, descriptor)) {
    const partial = directory.partial(digest);
    const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants;
    const file = await open(partial, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
    try {
      await lockExclusively(file.fd);
      // Who had the lock before may have finished the blob, and with it this name.
      if (!(await isSameFile(file, partial))) continue;
      await fetch(descriptor, file, onReceived);
      await file.datasync();
      renameSync(partial, directory.blob(digest));
    } catch (error) {
      // Nothing to go on from.
      if ((await file.stat()).size === 0) await unlink(partial).catch(() => {});
      throw error;
    } finally {
      await file.close();
    }
  }
}

async function isSameFile(file: FileHandle, path: string): Promise<boolean> {
  const named = statSync(path, { throwIfNoEntry: false, bigint: true });
  return named?.ino === (await file.stat({ bigint: true })).ino;
}

/** Keeps a stream whose digest is not known. */
export async function adoptBlob(
  directory: StoreDirectory,
  content: Readable,
): Promise<{ digest: Digest; size: number }> {
  return await inTmp(directory, async (folder) => {
    const draft = join(folder, 'blob');
    const hash = createHash('sha256');
    let size = 0;
    const file = await open(draft, 'wx', 0o600);
    try {
      for await (const chunk of content) {
        hash.update(chunk);
        size += chunk.length;
        await file.writeFile(chunk);
      }
      await file.datasync();
    } finally {
      await file.close();
    }
    const digest: Digest = `sha256:${hash.digest('hex')}`;
    renameSync(draft, directory.blob(digest));
    return { digest, size };
  });
}

/** Where a layer is not the lowest. */
export interface Others {
  /** The directories of the layers below, lowest first, once they are there; null if one of them cannot be alone. */
  below(): Promise<readonly string[] | null>;
  /** The name of a layer that is as it has to be over them, and so not over others. */
  readonly name: Digest;
}

/**
 * Unpacks a blob of the store.
 *
 * @param diffId null if it is not known.
 * @param others null for the lowest layer.
 * @returns its diff ID.
 * @throws ImageError `dependent`: then it can be unpacked together with those below it ({@link unpackTogether}).
 */
export async function unpackBlob(
  directory: StoreDirectory,
  blob: Digest,
  diffId: Digest | null,
  others: Others | null,
): Promise<Digest> {
  return await inTmp(directory, async (folder) => {
    const draft = join(folder, 'layer');
    const files = join(draft, 'fs');
    mkdirSync(files, { recursive: true });
    const unpack = async (below: NonNullable<UnpackOptions['below']>) => {
      const archive = createReadStream(directory.blob(blob), { highWaterMark: 256 * 1024 });
      try {
        return await unpackLayer(archive, files, { diffId, below });
      } finally {
        archive.destroy();
      }
    };
    const keep = (name: Digest) => {
      writeFileSync(join(draft, 'blob'), blob);
      if (!hasLayer(directory, name)) renameSync(draft, directory.layer(name));
    };

    if (others === null) {
      const unpacked = await unpack('nothing');
      if (unpacked.implied.length > 0) writeFileSync(join(draft, LOWEST_ONLY), '');
      const found = checkedDigest(unpacked.diffId);
      keep(found);
      return found;
    }
    const alone = await unlessDependent(unpack('out of reach'));
    if (alone?.implied.length === 0) {
      const found = checkedDigest(alone.diffId);
      keep(found);
      return found;
    }
    const below = await others.below();
    if (below === null) throw dependent('so must one of those');
    const adopts =
      alone !== null && (await unlessDependent(adoptDirectories(files, below, alone.implied).then(() => true)));
    if (adopts === true) {
      keep(others.name);
      return checkedDigest(alone.diffId);
    }
    await removeTree(files);
    mkdirSync(files);
    const over = await unpack(below);
    keep(others.name);
    return checkedDigest(over.diffId);
  });
}

/**
 * Unpacks blobs of the store together, into one directory.
 *
 * @param blobs lowest first; a diff ID is null if it is not known.
 * @param nameOf what the directory is called, by the diff IDs.
 */
export async function unpackTogether(
  directory: StoreDirectory,
  blobs: readonly { readonly blob: Digest; readonly diffId: Digest | null }[],
  nameOf: (diffIds: readonly Digest[]) => Digest,
): Promise<Digest> {
  return await inTmp(directory, async (folder) => {
    const draft = join(folder, 'layer');
    mkdirSync(draft);
    const archives = blobs.map(({ blob, diffId }) => ({ path: directory.blob(blob), diffId }));
    const name = nameOf((await unpackRoot(archives, draft)).map(({ diffId }) => checkedDigest(diffId)));
    // Of several, nobody has to find out from which blobs: an image keeps its own of such layers.
    const [first] = blobs;
    if (first !== undefined && blobs.length === 1) {
      writeFileSync(join(draft, 'blob'), first.blob);
      writeFileSync(join(draft, LOWEST_ONLY), '');
    }
    if (!hasLayer(directory, name)) renameSync(draft, directory.layer(name));
    return name;
  });
}

/** Runs `work` with a folder of its own, which is removed with what is left in it. */
export async function inTmp<T>(directory: StoreDirectory, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = join(directory.tmp(), randomBytes(8).toString('hex'));
  mkdirSync(folder, { mode: 0o700 });
  try {
    return await work(folder);
  } finally {
    await removeTree(folder);
  }
}
