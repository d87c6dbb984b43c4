/** Layers as they come: plain, or compressed by gzip or zstd. OCI image specification, media-types.md. */
import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import zlib from 'node:zlib';
import * as fzstd from 'fzstd';
import { ImageError } from '../error.ts';

/** Told of each piece, in order. Its memory is used again afterwards. */
export type Pieces = (piece: Buffer) => void;

const CHUNK = 256 * 1024;

/** By what an archive begins. */
const MAGICS: readonly (readonly [magic: Buffer, format: 'gzip' | 'zstd' | 'bzip2' | 'xz'])[] = [
  [Buffer.from([0x1f, 0x8b]), 'gzip'],
  [Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), 'zstd'],
  [Buffer.from('BZh'), 'bzip2'],
  [Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]), 'xz'],
];

const LONGEST_MAGIC = 6;

export function formatOf(beginning: Buffer): 'gzip' | 'zstd' | 'bzip2' | 'xz' | 'plain' {
  if (isSkippableFrame(beginning)) return 'zstd';
  return MAGICS.find(([magic]) => magic.equals(beginning.subarray(0, magic.length)))?.[1] ?? 'plain';
}

/** zstd may begin with a frame that carries something else: 0x184D2A50 to 0x184D2A5F. RFC 8878, section 3.1.2. */
function isSkippableFrame(beginning: Buffer): boolean {
  return beginning.length >= 4 && beginning.readUInt32LE(0) >>> 4 === 0x184d2a5;
}

/**
 * Decompresses an archive as it comes, and hands on the pieces.
 *
 * @throws ImageError `corrupt` for compressed data that is wrong, ends early, or has something behind its end;
 *   `unsupported` for another compression; `too-large` for a window of zstd that fzstd cannot have.
 */
export async function decompress(archive: Readable, pieces: Pieces): Promise<void> {
  const chunks = archive[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const beginning = await firstBytes(chunks, LONGEST_MAGIC);
  const format = formatOf(beginning);
  switch (format) {
    case 'plain':
      for await (const chunk of follow(beginning, chunks)) pieces(chunk);
      return;
    case 'gzip':
      return await throughGunzip(follow(beginning, chunks), pieces);
    case 'zstd':
      if (hasHugeWindow(beginning)) throw hugeWindow();
      return await throughFzstd(follow(beginning, chunks), pieces);
    default:
      throw new ImageError(
        'unsupported',
        `the layer is compressed by ${format}, which no layer of an image may be`,
        `Decompress it first: ${format} --decompress`,
      );
  }
}

/** The same as a stream, for which no more of the archive is taken than is read of it. */
export function decompressed(archive: Readable): Readable {
  const plain = new PassThrough({ highWaterMark: CHUNK });
  async function* asRead() {
    for await (const chunk of archive) {
      yield chunk;
      if (plain.writableNeedDrain) await Promise.race([once(plain, 'drain'), once(plain, 'close')]);
      if (plain.destroyed) return;
    }
  }
  decompress(Readable.from(asRead()), (piece) => plain.write(Buffer.from(piece))).then(
    () => plain.end(),
    (error) => plain.destroy(error),
  );
  return plain;
}

/** As many bytes as were asked for, or all there are. */
async function firstBytes(chunks: AsyncIterator<Buffer>, count: number): Promise<Buffer> {
  let bytes = Buffer.alloc(0);
  while (bytes.length < count) {
    const { done, value } = await chunks.next();
    if (done) break;
    bytes = Buffer.concat([bytes, value]);
  }
  return bytes;
}

async function* follow(beginning: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield beginning;
  yield* { [Symbol.asyncIterator]: () => rest };
}

/** By a stream of Node, whose work is done on another thread while this one writes files. */
async function throughGunzip(chunks: AsyncGenerator<Buffer>, pieces: Pieces): Promise<void> {
  const stream = zlib.createGunzip({ chunkSize: CHUNK });
  let fed = 0;
  async function* counted() {
    for await (const chunk of chunks) {
      fed += chunk.length;
      yield chunk;
    }
  }
  const feeding = pipeline(counted(), stream);
  // What goes wrong there comes out of the stream as well, and is thrown below.
  feeding.catch(() => {});
  try {
    for await (const piece of stream) pieces(piece);
  } catch (error) {
    if (error instanceof Error && 'code' in error && isZlibCode(error.code)) throw broken('gzip', error.message, error);
    throw error;
  }
  await feeding;
  // zlib stops at what is no further member, and keeps silent on it.
  if (stream.bytesWritten !== fed) throw broken('gzip', 'something follows its end');
}

function isZlibCode(code: unknown): boolean {
  return typeof code === 'string' && code.startsWith('Z_');
}

/**
 * Not by Node, which has had zstd since 22.15, but stops at the end of the first frame and drops the others: layers that can
 * be read in parts ("zstd:chunked") have many.
 */
async function throughFzstd(chunks: AsyncGenerator<Buffer>, pieces: Pieces): Promise<void> {
  let failure: unknown;
  const stream = new fzstd.Decompress((piece) => {
    // Whoever takes the pieces may throw, and must not be taken for a fault of the stream.
    try {
      pieces(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength));
    } catch (error) {
      failure = error;
      throw error;
    }
  });
  try {
    for await (const chunk of chunks) stream.push(chunk);
    stream.push(new Uint8Array(0), true);
  } catch (error) {
    if (failure === undefined && (error as fzstd.ZstdError).code === fzstd.ZstdErrorCode.WindowSizeTooLarge)
      throw hugeWindow(error);
    throw failure ?? broken('zstd', error instanceof Error ? error.message : String(error), error);
  }
}

/**
 * Whether the first frame has a window of 2 GiB or more, which fzstd computes in 32 bits. RFC 8878, section 3.1.1.1.2. Of
 * a frame that is one segment it says by itself that it is too large.
 */
function hasHugeWindow(beginning: Buffer): boolean {
  const [descriptor = 0, window = 0] = beginning.subarray(4);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  return !isSkippableFrame(beginning) && !isSingleSegment && 10 + (window >> 3) >= 31;
}

function hugeWindow(cause?: unknown): ImageError {
  return new ImageError(
    'too-large',
    'the layer was compressed by zstd with a window of more than 2046 MiB, which cannot be decompressed here',
    'Compress it again with a smaller one, as by zstd --long=30.',
    { cause },
  );
}

function broken(format: string, why: string, cause?: unknown): ImageError {
  return new ImageError(
    'corrupt',
    `the layer is no right ${format} stream: ${why}`,
    'Nothing of it is used. Get it again.',
    { cause },
  );
}
