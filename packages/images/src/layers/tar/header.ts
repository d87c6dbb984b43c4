/**
 * The header of an entry: 512 bytes, of which many kinds exist. tar(5) of libarchive describes them, POSIX the ustar format
 * ("pax", section "ustar Interchange Format").
 *
 * Names are bytes. They are kept as strings of one character per byte ("latin1"), which cost no more than the bytes, can be
 * compared and split, and lose nothing.
 */
import { ImageError } from '../../error.ts';

export const BLOCK = 512;

/** What a header says by itself, before what extended headers add. */
export interface RawHeader {
  /** typeflag: `'0'`, `'5'` … */
  readonly type: string;
  readonly name: string;
  readonly linkname: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  readonly devmajor: number;
  readonly devminor: number;
}

/**
 * Reads a header.
 *
 * @returns null for a block of zeros, of which two end an archive.
 * @throws ImageError `corrupt` if the checksum does not match, or a number is none.
 */
export function readHeader(block: Buffer): RawHeader | null {
  const sums = checksums(block);
  if (sums.unsigned === EMPTY_SUM && block.every((byte) => byte === 0)) return null;
  const checksum = number(block, 148, 8, 'checksum');
  // Some old programs have summed signed characters.
  if (checksum !== sums.unsigned && checksum !== sums.signed) throw corrupt('a header whose checksum is wrong');

  return {
    type: String.fromCharCode(block.readUInt8(156)),
    name: prefix(block) + string(block, 0, 100),
    linkname: string(block, 157, 100),
    mode: number(block, 100, 8, 'mode'),
    uid: number(block, 108, 8, 'user ID'),
    gid: number(block, 116, 8, 'group ID'),
    size: number(block, 124, 12, 'size'),
    mtime: number(block, 136, 12, 'time'),
    devmajor: isUstarLike(block) ? number(block, 329, 8, 'device') : 0,
    devminor: isUstarLike(block) ? number(block, 337, 8, 'device') : 0,
  };
}

/** The magic and version of GNU tar's own format; POSIX has `ustar`, NUL, `00`. */
export function isGnu(block: Buffer): boolean {
  return string(block, 257, 8) === 'ustar  ';
}

function isUstarLike(block: Buffer): boolean {
  return block.toString('latin1', 257, 262) === 'ustar';
}

/** The beginning of a long name. GNU tar has other things there, and star, which ends a header by `tar`, its times. */
function prefix(block: Buffer): string {
  if (!isUstarLike(block) || isGnu(block)) return '';
  const length = block.toString('latin1', 508, 512) === 'tar\0' ? 131 : 155;
  const found = string(block, 345, length);
  return found === '' ? '' : `${found}/`;
}

function string(block: Buffer, at: number, length: number): string {
  const end = block.indexOf(0, at);
  return block.toString('latin1', at, end === -1 ? at + length : Math.min(end, at + length));
}

/**
 * A number: octal digits with spaces or NULs around, or, as GNU tar has it for those that do not fit, a big-endian
 * two's complement number whose first bit is set to tell.
 */
export function number(block: Buffer, at: number, length: number, what: string): number {
  const first = block.readUInt8(at);
  const value = first & 0x80 ? base256(block.subarray(at, at + length)) : octal(string(block, at, length));
  if (!Number.isSafeInteger(value)) throw corrupt(`a header whose ${what} is no number`);
  return value;
}

function octal(text: string): number {
  const digits = text.trim();
  if (digits === '') return 0;
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
}

function base256(bytes: Buffer): number {
  // The first bit is the mark, the second one the sign.
  const isNegative = (bytes.readUInt8(0) & 0x40) !== 0;
  let value = isNegative ? -1n : 0n;
  for (const [i, byte] of bytes.entries()) {
    value = (value << 8n) | BigInt(i === 0 ? (isNegative ? byte | 0x80 : byte & 0x7f) : byte);
  }
  return Number(value);
}

const EMPTY_SUM = 8 * 0x20;

/** The sum of all bytes, those of the checksum itself taken as spaces; and the same of signed bytes. */
function checksums(block: Buffer): { unsigned: number; signed: number } {
  let unsigned = EMPTY_SUM;
  let high = 0;
  for (let i = 0; i < BLOCK; i++) {
    if (i >= 148 && i < 156) continue;
    const byte = block[i] as number;
    unsigned += byte;
    high += byte >> 7;
  }
  return { unsigned, signed: unsigned - 256 * high };
}

export function corrupt(what: string): ImageError {
  return new ImageError('corrupt', `the layer is no right tar archive: it has ${what}`, REMAKE);
}

export const REMAKE = 'Nothing of it is used. If it was made here, make it again; otherwise tell who made it.';
