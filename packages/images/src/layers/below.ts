/** What lies below a layer while it is unpacked. */
import fs from 'node:fs';
import { sys, type Timespec } from '@ns-tool/syscalls';
import { ImageError } from '../error.ts';
import { ancestorsOf, type Path } from './paths.ts';

export type Below =
  /** It is the lowest, of this image. */
  | 'nothing'
  /** There is something, but not here. Where it matters for more than implied directories, a layer is not unpacked. */
  | 'out of reach'
  | LowerTree;

/** A directory of which a layer has only what is in it. */
export interface Implied {
  /** A character per byte. */
  readonly path: Path;
  /** Whether that is more than whiteouts. */
  readonly isReal: boolean;
}

export type Times = readonly [atime: Timespec, mtime: Timespec];

export interface LowerDirectory {
  readonly type: 'directory';
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  readonly times: Times;
  /** Each name and value with a character per byte. */
  readonly attributes: readonly (readonly [name: string, value: string])[];
}

export type Lower = LowerDirectory | { readonly type: 'link'; readonly target: string } | { readonly type: 'other' };

/** What the lower layers have come to. */
export class LowerTree {
  /** @param directory absolute. */
  constructor(private readonly directory: string) {}

  /** All above it must be directories there, too: no link is followed. */
  find(path: Path): Lower | undefined {
    if (!ancestorsOf(path).every((ancestor) => this.lstat(ancestor)?.isDirectory())) return undefined;
    const found = this.lstat(path);
    if (found === undefined) return undefined;
    const at = this.at(path);
    if (found.isSymbolicLink()) return { type: 'link', target: fs.readlinkSync(at, 'latin1') };
    if (!found.isDirectory()) return { type: 'other' };
    return {
      type: 'directory',
      uid: Number(found.uid),
      gid: Number(found.gid),
      mode: Number(found.mode) & 0o7777,
      times: [timespec(found.atimeNs), timespec(found.mtimeNs)],
      attributes: attributesOf(at),
    };
  }

  private lstat(path: Path): fs.BigIntStats | undefined {
    return fs.lstatSync(this.at(path), { bigint: true, throwIfNoEntry: false });
  }

  private at(path: Path): Buffer {
    return Buffer.from(`${this.directory}/${path}`, 'latin1');
  }
}

export function dependent(why: string): ImageError {
  return new ImageError('dependent', `the layer must be unpacked together with those below it: ${why}`);
}

/** Null where a layer can only be unpacked in another way. */
export async function unlessDependent<T>(unpacking: Promise<T>): Promise<T | null> {
  try {
    return await unpacking;
  } catch (error) {
    if (error instanceof ImageError && error.code === 'dependent') return null;
    throw error;
  }
}

/** The kernel's limit for a value, and for all names together: xattr(7). */
const MOST_BYTES = 65_536;

function attributesOf(path: Buffer): LowerDirectory['attributes'] {
  const buffer = Buffer.alloc(MOST_BYTES);
  const value = (name: string) =>
    buffer.toString('latin1', 0, sys.lgetxattr(path, Buffer.from(name, 'latin1'), buffer));
  return attributeNames(path).map((name) => [name, value(name)]);
}

/** The names of a file's extended attributes. */
export function attributeNames(path: Buffer): string[] {
  const buffer = Buffer.alloc(MOST_BYTES);
  return buffer.toString('latin1', 0, sys.llistxattr(path, buffer)).split('\0').filter(Boolean);
}

function timespec(all: bigint): Timespec {
  const nanoseconds = ((all % SECOND) + SECOND) % SECOND;
  return { seconds: Number((all - nanoseconds) / SECOND), nanoseconds: Number(nanoseconds) };
}

const SECOND = 1_000_000_000n;
