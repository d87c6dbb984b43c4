/** From this machine's files into the store. */
import { createReadStream, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { fileError, ImageError } from '../error.ts';
import type { Image } from '../image.ts';
import type { Platform } from '../image-spec/platform.ts';
import { parseReference, showReference } from '../reference.ts';
import { type FetchBlob, inTmp } from '../store/content.ts';
import type { StoreDirectory } from '../store/directory.ts';
import { type Installation, install, type Progress } from '../store/install.ts';
import { readDockerArchive } from './docker-archive.ts';
import { blobsOf, type Files, filesOf } from './files.ts';
import { openImageArchive } from './image-archive.ts';
import { isLayout, readLayout } from './oci-layout.ts';
import { packDirectory } from './pack-directory.ts';
import { rootFilesystemImage } from './root-filesystem.ts';

export interface ImportRequest {
  /** In full, or null to take that of the file. */
  readonly name: string | null;
  readonly platform: Platform;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/**
 * An OCI layout (`DIR` or `DIR:NAME`), an archive of images, the archive of a root filesystem, or one as a directory: which
 * of them it is, its contents tell. With the store's lock held.
 */
export async function importImage(directory: StoreDirectory, path: string, request: ImportRequest): Promise<Image> {
  const { source, refName } = split(path);
  const files = filesOf(source);
  if (!isDirectory(source)) return await fromArchive(directory, source, request);
  if (isLayout(files)) return await fromLayout(directory, files, source, refName, request);
  return await fromRootFilesystem(directory, packDirectory(resolve(source)), source, request);
}

async function fromArchive(directory: StoreDirectory, source: string, request: ImportRequest): Promise<Image> {
  return await inTmp(directory, async (folder) => {
    const archive = await openImageArchive(source, folder);
    if (archive === null) return await fromRootFilesystem(directory, createReadStream(source), source, request);
    if (!archive.has('manifest.json')) return await fromLayout(directory, archive, source, null, request);
    const { manifest, blobs, name } = await readDockerArchive(archive, request.name, source);
    return await finish(
      directory,
      { manifest, mediaType: null, fetch: blobsOf(blobs) },
      name ?? nameFor(source, null),
      request,
    );
  });
}

async function fromRootFilesystem(
  directory: StoreDirectory,
  archive: Readable,
  source: string,
  request: ImportRequest,
): Promise<Image> {
  const image = await rootFilesystemImage(directory, archive, request.platform);
  return await finish(directory, { ...image, mediaType: null, fetch: nothingMissing }, nameFor(source, null), request);
}

async function fromLayout(
  directory: StoreDirectory,
  files: Files,
  source: string,
  refName: string | null,
  request: ImportRequest,
): Promise<Image> {
  const layout = await readLayout(files, refName, request.platform, source);
  return await finish(directory, { ...layout, fetch: blobsOf(files) }, nameFor(source, layout.refName), request);
}

async function finish(
  directory: StoreDirectory,
  image: Omit<Installation, keyof ImportRequest>,
  ownName: string | null,
  { name, platform, onProgress }: ImportRequest,
): Promise<Image> {
  const chosen = name ?? ownName;
  if (chosen === null) throw new ImageError('invalid', 'the image has no name', 'Give it one: --name NAME');
  return await install(directory, { ...image, name: chosen, platform, onProgress });
}

const nothingMissing: FetchBlob = async ({ digest }) => {
  throw new ImageError('corrupt', `${digest} has gone`);
};

/** `DIR:NAME`, as skopeo has it; unless there is a file of that whole name. */
function split(path: string): { source: string; refName: string | null } {
  const colon = path.lastIndexOf(':');
  if (exists(path) || colon < 1 || !exists(path.slice(0, colon))) return { source: path, refName: null };
  return { source: path.slice(0, colon), refName: path.slice(colon + 1) };
}

/** The name in a layout is a tag or a reference; else the file's name is the best there is. Null if neither is a name. */
export function nameFor(source: string, refName: string | null): string | null {
  const file = basename(resolve(source))
    .replace(/\.(?:tar(?:\.\w+)?|tgz|tzst)$/, '')
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[._-]+|[._-]+$/g, '');
  const candidates =
    refName === null ? [file] : [...(refName.includes('/') ? [refName] : []), `${file}:${refName}`, file];
  for (const candidate of candidates) {
    try {
      return showReference(parseReference(candidate));
    } catch {
      // The next.
    }
  }
  return null;
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw fileError(error, 'the image cannot be read');
  }
}
