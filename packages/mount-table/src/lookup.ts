/** Path lookup among mounts, as the kernel does it: path_resolution(7), and handle_mounts in fs/namei.c. */
import { componentsOf } from './directory.ts';
import { type Ground, type MountTree, Node, type TreeNode } from './tree.ts';

/**
 * The mount that holds a path: the one on which path lookup ends. For a mount point, the topmost mount on it.
 *
 * Lookup starts at the mount that is the process's root, beneath what may be mounted over that, and at each directory goes
 * on to the mount that covers it, as long as there is one.
 *
 * @param path absolute, as the process with this table sees it, without `..` and symbolic links: as from realpath(3).
 * @returns null if the table does not show it, since the process's root is no mount point.
 * @throws TypeError if the path is not absolute or has a `..`, which only the kernel can resolve.
 */
export function mountHolding(tree: MountTree, path: string): TreeNode | null {
  const ground = groundOf(tree, path);
  return ground instanceof Node ? ground : null;
}

/**
 * The mount on which a mount at this path would be made: the one that holds it; but at `/`, where lookup would not see it,
 * the topmost of all that lie there. See do_lock_mount in fs/namespace.c.
 *
 * @throws TypeError as `mountHolding`.
 */
export function mountReceiving(tree: MountTree, path: string): TreeNode | null {
  let ground = groundOf(tree, path);
  if (namesIn(path).length === 0) ground = topmost(ground, tree.top);
  return ground instanceof Node ? ground : null;
}

function groundOf(tree: MountTree, path: string): Ground {
  let ground = tree.start;
  let directory = tree.top;
  for (const name of namesIn(path)) {
    const next = directory.get(name);
    // No mount point there, nor below.
    if (next === undefined) break;
    directory = next;
    ground = topmost(ground, directory);
  }
  return ground;
}

function topmost(ground: Ground, directory: Ground['directory']): Ground {
  let top = ground;
  for (let next = top.on(directory); next !== undefined; next = top.on(directory)) top = next;
  return top;
}

/** The names in a path that needs no kernel to resolve. */
export function namesIn(path: string): string[] {
  const names = componentsOf(path);
  if (!path.startsWith('/') || names.includes('..')) {
    throw new TypeError(`${JSON.stringify(path)}: not an absolute path without ".."`);
  }
  return names;
}
