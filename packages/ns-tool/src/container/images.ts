/** The images of the store, as far as containers know them. */
import { ImageError, openStore } from '@ns-tool/images';
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
    if (!(error instanceof ImageError)) throw error;
    const hint = error.hint === undefined ? undefined : printable(error.hint);
    throw new NotStarted(printable(error.message), hint, { cause: error });
  }
}
