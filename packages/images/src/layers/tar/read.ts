/**
 * Reading a tar archive as it comes, piece by piece.
 *
 * Not with tar-stream, which the tests use to write archives: it decodes extended headers as UTF-8, so that a file
 * capability or a name of other bytes comes out as another one; it has no sparse files; it drops the nanoseconds of times;
 * and it takes whatever follows the end.
 */
import type { Timespec } from '@ns-tool/syscalls';
import { ImageError } from '../../error.ts';
import { BLOCK, corrupt, type RawHeader, REMAKE, readHeader } from './header.ts';
import { type PaxRecords, paxNumber, paxTime, readPax } from './pax.ts';
import { checkSparse, type Fragment, paxSparse, readGnuSparse, readSparseMap, type Sparse } from './sparse.ts';

export type EntryType = 'file' | 'link' | 'symlink' | 'character device' | 'block device' | 'directory' | 'fifo';

/** An entry, without its data. Names and values have one character per byte. */
export interface Entry {
  readonly type: EntryType;
  readonly name: string;
  readonly linkname: string;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Of the file once it is unpacked, its holes too, in bytes. */
  readonly size: number;
  readonly mtime: Timespec;
  readonly atime: Timespec;
  readonly devmajor: number;
  readonly devminor: number;
  readonly xattrs: readonly (readonly [name: string, value: string])[];
}

/** Who is told of what is in an archive. */
export interface TarSink {
  begin(entry: Entry): void;
  /** A piece of the file's data, which belongs at `position`. The memory is used again afterwards. */
  data(piece: Buffer, position: number): void;
  end(): void;
}

/** A reader that is fed. */
export interface TarReader {
  push(piece: Buffer): void;
  /**
   * The last piece was fed.
   *
   * @returns whether the archive had its two blocks of zeros at the end. Without them nobody can tell from the archive alone
   *   that it is whole.
   * @throws ImageError `corrupt` if it ends within an entry.
   */
  finish(): boolean;
}

const EMPTY = Buffer.alloc(0);

/** As many bytes as this; or as many whole pages of a file as are there, or all that is left of it. */
type Need = number | { readonly left: number };

/** What the kernel keeps a file in: whole ones can be told to be holes, however the archive comes. */
const PAGE = 4096;

/** How many bytes the parser gets of those that are there; 0 if it has to wait for more. */
function lengthFor(need: Need, available: number): number {
  if (typeof need === 'number') return available < need ? 0 : need;
  return available < need.left ? available - (available % PAGE) : need.left;
}

export function readTar(sink: TarSink): TarReader {
  const parser = parse(sink);
  let need = parser.next().value as Need;
  let rest = Buffer.alloc(0);
  let result: boolean | undefined;
  const go = (piece: Buffer) => {
    const next = parser.next(piece);
    if (next.done) result = next.value;
    else need = next.value;
  };
  return {
    push(piece) {
      let bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
      for (let length = lengthFor(need, bytes.length); length > 0; length = lengthFor(need, bytes.length)) {
        const taken = bytes.subarray(0, length);
        bytes = bytes.subarray(length);
        go(taken);
      }
      // A copy, since who has fed it may use its memory again.
      rest = Buffer.from(bytes);
    },
    finish() {
      // Less than was asked for, and then nothing: the parser knows what that means.
      for (let last = rest; result === undefined; last = EMPTY) go(last);
      return result;
    },
  };
}

/** The parser: asks for bytes, and gets them; fewer only at the end of the archive. */
function* parse(sink: TarSink): Generator<Need, boolean, Buffer> {
  let extended: Extended = NOTHING;
  for (;;) {
    const block = yield BLOCK;
    if (block.length === 0 && extended === NOTHING) return false;
    if (block.length < BLOCK) throw truncated();
    const header = readHeader(block);
    if (header === null) {
      yield* readEnd();
      return true;
    }
    if (header.size < 0) throw corrupt('an entry whose size is below zero');
    const more = yield* readExtended(header, extended);
    if (more !== null) {
      extended = more;
      continue;
    }
    yield* readEntry(sink, header, Buffer.from(block), extended);
    extended = NOTHING;
  }
}

/** What the headers before an entry say of it. */
interface Extended {
  readonly name?: string;
  readonly linkname?: string;
  readonly pax: PaxRecords;
}

const NOTHING: Extended = { pax: [] };

/** Longer than any name, and than all extended attributes that the kernel takes for one file. */
const LONGEST_EXTENDED = 1024 * 1024;

/** Reads what such a header adds, or returns null for the header of an entry itself. */
function* readExtended(header: RawHeader, before: Extended): Generator<Need, Extended | null, Buffer> {
  if (!'xgLK'.includes(header.type)) return null;
  if (header.size > LONGEST_EXTENDED) throw corrupt('an extended header of more than a megabyte');
  const bytes = Buffer.from(yield* exactly(header.size));
  yield* skip(padding(header.size));
  switch (header.type) {
    case 'x':
      return { ...before, pax: readPax(bytes) };
    case 'L':
      return { ...before, name: untilNul(bytes) };
    case 'K':
      return { ...before, linkname: untilNul(bytes) };
    default:
      // For the whole archive. The tools that make and apply layers leave it out of account, git's comment for instance.
      return before;
  }
}

