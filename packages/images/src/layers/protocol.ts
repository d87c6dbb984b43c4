/** What `unpackLayer` and its process say to each other. */
import type { ImageErrorCode } from '../error.ts';
import type { Limits } from './limits.ts';
import type { Privileges } from './tree.ts';

export interface Task {
  readonly diffId: string | null;
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

export type Outcome =
  | UnpackedLayer
  | { readonly error: { readonly code: ImageErrorCode; readonly message: string; readonly hint: string | undefined } };
