/** The files that make up an image, by their names in a layout: in a directory, or taken out of an archive. */
import { closeSync, constants, createReadStream, existsSync, fstatSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileError, ImageError } from '../error.ts';
import { hexOf, Verifier } from '../image-spec/digest.ts';
import type { FetchBlob } from '../store/content.ts';

export interface Files {
  /** @throws ImageError not-found, corrupt */
  open(name: string): Readable;
  has(name: string): boolean;
}

/** Of a directory. What is no regular file is not opened: a fifo would make us wait for ever. */
export function filesOf(directory: string): Files {
  const openFile = (name: string): number | null => {
    let fd: number;
    try {
      fd = openSync(join(directory, name), constants.O_RDONLY | constants.O_NONBLOCK);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENXIO') return null;
      throw fileError(error, 'the image cannot be read');
    }
    if (fstatSync(fd).isFile()) return fd;
    closeSync(fd);
    return null;
  };
  return {
    open(name) {
      const fd = openFile(name);
      if (fd === null) throw existsSync(join(directory, name)) ? irregular(name, directory) : missing(name, directory);
      return createReadStream('', { fd, highWaterMark: 256 * 1024 });
    },
    has(name) {
      const fd = openFile(name);
      if (fd !== null) closeSync(fd);
      return fd !== null;
    },
  };
}

export function missing(name: string, where: string): ImageError {
  return new ImageError('not-found', `${where} has no file ${name}`, 'The image there is incomplete.');
}

function irregular(name: string, where: string): ImageError {
  return new ImageError(
    'corrupt',
    `${where}: ${name} is no regular file`,
    'The image there is damaged, or it is none.',
  );
}

/** The whole of a small file. @throws ImageError not-found, too-large */
export async function readSmall(files: Files, name: string, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of files.open(name)) {
    length += chunk.length;
    if (length > limit) throw new ImageError('too-large', `${name} has more than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Blobs from the files of an OCI layout. */
export function blobsOf(files: Files): FetchBlob {
  return async (descriptor, file, onReceived) => {
    const verifier = new Verifier(descriptor);
    await file.truncate(0);
    try {
      for await (const chunk of files.open(blobName(hexOf(descriptor.digest)))) {
        verifier.update(chunk);
        await file.writeFile(chunk);
        onReceived(verifier.size);
      }
      verifier.finish();
    } catch (error) {
      await file.truncate(0);
      throw error;
    }
  };
}

export function blobName(hex: string): string {
  return `blobs/sha256/${hex}`;
}
