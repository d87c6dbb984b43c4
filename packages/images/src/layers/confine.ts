/** What the unpacker has as its root: calls of its mount namespace, before it begins. */
import {
  AT_FDCWD,
  MOUNT_DATA_SIZE,
  MOVE_MOUNT_F_EMPTY_PATH,
  MS_BIND,
  MS_NODEV,
  MS_NOSUID,
  MS_PRIVATE,
  MS_RDONLY,
  MS_REC,
  OPEN_TREE_CLOEXEC,
  OPEN_TREE_CLONE,
  overlayPath,
  type Recorder,
} from '@ns-tool/syscalls';
import { dependent } from './below.ts';
import { BELOW, LAYER } from './protocol.ts';

/** Makes a mount of a directory. */
export function isolate(directory: string) {
  return (sys: Recorder): void => {
    sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);
    sys.mount(directory, directory, null, MS_BIND, null);
  };
}

/**
 * Puts a filesystem in memory over a directory: with {@link LAYER}, which is that directory, and {@link BELOW}, which shows
 * the layers below it as the kernel puts them one over the other. Nobody can write to those.
 *
 * @param layers absolute paths, lowest first.
 * @throws ImageError `dependent` for more than a page takes, which is as much as mount(2) reads.
 */
export function layOver(directory: string, layers: readonly string[]) {
  const [layer, below, empty] = [LAYER, BELOW, 'empty'].map((name) => `${directory}/${name}`) as [
    string,
    string,
    string,
  ];
  // At least two; the highest first.
  const data = `lowerdir=${[empty, ...layers].toReversed().map(overlayPath).join(':')}`;
  const inUserNamespace = process.geteuid?.() !== 0;
  const options = inUserNamespace ? `${data},userxattr` : data;
  if (Buffer.byteLength(options) >= MOUNT_DATA_SIZE) throw dependent('they are too many');
  return (sys: Recorder): void => {
    sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);
    const tree = sys.open_tree(AT_FDCWD, directory, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    sys.mount('layers', directory, 'tmpfs', MS_NOSUID | MS_NODEV, 'mode=755');
    for (const path of [layer, below, empty]) sys.mkdirat(AT_FDCWD, path, 0o755);
    sys.move_mount(tree, '', AT_FDCWD, layer, MOVE_MOUNT_F_EMPTY_PATH);
    sys.mount('overlay', below, 'overlay', MS_RDONLY | MS_NOSUID | MS_NODEV, options);
  };
}
