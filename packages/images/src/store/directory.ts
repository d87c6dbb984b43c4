/** Where the store is, and what is where in it. */
import { type Stats, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { makeDirectories } from '@ns-tool/syscalls';
import { fileError, ImageError } from '../error.ts';
import { type Digest, hexOf } from '../image-spec/digest.ts';

/** The user's store: `NS_TOOL_STORE`, root's own, or one in the user's data directory of the XDG specification. */
export function storeDirectory(env: NodeJS.ProcessEnv = process.env, uid: number = process.geteuid?.() ?? 0): string {
  if (env.NS_TOOL_STORE) return env.NS_TOOL_STORE;
  if (uid === 0) return '/var/lib/ns-tool';
  // The specification has a relative one ignored.
  const data = env.XDG_DATA_HOME?.startsWith('/') ? env.XDG_DATA_HOME : join(env.HOME || homedir(), '.local/share');
  return join(data, 'ns-tool');
}

/**
 * Looks whose a store is, if there is one. To be asked before anything in it is believed, made or removed.
 *
 * @throws ImageError (store) where somebody else could change what is run from it, or lead elsewhere by links.
 */
export function checkStore(path: string): void {
  const uid = process.geteuid?.() ?? 0;
  const stat = statusOf(path);
  if (stat === undefined) return;
  if (stat.uid !== uid && stat.uid !== 0) {
    throw new ImageError(
      'store',
      `the store ${path} belongs to another user (${stat.uid})`,
      'Choose another: --store DIR',
    );
  }
  if ((stat.mode & 0o022) !== 0 && stat.isDirectory()) {
    throw new ImageError(
      'store',
      `the store ${path} can be written by others`,
      `If all that is in it is yours: chmod go-w ${path}; else choose another: --store DIR`,
    );
  }
}

function statusOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw fileError(error, 'the store cannot be read');
  }
}

export class StoreDirectory {
  constructor(readonly path: string) {}

  readonly images = () => join(this.path, 'images.json');
  readonly blobs = () => join(this.path, 'blobs/sha256');
  readonly blob = (digest: Digest) => join(this.blobs(), hexOf(digest));
  /** By diff ID; or by the chain ID of several that were unpacked together (layers.ts). */
  readonly layers = () => join(this.path, 'layers');
  readonly layer = (diffId: Digest) => join(this.layers(), hexOf(diffId));
  /** The directory that overlayfs takes. */
  readonly layerFiles = (diffId: Digest) => join(this.layer(diffId), 'fs');
  /** The digest of the blob from which a layer was unpacked. */
  readonly originOf = (diffId: Digest) => join(this.layer(diffId), 'blob');
  readonly containers = () => join(this.path, 'containers');
  /** The digest of the image's manifest that a container is made from: as long as it is there, so is the image. */
  readonly imageOfContainer = (id: string) => join(this.containers(), id, 'image');
  readonly tmp = () => join(this.path, 'tmp');
  readonly partial = (digest: Digest) => join(this.tmp(), `${hexOf(digest)}.partial`);
  readonly lock = () => join(this.path, 'lock');
  readonly imagesLock = () => join(this.path, 'images.lock');

  /**
   * Makes what is missing. Only the owner may look in: layers have set-user-ID programs, old ones too.
   *
   * @throws ImageError (store), also as {@link checkStore}.
   */
  make(): void {
    try {
      makeDirectories(this.path, 0o700);
      checkStore(this.path);
      for (const directory of [this.blobs(), this.layers(), this.tmp()]) makeDirectories(directory, 0o700);
    } catch (error) {
      throw fileError(error, 'the store cannot be made');
    }
  }

  exists(): boolean {
    return statusOf(this.path) !== undefined;
  }
}
