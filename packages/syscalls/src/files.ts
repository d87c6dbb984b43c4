/**
 * Reading files through system calls, one thread, nothing asynchronous.
 *
 * Node's own `fs` would do, as long as it is `fs.*Sync`; these go through `sys` like everything else, so that they are
 * traced, and can be made to fail, with the rest.
 */
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_SYMLINK_NOFOLLOW,
  O_CLOEXEC,
  O_RDONLY,
  S_IFMT,
  STATX_GID,
  STATX_MODE,
  STATX_TYPE,
  STATX_UID,
} from './constants.ts';
import { errnoNumber } from './errno.ts';
import type { Text } from './kinds.ts';
import type { Sys } from './table.ts';

/** One page is the most that procfs renders at once, and more than enough for a directory's next entries. */
const CHUNK = 32 * 1024;

/** PATH_MAX: no link is longer. */
const PATH_MAX = 4096;

/** Runs `use` on an open file and closes it, also when `use` throws. */
export function withOpen<T>(sys: Sys, dirfd: number, path: Text, flags: number, use: (fd: number) => T): T {
  const fd = sys.openat(dirfd, path, flags | O_CLOEXEC);
  try {
    return use(fd);
  } finally {
    sys.close(fd);
  }
}

/** @throws TypeError for the result of a call that was only recorded: record.ts. */
function known(result: number): number {
  if (result >= 0) return result;
  throw new TypeError('what a child does has no result here: it is only recorded');
}

/** Makes a pipe: the end to read from and the end to write to, both close-on-exec. */
export function pipe(sys: Sys): [read: number, write: number] {
  const fds = new DataView(new ArrayBuffer(8));
  known(sys.pipe2(new Uint8Array(fds.buffer), O_CLOEXEC));
  return [fds.getInt32(0, true), fds.getInt32(4, true)];
}

/**
 * All bytes of a file, from where `fd` stands to the end.
 *
 * @param most once there are more than this many bytes, it reads no further: the file may be without end.
 */
export function readAll(sys: Sys, fd: number, most = Number.POSITIVE_INFINITY): Buffer {
  const read: Buffer[] = [];
  let length = 0;
  for (const chunk of chunks((buffer) => sys.read(fd, buffer))) {
    read.push(chunk);
    length += chunk.length;
    if (length > most) break;
  }
  return Buffer.concat(read);
}

/** All bytes of the file at `path`. */
export function readFile(sys: Sys, path: Text): Buffer {
  return withOpen(sys, AT_FDCWD, path, O_RDONLY, (fd) => readAll(sys, fd));
}

/** An entry of a directory. */
export interface DirectoryEntry {
  /** Bytes, since a name need not be UTF-8. */
  readonly name: Buffer;
  /** The file type: S_IFDIR, S_IFLNK and so on. */
  readonly type: number;
}

/** The entries of an open directory, without `.` and `..`. */
export function readDirectory(sys: Sys, fd: number): DirectoryEntry[] {
  const entries: DirectoryEntry[] = [];
  for (const bytes of chunks((buffer) => sys.getdents64(fd, buffer))) {
    // struct linux_dirent64: d_ino (8), d_off (8), d_reclen (2), d_type (1), d_name, NUL.
    for (let at = 0; at < bytes.length; at += bytes.readUInt16LE(at + 16)) {
      const name = bytes.subarray(at + 19, bytes.indexOf(0, at + 19));
      if (isDot(name)) continue;
      // d_type is the file type's four bits of st_mode, or zero where the filesystem does not tell.
      const type = bytes.readUInt8(at + 18) << 12 || status(sys, fd, name).mode & S_IFMT;
      entries.push({ name, type });
    }
  }
  return entries;
}

/** Where a symbolic link points. With an empty path: of the link that `dirfd` is open on. */
export function readLink(sys: Sys, dirfd: number, path: Text): Buffer {
  const buffer = Buffer.alloc(PATH_MAX);
  return buffer.subarray(0, known(sys.readlinkat(dirfd, path, buffer)));
}

/** The path that the kernel gives for an open file, from /proc/self/fd. Names, not a promise: it can be renamed since. */
export function pathOf(sys: Sys, fd: number): Buffer {
  return readLink(sys, AT_FDCWD, `/proc/self/fd/${fd}`);
}

/** What statx(2) says of a file. */
export interface FileStatus {
  /** File type and permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** The device of its filesystem as mountinfo writes it: `'0:39'`. */
  readonly device: string;
}

/** The status of a file, of the link itself if it is one; of `dirfd` itself with an empty path. */
export function status(sys: Sys, dirfd: number, path: Text): FileStatus {
  const statx = Buffer.alloc(256);
  const mask = STATX_TYPE | STATX_MODE | STATX_UID | STATX_GID;
  known(sys.statx(dirfd, path, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH, mask, statx));
  return {
    mode: statx.readUInt16LE(28),
    uid: statx.readUInt32LE(20),
    gid: statx.readUInt32LE(24),
    device: `${statx.readUInt32LE(136)}:${statx.readUInt32LE(140)}`,
  };
}

/** Opens a file, or returns null where no such file exists. */
export function openIfExists(sys: Sys, dirfd: number, path: Text, flags: number): number | null {
  const fd = sys.allowing('ENOENT').openat(dirfd, path, flags | O_CLOEXEC);
  return fd === -errnoNumber('ENOENT') ? null : fd;
}

/** What `fill` puts into fresh buffers, until it returns 0. */
function* chunks(fill: (buffer: Buffer) => number): Generator<Buffer> {
  for (;;) {
    const buffer = Buffer.allocUnsafe(CHUNK);
    const length = known(fill(buffer));
    if (length === 0) return;
    yield buffer.subarray(0, length);
  }
}

function isDot(name: Buffer): boolean {
  return name[0] === 0x2e && (name.length === 1 || (name.length === 2 && name[1] === 0x2e));
}
