/** What `unpackLayer` and its process say to each other. */
import type { ImageErrorCode } from '../error.ts';
import type { Limits } from './limits.ts';
import type { Privileges } from './tree.ts';

export interface Task {
  /**
   * `layer`: one archive, on standard input, into the directory itself, with marks for overlayfs. `root`: archives on the
   * descriptors from {@link FIRST_ARCHIVE} on, lowest first, one over the other, into its directory `fs`.
   */
  readonly makes: 'layer' | 'root';
  /** Of each archive; null if nobody has said. */
  readonly diffIds: readonly (string | null)[];
  readonly limits: Limits;
  readonly privileges: Privileges;
}

/** A layer that was unpacked. */
export interface UnpackedLayer {
  /** The digest of the archive as it is decompressed. */
  readonly diffId: string;
  /** Bytes of the archive as it is decompressed. */
  readonly size: number;
  readonly entries: number;
  /**
   * Extended attributes that were not set, with how often: those that overlayfs keeps for itself, SELinux labels, and for an
   * ordinary user those that only root can set.
   */
  readonly leftOut: Readonly<Record<string, number>>;
}

/** Behind standard input, output and error. */
export const FIRST_ARCHIVE = 3;

/** Of each archive. */
export type Outcome =
  | { readonly layers: readonly UnpackedLayer[] }
  | { readonly error: { readonly code: ImageErrorCode; readonly message: string; readonly hint: string | undefined } };
