/** The images of the store, as far as containers know them. */
import { type CopyOptions, checkStore, ImageError, openStore } from '@ns-tool/images';
import { NotStarted } from '../errors.ts';
import { printable } from '../output.ts';
import type { Rootfs } from './rootfs.ts';

/**
 * Finds an image by its name or digest; null if the store has none of that name.
 *
 * @throws NotStarted for what is no name, and for a store that cannot be read.
 */
export function findImage(store: string, nameOrDigest: string): Rootfs | null {
  try {
    return openStore(store).find(nameOrDigest);
  } catch (error) {
    throw inOurWords(error);
  }
}

/** @throws NotStarted if the store is somebody else's, in which nothing of ours must be made. */
export function checkOwnStore(store: string): void {
  try {
    checkStore(store);
  } catch (error) {
    throw inOurWords(error);
  }
}

/**
 * Has what an image has kept by `write`, which writes down that a container needs it.
 *
 * @throws NotStarted if it was removed after it was found.
 */
export async function keepImage(store: string, layers: readonly string[], write: () => void): Promise<void> {
  try {
    await openStore(store).whileThere(layers, async () => write());
  } catch (error) {
    throw inOurWords(error);
  }
}

/**
 * Makes a copy of an image, and returns the directory with its files.
 *
 * @param digest of the image.
 * @param to a path that does not exist.
 * @throws NotStarted for what cannot be copied; the reason of `options.signal`.
 */
export async function copyImage(store: string, digest: string, to: string, options: CopyOptions): Promise<string> {
  try {
    return await openStore(store).copy(digest, to, options);
  } catch (error) {
    throw inOurWords(error);
  }
}

function inOurWords(error: unknown): unknown {
  if (!(error instanceof ImageError)) return error;
  const hint = error.hint === undefined ? undefined : printable(error.hint);
  return new NotStarted(printable(error.message), hint, { cause: error });
}
