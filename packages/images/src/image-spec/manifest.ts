/**
 * Manifests and indexes, in the two forms that there are: OCI's, and Docker's of before.
 *
 * https://github.com/opencontainers/image-spec/blob/main/manifest.md and image-index.md;
 * https://github.com/distribution/distribution/blob/main/docs/content/spec/manifest-v2-2.md.
 */
import { ImageError } from '../error.ts';
import { checkedDigest, type Digest } from './digest.ts';
import { checkedObject, optionalArray, optionalText, parseObject, shownValue } from './json.ts';
import { choosePlatform, type Platform, showPlatform } from './platform.ts';

const OCI = 'application/vnd.oci.image';
const DOCKER = 'application/vnd.docker';

const INDEX_TYPES = [`${OCI}.index.v1+json`, `${DOCKER}.distribution.manifest.list.v2+json`];
const MANIFEST_TYPES = [`${OCI}.manifest.v1+json`, `${DOCKER}.distribution.manifest.v2+json`];
export const MANIFEST_TYPE = `${OCI}.manifest.v1+json`;
export const CONFIG_TYPE = `${OCI}.config.v1+json`;
const CONFIG_TYPES = [CONFIG_TYPE, `${DOCKER}.container.image.v1+json`];
/** OCI's layers with any compression, Docker's, and those that were not to be distributed further. */
const LAYER_TYPE =
  /^application\/vnd\.(?:oci\.image\.layer\.(?:nondistributable\.)?v1\.tar|docker\.image\.rootfs\.(?:foreign\.)?diff\.tar)(?:[.+](?:gzip|zstd))?$/;

/** What to ask a registry for. */
export const ACCEPTED_TYPES: readonly string[] = [...INDEX_TYPES, ...MANIFEST_TYPES];

/** What registries take themselves: the specification of distribution asks for no more. */
export const MANIFEST_MAX_SIZE = 4 * 1024 * 1024;
export const CONFIG_MAX_SIZE = 4 * 1024 * 1024;
/** Larger than any layer that we have heard of. It keeps a hostile manifest from announcing a size beyond all disks. */
export const LAYER_MAX_SIZE = 64 * 1024 ** 3;
/** overlayfs takes no more: OVL_MAX_STACK of fs/overlayfs/params.h. */
const MAX_LAYERS = 500;
/** Platforms, and for each its attestation. */
const MAX_MANIFESTS = 1000;

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** In bytes. */
  readonly size: number;
}

export interface Manifest {
  readonly kind: 'manifest';
  readonly config: Descriptor;
  /** Lowest first. */
  readonly layers: readonly Descriptor[];
}

export interface IndexEntry extends Descriptor {
  readonly platform: Platform | null;
  /** The name that it has in an OCI layout: a tag, or a reference. */
  readonly refName: string | null;
}

export interface Index {
  readonly kind: 'index';
  readonly manifests: readonly IndexEntry[];
}

/**
 * @param mediaType as the registry or a descriptor says; the document itself may say it too.
 * @throws ImageError corrupt, or unsupported for a document of another kind.
 */
export function parseManifest(content: Uint8Array, mediaType: string | null): Manifest | Index {
  const document = parseObject(content, 'the manifest');
  const own = optionalText(document.mediaType, 'the media type of the manifest');
  const type = own ?? (mediaType === null ? null : bare(mediaType));
  // What one reads as a manifest and another as an index could be two images under one digest: CVE-2021-41190.
  if (document.manifests !== undefined && (document.layers !== undefined || document.config !== undefined)) {
    throw new ImageError('corrupt', 'the manifest is an index at the same time');
  }
  if (document.schemaVersion === 1) {
    throw new ImageError(
      'unsupported',
      'the image has a manifest of schema 1',
      'That format is from before 2016. Push the image anew with a tool of today.',
    );
  }
  const isIndex =
    type === null || !ACCEPTED_TYPES.includes(type) ? document.manifests !== undefined : INDEX_TYPES.includes(type);
  if (isIndex) return parseIndex(document.manifests);
  if (document.config !== undefined && document.layers !== undefined)
    return parseImageManifest(document.config, document.layers);
  throw new ImageError('unsupported', `not the manifest of an image, but ${type ?? 'something else'}`);
}

