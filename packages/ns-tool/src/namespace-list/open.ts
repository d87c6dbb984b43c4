/** Opens namespaces by their paths, where something else may lie by now. */
import { toBytes } from '@ns-tool/mount-table';
import { O_PATH, O_RDONLY } from '@ns-tool/syscalls';
import type { Files } from './files.ts';
import { type Namespace, pathTo } from './namespace.ts';

/** What is done with an open namespace, whose inode number is `id`. */
type Use<T> = (fd: number, id: number) => T;

/**
 * The device of nsfs, the filesystem of all namespaces.
 *
 * @throws ENOENT, of node:fs, without a proc filesystem in which this process is.
 */
export function nsfsDevice(files: Files): number {
  return files.statSync('/proc/thread-self/ns/user').dev;
}

/** What `use` returns; undefined where the namespace cannot be opened, or its path leads elsewhere by now. */
export function onNamespace<T>(files: Files, device: number, namespace: Namespace, use: Use<T>): T | undefined {
  const path = pathTo(namespace);
  if (path === null) return undefined;
  // The pid, or the descriptor, may be another's by now.
  const ifSame = (fd: number, id: number) => (id === namespace.id ? use(fd, id) : undefined);
  return namespace.pid === null ? onAnyFile(files, device, path, ifSame) : onFile(files, path, ifSame);
}

/** Opens a path at which anything may lie, if it is a namespace: to open a fifo or a device would do something, O_PATH does not. */
export function onAnyFile<T>(files: Files, device: number, path: string, use: Use<T>): T | undefined {
  const handle = opened(files, path, O_PATH);
  if (handle === undefined) return undefined;
  try {
    if (files.fstatSync(handle).dev !== device) return undefined;
    return onFile(files, `/proc/thread-self/fd/${handle}`, use);
  } finally {
    files.closeSync(handle);
  }
}

function onFile<T>(files: Files, path: string, use: Use<T>): T | undefined {
  const fd = opened(files, path, O_RDONLY);
  if (fd === undefined) return undefined;
  try {
    return use(fd, files.fstatSync(fd).ino);
  } finally {
    files.closeSync(fd);
  }
}

function opened(files: Files, path: string, flags: number): number | undefined {
  try {
    // The path of a mount may be none of UTF-8.
    return files.openSync(path.isWellFormed() ? path : Buffer.from(toBytes(path)), flags);
  } catch {
    return undefined;
  }
}
