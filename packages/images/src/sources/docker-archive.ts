/**
 * What `docker save` says of its images: manifest.json, a list of them. Layers have no digests there; those of their
 * contents are in the configuration.
 *
 * https://github.com/moby/docker-image-spec/blob/main/v1.2.md, "Combined Image JSON + Filesystem Changeset Format".
 */
import { createReadStream } from 'node:fs';
import { ImageError } from '../error.ts';
import { hexOf } from '../image-spec/digest.ts';
import { checkedObject, checkedText, optionalTexts } from '../image-spec/json.ts';
import {
  CONFIG_MAX_SIZE,
  CONFIG_TYPE,
  type Descriptor,
  MANIFEST_MAX_SIZE,
  MANIFEST_TYPE,
} from '../image-spec/manifest.ts';
import { parseReference, showReference } from '../reference.ts';
import { blobName, type Files, missing, readSmall } from './files.ts';
import type { ArchivedFile, ImageArchive } from './image-archive.ts';

export interface DockerImage {
  /** A manifest, made for it. */
  readonly manifest: Buffer;
  /** Its blobs, as in an OCI layout. */
  readonly blobs: Files;
  /** In full; null for an image that has no name. */
  readonly name: string | null;
}

export async function readDockerArchive(
  archive: ImageArchive,
  wanted: string | null,
  where: string,
): Promise<DockerImage> {
  const { Config, Layers, RepoTags } = chosen(await readManifests(archive, where), wanted, where);
  const config = archive.file(checkedText(Config, 'Config'));
  if (config.size > CONFIG_MAX_SIZE)
    throw new ImageError('too-large', `${where}: the configuration has ${config.size} bytes`);
  const layers = (optionalTexts(Layers, 'Layers') ?? []).map(archive.file);
  const manifest = {
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    config: descriptor(config, CONFIG_TYPE),
    layers: layers.map((layer) => descriptor(layer, LAYER_TYPE)),
  };
  const [tag] = namesIn(RepoTags);
  return {
    manifest: Buffer.from(JSON.stringify(manifest)),
    blobs: asLayout([config, ...layers], where),
    name: wanted ?? tag ?? null,
  };
}

/** Archives of today may have them compressed; what unpacks them tells by itself. */
const LAYER_TYPE = 'application/vnd.oci.image.layer.v1.tar';

async function readManifests(
  archive: ImageArchive,
  where: string,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const text = (await readSmall(archive, 'manifest.json', MANIFEST_MAX_SIZE)).toString('utf8');
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    throw new ImageError('corrupt', `${where}: manifest.json is no JSON`);
  }
  if (!Array.isArray(list) || list.length === 0)
    throw new ImageError('corrupt', `${where}: manifest.json is no list of images`);
  return list.map((image) => checkedObject(image, 'an image of manifest.json'));
}

/** The only one, or the one of that name. */
function chosen(images: readonly Readonly<Record<string, unknown>>[], wanted: string | null, where: string) {
  const [only, ...others] = images;
  const named = images.find(({ RepoTags }) => wanted !== null && namesIn(RepoTags).includes(wanted));
  if (named !== undefined) return named;
  if (only !== undefined && others.length === 0) return only;
  const names = images.flatMap(({ RepoTags }) => namesIn(RepoTags)).slice(0, 20);
  throw new ImageError('invalid', `${where} has several images`, `Say which by --name: ${names.join(', ')}`);
}

/** Names in full. One that is no reference is none. */
function namesIn(repoTags: unknown): string[] {
  return (optionalTexts(repoTags, 'RepoTags') ?? []).flatMap((tag) => {
    try {
      return [showReference(parseReference(tag))];
    } catch {
      return [];
    }
  });
}

function asLayout(files: readonly ArchivedFile[], where: string): Files {
  const paths = new Map(files.map(({ digest, path }) => [blobName(hexOf(digest)), path]));
  const open = (name: string) => {
    const path = paths.get(name);
    if (path === undefined) throw missing(name, where);
    return createReadStream(path);
  };
  return { open, has: (name) => paths.has(name) };
}

function descriptor({ digest, size }: ArchivedFile, mediaType: string): Descriptor {
  return { mediaType, digest, size };
}