function parseIndex(value: unknown): Index {
  const manifests = limited(optionalArray(value, 'the index') ?? [], MAX_MANIFESTS, 'manifests');
  return { kind: 'index', manifests: manifests.map(parseEntry) };
}

function parseImageManifest(configValue: unknown, layersValue: unknown): Manifest {
  const config = parseDescriptor(configValue, CONFIG_MAX_SIZE);
  // Charts, signatures, models and much else are kept in registries too.
  if (!CONFIG_TYPES.includes(config.mediaType)) {
    throw new ImageError(
      'unsupported',
      `not an image, but ${config.mediaType}`,
      'Only images of root filesystems can be run.',
    );
  }
  const values = limited(optionalArray(layersValue, 'the list of layers') ?? [], MAX_LAYERS, 'layers');
  const layers = values.map((value) => parseDescriptor(value, LAYER_MAX_SIZE));
  const strange = layers.find(({ mediaType }) => !LAYER_TYPE.test(mediaType));
  if (strange !== undefined) {
    throw new ImageError(
      'unsupported',
      `a layer is no tar archive, but ${strange.mediaType}`,
      'Only images of root filesystems can be run.',
    );
  }
  return { kind: 'manifest', config, layers };
}

function parseEntry(value: unknown): IndexEntry {
  const { platform, annotations } = checkedObject(value, 'an entry of the index');
  const notes = annotations === undefined || annotations === null ? {} : checkedObject(annotations, 'annotations');
  return {
    ...parseDescriptor(value, MANIFEST_MAX_SIZE),
    platform: platform === undefined || platform === null ? null : parsedPlatform(platform),
    refName: optionalText(notes['org.opencontainers.image.ref.name'], 'the name of a manifest'),
  };
}

function parsedPlatform(value: unknown): Platform {
  const { os, architecture, variant } = checkedObject(value, 'a platform');
  return {
    os: optionalText(os, 'os') ?? '',
    architecture: optionalText(architecture, 'architecture') ?? '',
    variant: optionalText(variant, 'variant') || null,
  };
}

/** @throws ImageError: corrupt, or too-large. */
export function parseDescriptor(value: unknown, maxSize: number): Descriptor {
  const { mediaType, digest, size } = checkedObject(value, 'a descriptor');
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw new ImageError('corrupt', `a descriptor says that its size is ${shownValue(size)}`);
  }
  const checked = checkedDigest(digest);
  if (size > maxSize)
    throw new ImageError('too-large', `${checked} is said to have ${size} bytes; at most ${maxSize} are taken`);
  return { mediaType: optionalText(mediaType, 'a media type') ?? '', digest: checked, size };
}

/** @throws ImageError (not-found) if there is none for the platform, with those that there are. */
export function chooseManifest({ manifests }: Index, wanted: Platform, name: string): IndexEntry {
  const chosen = choosePlatform(manifests, ({ platform }) => platform, wanted);
  // An index of one image need not say what for.
  const only = manifests.length === 1 && manifests[0]?.platform === null ? manifests[0] : undefined;
  const found = chosen ?? only;
  if (found !== undefined) return found;
  const others = manifests.flatMap(({ platform }) =>
    platform === null || platform.os === 'unknown' ? [] : showPlatform(platform),
  );
  throw new ImageError(
    'not-found',
    `${name} has no image for ${showPlatform(wanted)}`,
    others.length === 0
      ? undefined
      : `There are: ${[...new Set(others)].slice(0, 20).join(', ')}. Choose one by --platform.`,
  );
}

function limited<T>(items: readonly T[], most: number, what: string): readonly T[] {
  if (items.length > most) throw new ImageError('too-large', `${items.length} ${what}; at most ${most} are taken`);
  return items;
}

/** A media type without its parameters. */
function bare(mediaType: string): string {
  return (mediaType.split(';')[0] ?? '').trim();
}
