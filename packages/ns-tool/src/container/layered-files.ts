/** Reading a file of a root that lies in layers, from outside, before it is mounted. */
import { statfsSync } from 'node:fs';
import {
  AT_FDCWD,
  O_CLOEXEC,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
  readAll,
  readLink,
  S_IFCHR,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  type Sys,
  status,
  withOpen,
} from '@ns-tool/syscalls';
import { UserError } from '../errors.ts';

/** As many links as the kernel follows: path_resolution(7). */
const MOST_LINKS = 40;

/** The layers of one directory, as descriptors, the highest first. */
type Directory = readonly number[];

/**
 * The texts of files as a process with this root would read them, or null where there is none.
 *
 * Links lead nowhere but into the layers, since each component is opened for itself and none is followed; and what is no
 * regular file is never opened, since the image may have a device or a fifo there. Nor is one of proc, which a container
 * that runs may lead to: whoever reads /proc/kmsg takes it from others.
 *
 * @param layers absolute paths, lowest first, with the whiteouts of overlayfs.
 * @throws UserError if one is larger than `most` bytes.
 */
export function readInLayers(
  sys: Sys,
  layers: readonly string[],
  paths: readonly string[],
  most: number,
): (string | null)[] {
  const opened: number[] = [];
  const keep = (fd: number) => {
    opened.push(fd);
    return fd;
  };
  try {
    const root = layers
      .toReversed()
      .map((layer) => keep(sys.openat(AT_FDCWD, layer, O_PATH | O_DIRECTORY | O_CLOEXEC)));
    return paths.map((path) => {
      const file = find(sys, root, path, keep);
      return file === null ? null : read(sys, file, path, most);
    });
  } finally {
    for (const fd of opened) sys.close(fd);
  }
}

/** A descriptor of a regular file, or null. */
function find(sys: Sys, root: Directory, path: string, keep: (fd: number) => number): number | null {
  const above: Directory[] = [root];
  const pending = path.split('/').reverse();
  let links = 0;
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (name === '' || name === '.') continue;
    if (name === '..') {
      if (above.length > 1) above.pop();
      continue;
    }
    const found = lookUp(sys, above.at(-1) ?? root, name, keep);
    if (found === null) return null;
    if ('directory' in found) {
      above.push(found.directory);
      continue;
    }
    if (found.type === S_IFREG) return pending.length === 0 && !isOfProc(found.fd) ? found.fd : null;
    if (found.type !== S_IFLNK || ++links > MOST_LINKS) return null;
    const target = readLink(sys, found.fd, '').toString();
    if (target.startsWith('/')) above.splice(1);
    pending.push(...target.split('/').reverse());
  }
  return null;
}

/** What a name stands for in a directory: what the highest layer has, or the directories of all layers merged. */
function lookUp(sys: Sys, directory: Directory, name: string, keep: (fd: number) => number) {
  const trying = sys.allowing('ENOENT', 'ENAMETOOLONG');
  const merged: number[] = [];
  for (const [i, layer] of directory.entries()) {
    const fd = trying.openat(layer, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) continue;
    keep(fd);
    const type = status(sys, fd, '').mode & S_IFMT;
    // A whiteout, which hides what is below; or a device, which is of no use either.
    if (type === S_IFCHR) break;
    if (type !== S_IFDIR) {
      if (merged.length === 0) return { fd, type };
      break;
    }
    merged.push(fd);
    const isLowest = i === directory.length - 1;
    if (!isLowest && isOpaque(sys, fd)) break;
  }
  return merged.length === 0 ? null : { directory: merged };
}

/** proc(5): statfs(2), PROC_SUPER_MAGIC. */
const PROC = 0x9fa0;

function isOfProc(fd: number): boolean {
  return statfsSync(`/proc/self/fd/${fd}`).type === PROC;
}

/** Whether a directory hides what lower layers have in it: overlayfs.rst, "whiteouts and opaque directories". */
function isOpaque(sys: Sys, directory: number): boolean {
  const trying = sys.allowing('ENODATA', 'EOPNOTSUPP', 'ERANGE', 'EPERM', 'EACCES');
  const value = new Uint8Array(1);
  // The directory, and not the link of /proc to it.
  const path = `/proc/self/fd/${directory}/.`;
  return ['trusted', 'user'].some(
    (namespace) => trying.lgetxattr(path, `${namespace}.overlay.opaque`, value) === 1 && value[0] === 'y'.charCodeAt(0),
  );
}

function read(sys: Sys, file: number, path: string, most: number): string {
  return withOpen(sys, AT_FDCWD, `/proc/self/fd/${file}`, O_RDONLY | O_NONBLOCK, (fd) => {
    const bytes = readAll(sys, fd, most);
    if (bytes.length <= most) return bytes.toString();
    throw new UserError(`the image's ${path} is larger than ${most} bytes`, 'Give the user by numbers: --user UID:GID');
  });
}
