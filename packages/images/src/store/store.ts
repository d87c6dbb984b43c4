/** Images on this machine. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileError, ImageError, isFileError } from '../error.ts';
import type { Image } from '../image.ts';
import { checkedDigest, type Digest } from '../image-spec/digest.ts';
import { type Platform, parsePlatform, thisPlatform } from '../image-spec/platform.ts';
import { parseReference, type Reference, showReference } from '../reference.ts';
import type { Collected } from './collect.ts';
import type { CopyOptions } from './copy.ts';
import { checkStore, StoreDirectory } from './directory.ts';
import { imageOf, type Progress } from './install.ts';
import { changeNames, type NamedImage, readNames } from './names.ts';

export interface GetOptions {
  /** As `linux/arm64`; this machine's if left out. */
  readonly platform?: string | undefined;
  /** Is told what becomes of the layers. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

export interface PullOptions extends GetOptions {
  /** Take plain HTTP and any certificate. Without it, HTTP is for this machine only. */
  readonly insecure?: boolean | undefined;
}

export interface ImportOptions extends GetOptions {
  /** A reference. If left out, the name that the image has in its file, or that of the file. */
  readonly name?: string | undefined;
}

export interface CollectOptions {
  /** Digests of manifests whose images are needed, though they have no name any more. */
  readonly keep?: readonly string[];
  /** Only say what would be removed. */
  readonly dryRun?: boolean;
}

/**
 * The images in a directory (store/directory.ts), which several processes may use at once. What is in it appears as a whole
 * or not at all. Its methods throw ImageError.
 */
export interface Store {
  readonly directory: string;
  /** An image by its name, as people write it, or by its digest, or the beginning of that: 6 digits at least. */
  find(nameOrDigest: string): Image | null;
  /** All, by name. */
  images(): readonly Image[];
  /** All names, also of images that are damaged. */
  names(): readonly NamedImage[];
  /** Gets an image from a registry. What is in the store already is not downloaded. */
  pull(reference: string, options?: PullOptions): Promise<Image>;
  /** Takes an image from a file or a directory: OCI layout, `docker save`, or a root filesystem. */
  importFrom(path: string, options?: ImportOptions): Promise<Image>;
  /** Forgets a name; by a digest, all names of that image. The contents are removed by {@link collect}. @returns the names. */
  remove(nameOrDigest: string): Promise<readonly string[]>;
  /**
   * Makes a copy of all that is in an image: what an overlay of its layers would show, for where there can be none.
   *
   * @param digest of the image.
   * @param to a path that does not exist, in a directory that does. What is there after an error is to be removed.
   * @returns the directory with its files.
   */
  copy(digest: string, to: string, options?: CopyOptions): Promise<string>;
  /**
   * Runs `work`, which writes down that an image is needed, while nothing is collected.
   *
   * @param layers of the image, which may have been removed since it was found.
   */
  whileThere<T>(layers: readonly string[], work: () => Promise<T>): Promise<T>;
  /** Removes what is not needed. @returns null if an image is being pulled just now. */
  collect(options?: CollectOptions): Promise<Collected | null>;
}

export function openStore(path: string): Store {
  const directory = new StoreDirectory(resolve(path));
  const explaining = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw isFileError(error) && !(error instanceof ImageError)
        ? fileError(error, `the store ${directory.path}`)
        : error;
    }
  };
  const names = () => {
    checkStore(directory.path);
    return readNames(directory);
  };
  const changing = <T>(work: () => Promise<T>): Promise<T> =>
    explaining(async () => {
      directory.make();
      const { locked } = await import('./lock.ts');
      return await locked(directory.lock(), 'shared', work);
    });

  return {
    directory: directory.path,
    names,
    images: () => names().map((named) => imageOf(directory, named)),
    find(nameOrDigest) {
      const [named] = matching(names(), nameOrDigest);
      return named === undefined ? null : imageOf(directory, named);
    },
    async pull(text, { platform, insecure = false, onProgress } = {}) {
      const [reference, wanted] = [parseReference(text), platformOr(platform)];
      return await changing(async () => {
        const { pull } = await import('./pull.ts');
        return await pull(directory, reference, { platform: wanted, insecure, onProgress });
      });
    },
    async importFrom(source, { name, platform, onProgress } = {}) {
      const given = name === undefined ? null : showReference(parseReference(name));
      const wanted = platformOr(platform);
      return await changing(async () => {
        const { importImage } = await import('../sources/import.ts');
        return await importImage(directory, source, { name: given, platform: wanted, onProgress });
      });
    },
    remove(nameOrDigest) {
      return explaining(async () => {
        const found = matching(names(), nameOrDigest).map(({ name }) => name);
        if (found.length > 0) await changeNames(directory, (all) => all.filter(({ name }) => !found.includes(name)));
        return found;
      });
    },
    async copy(digest, to, options = {}) {
      const { copyImage } = await import('./copy.ts');
      return await explaining(() => copyImage(directory, checkedDigest(digest), resolve(to), options));
    },
    whileThere(layers, work) {
      return changing(async () => {
        if (!layers.every((layer) => existsSync(layer)))
          throw new ImageError('not-found', 'the image was removed meanwhile', 'Get it again: ns-tool pull');
        return await work();
      });
    },
    async collect({ keep = [], dryRun = false } = {}) {
      const digests = keep.map(checkedDigest);
      if (!directory.exists()) return { blobs: 0, layers: 0, unfinished: 0, bytes: 0 };
      return await explaining(async () => {
        directory.make();
        const [{ collect }, { lockedIfFree }] = await Promise.all([import('./collect.ts'), import('./lock.ts')]);
        return await lockedIfFree(directory.lock(), 'exclusive', async () => collect(directory, digests, dryRun));
      });
    },
  };
}

/** The names that a text stands for: one, or those of one image by its digest. */
function matching(names: readonly NamedImage[], text: string): readonly NamedImage[] {
  const reference = referenceOrNull(text);
  const byName = reference === null ? [] : names.filter(({ name }) => name === showReference(reference));
  if (byName.length > 0) return byName;
  const digits = /^(?:sha256:)?([0-9a-f]{6,64})$/.exec(text)?.[1];
  if (digits === undefined) return [];
  const found = names.filter(({ digest }) => digest.startsWith(`sha256:${digits}`));
  const digests = new Set<Digest>(found.map(({ digest }) => digest));
  if (digests.size > 1)
    throw new ImageError(
      'invalid',
      `${text} is the beginning of several digests`,
      `There are: ${[...digests].join(', ')}`,
    );
  return found;
}

function referenceOrNull(text: string): Reference | null {
  try {
    return parseReference(text);
  } catch (error) {
    if (error instanceof ImageError) return null;
    throw error;
  }
}

function platformOr(text: string | undefined): Platform {
  return text === undefined ? thisPlatform() : parsePlatform(text);
}
