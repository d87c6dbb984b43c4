/** Paths in a layer that is being unpacked, and what is there: all begin at the working directory. */
import fs from 'node:fs';

/** A path from the layer's root, without a `/` in front, so that the root itself is empty. One character per byte. */
export type Path = string;

/** The directories above a path, the root first. */
export function ancestorsOf(path: Path): readonly Path[] {
  const components = path.split('/');
  return components.map((_, i) => components.slice(0, i).join('/'));
}

/** The directory of a path; the root's is the root. */
export function parentOf(path: Path): Path {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0));
}

export function join(parent: Path, name: string): Path {
  return parent === '' ? name : `${parent}/${name}`;
}

export function bytes(path: Path): Buffer {
  return Buffer.from(path === '' ? '.' : path, 'latin1');
}

export function lstat(path: Path): fs.Stats | undefined {
  return fs.lstatSync(bytes(path), { throwIfNoEntry: false });
}

/** A character device 0:0, which overlayfs takes for a file that is gone; or what stands for it in passing. */
export function isWhiteout(found: fs.Stats | undefined): boolean {
  return found?.isSocket() === true || (found?.isCharacterDevice() === true && found.rdev === 0);
}
