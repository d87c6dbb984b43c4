/**
 * Layers without overlayfs: one is put over what lower ones have come to, so that the tree is what an overlay of all would
 * show. Nothing is copied: what is visible of the lower tree is renamed to its place in the layer, and so stays what it is,
 * with its holes, attributes and other names.
 */
import fs from 'node:fs';
import { bytes, join, lstat, type Path } from './paths.ts';
import type { Tree } from './tree.ts';

/**
 * Takes into a layer, in the working directory, what it does not hide of a tree below it.
 *
 * @param layer with passing marks; they are gone afterwards.
 * @param lower the absolute path of the tree, of which what is hidden remains.
 */
export function takeIn({ opaque, whiteouts }: Pick<Tree, 'opaque' | 'whiteouts'>, lower: string): void {
  const below = (path: Path) => Buffer.concat([Buffer.from(`${lower}/`), bytes(path)]);
  // Each path leads through directories only, in both: no symbolic link is followed.
  const take = (directory: Path) => {
    if (opaque.has(directory)) return;
    for (const name of fs.readdirSync(below(directory), 'latin1')) {
      const path = join(directory, name);
      const above = lstat(path);
      if (above === undefined) fs.renameSync(below(path), bytes(path));
      else if (above.isDirectory() && fs.lstatSync(below(path)).isDirectory()) take(path);
    }
  };
  take('');
  for (const path of whiteouts) fs.unlinkSync(bytes(path));
}
