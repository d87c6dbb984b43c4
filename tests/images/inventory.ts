/** All that can be seen of the files in a directory. */
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { isErrno, sys } from '@ns-tool/syscalls';

/** A file; only what its type has. */
export interface Seen {
  readonly mode: string;
  readonly owner: string;
  readonly mtime: string;
  readonly size?: number;
  readonly links?: number;
  readonly content?: string;
  readonly target?: string;
  readonly device?: string;
  readonly xattrs?: Readonly<Record<string, string>>;
}

/** The files below a directory, by their path from it; `.` is the directory itself. Names have a character per byte. */
export function inventory(directory: string): Record<string, Seen> {
  const seen: Record<string, Seen> = {};
  const visit = (path: Buffer, name: string) => {
    seen[name] = look(path);
    if (!lstatSync(path).isDirectory()) return;
    for (const child of readdirSync(path, 'latin1').sort()) {
      visit(Buffer.concat([path, Buffer.from(`/${child}`, 'latin1')]), name === '.' ? child : `${name}/${child}`);
    }
  };
  visit(Buffer.from(directory), '.');
  return seen;
}

function look(path: Buffer): Seen {
  const stat = lstatSync(path, { bigint: true });
  const xattrs = attributes(path);
  return {
    mode: Number(stat.mode).toString(8),
    owner: `${stat.uid}:${stat.gid}`,
    mtime: time(stat.mtimeNs),
    // overlayfs does not count the links of directories.
    ...(!stat.isDirectory() && { links: Number(stat.nlink) }),
    ...(stat.isFile() && {
      size: Number(stat.size),
      content: createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16),
    }),
    ...(stat.isSymbolicLink() && { target: readlinkSync(path, 'latin1') }),
    ...((stat.isCharacterDevice() || stat.isBlockDevice()) && { device: String(stat.rdev) }),
    ...(Object.keys(xattrs).length > 0 && { xattrs }),
  };
}

/** Seconds and nanoseconds, which count from the second below. */
function time(ns: bigint): string {
  const nanoseconds = ((ns % SECOND) + SECOND) % SECOND;
  return `${(ns - nanoseconds) / SECOND}.${String(nanoseconds).padStart(9, '0')}`;
}

const SECOND = 1_000_000_000n;

function attributes(path: Buffer): Record<string, string> {
  const buffer = Buffer.alloc(65_536);
  const names = buffer.toString('latin1', 0, sys.llistxattr(path, buffer)).split('\0').slice(0, -1);
  return Object.fromEntries(names.map((name) => [name, attribute(path, name) ?? '']));
}

/** An attribute's value in hexadecimal, or null. */
export function attribute(path: string | Buffer, name: string): string | null {
  const buffer = Buffer.alloc(65_536);
  try {
    return buffer.toString('hex', 0, sys.lgetxattr(path, name, buffer));
  } catch (error) {
    if (isErrno(error, 'ENODATA')) return null;
    throw error;
  }
}
