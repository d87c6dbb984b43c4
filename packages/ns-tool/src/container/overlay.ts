/** The options of an overlay mount, and what there is no overlay for. Pure. See the kernel's Documentation/filesystems/overlayfs.rst. */
import { isOverlayRefused, MOUNT_DATA_SIZE, overlayPath } from '@ns-tool/syscalls';
import { UserError } from '../errors.ts';

/** More layers than mount(2) takes options for. */
class TooManyLayers extends UserError {}

/** Why a container gets no overlay: the kernel refuses it, or it has too many layers. Null for any other error. */
export function whyNoOverlay(error: unknown): string | null {
  if (error instanceof TooManyLayers) return error.message;
  return isOverlayRefused(error) ? `no overlay here (${error.code})` : null;
}

/**
 * The options that put layers on top of each other, and the directory from which their paths are to be read: many layers
 * have long paths in common, and only so fit into a page.
 *
 * @param layers absolute paths, lowest first.
 * @param bundle the directory with `upper` and `work`.
 * @param inUserNamespace whether the marks of overlayfs are to be read from and written to user.* attributes: Linux 5.11.
 * @throws TooManyLayers
 */
export function overlayData(
  layers: readonly string[],
  bundle: string,
  inUserNamespace: boolean,
): { readonly directory: string; readonly data: string } {
  const directory = layers.map((layer) => layer.slice(0, layer.lastIndexOf('/') + 1)).reduce(commonDirectory);
  const relative = (path: string) => overlayPath(path.startsWith(directory) ? path.slice(directory.length) : path);
  const data = [
    // The highest first.
    `lowerdir=${layers.toReversed().map(relative).join(':')}`,
    `upperdir=${overlayPath(`${bundle}/upper`)}`,
    `workdir=${overlayPath(`${bundle}/work`)}`,
    ...(inUserNamespace ? ['userxattr'] : []),
    // Nobody needs it to be on the disk, and to write it there at the end takes longer than all else. Linux 5.10.
    'volatile',
  ].join(',');
  if (Buffer.byteLength(data) < MOUNT_DATA_SIZE) return { directory, data };
  throw new TooManyLayers(
    `${layers.length} layers are too many for an overlay: mount(2) takes ${MOUNT_DATA_SIZE - 1} bytes of options, and these are ${Buffer.byteLength(data)}`,
    'A store with a shorter path takes more: --store DIR',
  );
}

/** The longest directory that two have in common; both end in a slash, and so does it. */
function commonDirectory(a: string, b: string): string {
  let end = 0;
  for (let i = 0; i < a.length && a[i] === b[i]; i++) if (a[i] === '/') end = i + 1;
  return a.slice(0, end);
}
