/** The image configuration. https://github.com/opencontainers/image-spec/blob/main/config.md */
import { posix } from 'node:path';
import { ImageError } from '../error.ts';
import type { ImageConfig } from '../image.ts';
import { checkedDigest, type Digest } from './digest.ts';
import { checkedObject, type JsonObject, optionalArray, optionalText, optionalTexts, parseObject } from './json.ts';
import type { Manifest } from './manifest.ts';
import { normalized, type Platform } from './platform.ts';

export interface ImageDocument {
  readonly config: ImageConfig;
  readonly platform: Platform;
  readonly created: string | null;
  /** Digests of the layers' uncompressed archives, lowest first. */
  readonly diffIds: readonly Digest[];
}

/** @throws ImageError (corrupt) */
export function parseConfig(content: Uint8Array): ImageDocument {
  const document = parseObject(content, 'the configuration of the image');
  const { type, diff_ids } = checkedObject(document.rootfs, 'rootfs');
  if (type !== 'layers') throw new ImageError('unsupported', 'the root filesystem of the image is not made of layers');
  return {
    config: parseRuntimeConfig(
      document.config === undefined || document.config === null ? {} : checkedObject(document.config, 'config'),
    ),
    platform: normalized({
      os: optionalText(document.os, 'os') || 'linux',
      architecture: optionalText(document.architecture, 'architecture') ?? '',
      variant: optionalText(document.variant, 'variant') || null,
    }),
    created: optionalText(document.created, 'created'),
    diffIds: (optionalArray(diff_ids, 'diff_ids') ?? []).map(checkedDigest),
  };
}

function parseRuntimeConfig(config: JsonObject): ImageConfig {
  const hostname = optionalText(config.Hostname, 'Hostname');
  const stopSignal = optionalText(config.StopSignal, 'StopSignal');
  return {
    entrypoint: nonEmpty(optionalTexts(config.Entrypoint, 'Entrypoint')),
    cmd: nonEmpty(optionalTexts(config.Cmd, 'Cmd')),
    env: optionalTexts(config.Env, 'Env') ?? [],
    // Docker takes a relative one to be from the root.
    workingDir: posix.join('/', optionalText(config.WorkingDir, 'WorkingDir') ?? ''),
    user: optionalText(config.User, 'User') ?? '',
    ...(hostname && { hostname }),
    volumes:
      config.Volumes === undefined || config.Volumes === null
        ? []
        : Object.keys(checkedObject(config.Volumes, 'Volumes')),
    ...(stopSignal && { stopSignal }),
  };
}

/** An empty list says as much as none. */
function nonEmpty(list: readonly string[] | null): readonly string[] | null {
  return list === null || list.length === 0 ? null : list;
}

/** Each layer with the digest of its archive. @throws ImageError (corrupt) if they are not as many. */
export function layersWithDiffIds({ layers }: Manifest, { diffIds }: ImageDocument) {
  if (layers.length !== diffIds.length) {
    throw new ImageError('corrupt', `the manifest has ${layers.length} layers, the configuration ${diffIds.length}`);
  }
  return layers.map((descriptor, index) => ({ descriptor, diffId: diffIds[index] as Digest }));
}
