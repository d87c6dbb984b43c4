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
   * @throws ImageError (store) where it is somebody else's, who could change what is run from it.
   */
  make(): void {
    try {
      makeDirectories(this.path, 0o700);
      this.checkOwner();
      for (const directory of [this.blobs(), this.layers(), this.tmp()]) makeDirectories(directory, 0o700);
    } catch (error) {
      throw fileError(error, 'the store cannot be made');
    }
  }

  exists(): boolean {
    return this.status() !== undefined;
  }

  /** @throws ImageError (store) */
  checkOwner(): void {
    const uid = process.geteuid?.() ?? 0;
    const stat = this.status();
    if (stat === undefined || stat.uid === uid || stat.uid === 0) return;
    throw new ImageError(
      'store',
      `the store ${this.path} belongs to another user (${stat.uid})`,
      'Choose another: --store DIR',
    );
  }

  private status(): Stats | undefined {
    try {
      return statSync(this.path, { throwIfNoEntry: false });
    } catch (error) {
      throw fileError(error, 'the store cannot be read');
    }
  }
}
