/** Directories, made as mkdir(1) makes them with `-p`. */
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a directory where it is missing, and those above it.
 *
 * `mkdirSync` with `recursive` goes round for ever where ENOENT does not mean that the one above is missing: in /proc.
 *
 * @param mode of those that are made, less the umask.
 * @throws the errors of Node's fs: EEXIST for what is there and no directory; ENOENT in a filesystem that makes none.
 */
export function makeDirectories(path: string, mode: number): void {
  try {
    mkdirSync(path, mode);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && !existsSync(dirname(path))) {
      makeDirectories(dirname(path), mode);
      makeDirectories(path, mode);
    } else if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
      throw error;
    }
  }
}
