/** images.json: the names of the store, and what they stand for. */
import {
  closeSync,
  constants,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileError, ImageError } from '../error.ts';
import { checkedDigest, type Digest } from '../image-spec/digest.ts';
import { checkedObject, checkedText, optionalArray, parseObject, shownValue } from '../image-spec/json.ts';
import type { StoreDirectory } from './directory.ts';
import { locked } from './lock.ts';

export interface NamedImage {
  /** In full: `docker.io/library/debian:12`. */
  readonly name: string;
  /** Of the manifest. */
  readonly digest: Digest;
  readonly platform: string;
  /** When it was pulled. RFC 3339. */
  readonly when: string;
}

const VERSION = 1;

/** @throws ImageError (corrupt) for a file that is not as this writes it. */
export function readNames(directory: StoreDirectory): readonly NamedImage[] {
  let content: Buffer;
  try {
    content = readFileSync(directory.images());
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw fileError(error, 'the list of images cannot be read');
  }
  const { version, images } = parseObject(content, directory.images());
  if (version !== VERSION)
    throw new ImageError(
      'unsupported',
      `${directory.images()} is of version ${shownValue(version)}`,
      'Use the ns-tool that made it, or another store: --store DIR',
    );
  return (optionalArray(images, 'images') ?? []).map((value) => {
    const { name, digest, platform, when } = checkedObject(value, 'an image');
    return {
      name: checkedText(name, 'name'),
      digest: checkedDigest(digest),
      platform: checkedText(platform, 'platform'),
      when: checkedText(when, 'when'),
    };
  });
}

/**
 * Replaces the file as a whole: who reads it sees the old or the new one, also after a crash.
 *
 * A list that is no longer than the old one is written on a full disk, too: rmi has to work there.
 */
export async function changeNames(
  directory: StoreDirectory,
  change: (names: readonly NamedImage[]) => readonly NamedImage[],
): Promise<void> {
  await locked(directory.imagesLock(), 'exclusive', async () => {
    const images = [...change(readNames(directory))].sort((a, b) => (a.name < b.name ? -1 : 1));
    const list = Buffer.from(`${JSON.stringify({ version: VERSION, images }, null, 2)}\n`);
    // Only one process is here at a time, so one name for the draft will do.
    const draft = join(directory.path, 'images.json.draft');
    writeOver(draft, list);
    renameSync(draft, directory.images());
    keepRoom(draft, list);
  });
}

/** Writes a file in the room that it has already, and only then gives back the rest. */
function writeOver(path: string, content: Buffer): void {
  const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT, 0o600);
  try {
    // Not writeSync, which on a full disk may write a part only, and say so by a number.
    writeFileSync(fd, content);
    ftruncateSync(fd, content.length);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Leaves a draft for the next list, as large as this one. It is never read. */
function keepRoom(draft: string, list: Buffer): void {
  try {
    writeFileSync(draft, list, { mode: 0o600 });
  } catch {
    // There is as much of it as there is room: the list itself is written.
  }
}
