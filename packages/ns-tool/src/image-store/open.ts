/** The store that a command works on, and its errors in the command's words. */
import type { ImageError, Store } from '@ns-tool/images';
import { UsageError, UserError } from '../errors.ts';
import { onThisMachine } from '../on-this-machine.ts';
import { printable } from '../output.ts';

/** The option of every command that has to do with images. */
export const STORE_OPTION = {
  store: { type: 'string', requiresArg: true, describe: 'The directory of the images; or set NS_TOOL_STORE' },
} as const;

/** Runs `work` on the store. @throws UserError for what is wrong with an image, with what to do about it. */
export async function withStore<T>(directory: string | undefined, work: (store: Store) => T | Promise<T>): Promise<T> {
  const { ImageError, openStore, storeDirectory } = await onThisMachine(() => import('@ns-tool/images'));
  try {
    return await work(openStore(directory ?? storeDirectory()));
  } catch (error) {
    throw error instanceof ImageError ? inOurWords(error) : error;
  }
}

/** Registries and archives are others' words: none of them may drive the terminal. */
export function inOurWords(error: ImageError): UserError {
  const hint = error.hint === undefined ? undefined : printable(error.hint);
  const Kind = error.code === 'invalid' ? UsageError : UserError;
  return new Kind(printable(error.message), hint, { cause: error });
}
