/** Removing a directory of ours. */
import { chmodSync, type Dirent, readdirSync, rmdirSync, unlinkSync } from 'node:fs';

const SLASH = Buffer.from('/');

/**
 * Removes a directory with all that is in it, or does nothing where there is none.
 *
 * `rmSync` would do, but it takes most of the time between the end of a small container and our telling of it: it looks at
 * each file, and tries to remove each directory before it has looked into it.
 *
 * @param path of a directory in which nobody else can change anything meanwhile.
 * @throws the errors of Node's fs.
 */
export function removeTree(path: string): void {
  try {
    removeDirectory(Buffer.from(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** Names are bytes: they need not be UTF-8. */
function removeDirectory(path: Buffer): void {
  for (const entry of entriesOf(path)) {
    const at = Buffer.concat([path, SLASH, entry.name]);
    if (entry.isDirectory()) removeDirectory(at);
    else unlinkSync(at);
  }
  rmdirSync(path);
}

/** An overlay's own directory denies access to its owner, who may change that. */
function entriesOf(path: Buffer): Dirent<Buffer>[] {
  const options = { withFileTypes: true, encoding: 'buffer' } as const;
  try {
    return readdirSync(path, options);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
    chmodSync(path, 0o700);
    return readdirSync(path, options);
  }
}