const TYPES: Readonly<Record<string, EntryType>> = {
  '\0': 'file',
  '0': 'file',
  // Contiguous, long ago.
  '7': 'file',
  S: 'file',
  '1': 'link',
  '2': 'symlink',
  '3': 'character device',
  '4': 'block device',
  '5': 'directory',
  '6': 'fifo',
};

function* readEntry(
  sink: TarSink,
  header: RawHeader,
  block: Buffer,
  extended: Extended,
): Generator<Need, void, Buffer> {
  const type = typeOf(header, extended);
  const pax = new Map(extended.pax);
  // An empty value takes back what was said before, which is nothing here.
  const said = (keyword: string) => pax.get(keyword) || undefined;
  const number = (keyword: string, what: string, otherwise: number) => {
    const value = said(keyword);
    return value === undefined ? otherwise : paxNumber(value, what);
  };
  // Only files have data, whatever the size of others says: as Go's archive/tar, and so all tools for images, read it.
  const stored = type === 'file' ? number('size', 'size', header.size) : 0;
  const sparse = type === 'file' ? yield* sparseOf(header, block, extended.pax, stored) : null;

  const mtime = time(said('mtime'), { seconds: header.mtime, nanoseconds: 0 });
  sink.begin({
    type,
    name: noNul(said('GNU.sparse.name') ?? extended.name ?? said('path') ?? header.name),
    linkname: noNul(extended.linkname ?? said('linkpath') ?? header.linkname),
    mode: header.mode & 0o7777,
    uid: id(number('uid', 'user ID', header.uid)),
    gid: id(number('gid', 'group ID', header.gid)),
    size: sparse?.realSize ?? stored,
    mtime,
    atime: time(said('atime'), mtime),
    devmajor: header.devmajor,
    devminor: header.devminor,
    xattrs: extended.pax
      .filter(([key]) => key.startsWith(XATTR))
      .map(([key, value]) => [key.slice(XATTR.length), value]),
  });
  const fragments: readonly Fragment[] = sparse?.fragments ?? [{ offset: 0, length: stored }];
  for (const { offset, length } of fragments) {
    for (let done = 0; done < length; ) {
      const piece = yield { left: length - done };
      if (piece.length === 0) throw truncated();
      sink.data(piece, offset + done);
      done += piece.length;
    }
  }
  sink.end();
  yield* skip(padding(stored));
}

/** Extended attributes as star, GNU tar and Go write them. */
const XATTR = 'SCHILY.xattr.';

function typeOf(header: RawHeader, extended: Extended): EntryType {
  const type = TYPES[header.type];
  if (type === undefined) throw corrupt(`an entry of the unknown type ${JSON.stringify(header.type)}`);
  // Before POSIX, there was no type for directories.
  const isOldDirectory = header.type === '\0' && (extended.name ?? header.name).endsWith('/');
  return isOldDirectory ? 'directory' : type;
}

/** The map of a file with holes, read from wherever it is; null for any other. */
function* sparseOf(
  header: RawHeader,
  block: Buffer,
  records: PaxRecords,
  stored: number,
): Generator<Need, Sparse | null, Buffer> {
  if (header.type === 'S') return checkSparse(yield* whole(readGnuSparse(block)), stored);
  const sparse = paxSparse(records);
  if (sparse === null) return null;
  if (sparse.fragments !== null) return checkSparse({ ...sparse, fragments: sparse.fragments }, stored);
  const { fragments, size } = yield* whole(readSparseMap(stored));
  return checkSparse({ realSize: sparse.realSize, fragments }, stored - size);
}

/** A part of the parser that knows nothing of ends: what it asks for, it gets. */
function* whole<T>(part: Generator<number, T, Buffer>): Generator<Need, T, Buffer> {
  let next = part.next();
  while (!next.done) next = part.next(yield* exactly(next.value));
  return next.value;
}

/** After the first block of zeros: a second one, and then only zeros, up to a full record. */
function* readEnd(): Generator<Need, void, Buffer> {
  const second = yield BLOCK;
  if (second.length < BLOCK) throw truncated();
  for (let piece = second; piece.length > 0; piece = yield { left: Number.MAX_SAFE_INTEGER }) {
    if (!isZero(piece)) throw corrupt('something behind its end');
  }
}

function* exactly(length: number): Generator<Need, Buffer, Buffer> {
  if (length === 0) return EMPTY;
  const bytes = yield length;
  if (bytes.length < length) throw truncated();
  return bytes;
}

function* skip(length: number): Generator<Need, void, Buffer> {
  yield* exactly(length);
}

/** Data is filled up to whole blocks. */
function padding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

const ZEROS = Buffer.alloc(64 * 1024);

export function isZero(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at += ZEROS.length) {
    const part = bytes.subarray(at, at + ZEROS.length);
    if (part.compare(ZEROS, 0, part.length) !== 0) return false;
  }
  return true;
}

function untilNul(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('latin1', 0, end === -1 ? bytes.length : end);
}

function noNul(name: string): string {
  if (name.includes('\0')) throw corrupt('a name with a NUL in it');
  return name;
}

/** 2^32 - 1 would mean "leave it as it is" to chown(2). */
function id(value: number): number {
  if (value < 0 || value >= 2 ** 32 - 1) throw corrupt(`an owner that is none: ${value}`);
  return value;
}

function time(value: string | undefined, otherwise: Timespec): Timespec {
  return value === undefined ? otherwise : paxTime(value);
}

function truncated(): ImageError {
  return new ImageError('corrupt', 'the layer is no whole tar archive: it ends within an entry', REMAKE);
}
