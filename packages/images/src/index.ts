/// <reference types="node" preserve="true" />
/** Container images: references, registries, the store, layers. */
export { ImageError, type ImageErrorCode } from './error.ts';
export type { Image, ImageConfig } from './image.ts';
export type { Digest } from './image-spec/digest.ts';
export type { Descriptor } from './image-spec/manifest.ts';
export { type Platform, parsePlatform, showPlatform, thisPlatform } from './image-spec/platform.ts';
export { type LayerIds, layerIds } from './layers/ids.ts';
export { DEFAULT_LIMITS, type Limits } from './layers/limits.ts';
export type { UnpackedLayer } from './layers/protocol.ts';
export {
  type LayerArchive,
  type UnpackOptions,
  type UnpackRootOptions,
  unpackLayer,
  unpackRoot,
} from './layers/unpack.ts';
export { parseReference, type Reference, showFamiliar, showReference } from './reference.ts';
export type { Collected } from './store/collect.ts';
export type { CopyOptions } from './store/copy.ts';
export { checkStore, storeDirectory } from './store/directory.ts';
export type { Progress } from './store/install.ts';
export type { NamedImage } from './store/names.ts';
export {
  type CollectOptions,
  type GetOptions,
  type ImportOptions,
  openStore,
  type PullOptions,
  type Store,
} from './store/store.ts';
