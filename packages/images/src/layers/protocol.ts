/** What `unpackLayer` and its process say to each other. */
import type { ImageErrorCode } from '../error.ts';
import type { Implied } from './below.ts';
import type { Limits } from './limits.ts';
import type { Privileges } from './tree.ts';

export interface Task {
  /**
   * `layer`: one archive, on standard input, into the directory itself, with marks for overlayfs. `layer over others`: the
   * same, but into its directory {@link LAYER}, where the others are in {@link BELOW}. `adoption`: what is implied on standard
   * input, of the layer in {@link LAYER}, is made what it is in {@link BELOW}. `root`: archives on the descriptors
   * from {@link FIRST_ARCHIVE} on, lowest first, one over the other, into its directory `fs`.
   */
  readonly makes: 'layer' | 'layer over others' | 'adoption' | 'root';
  /** Of each archive; null if nobody has said. */
  readonly diffIds: readonly (string | null)[];
  readonly limits: Limits;
  readonly privileges: Privileges;
  /** Of a `layer`: whether there is nothing below it. */
  readonly isLowest: boolean;
}

/** A layer that was unpacked. */
export interface UnpackedLayer {
  /** The digest of the archive as it is decompressed. */
  readonly diffId: string;
  /** Bytes of the archive as it is decompressed. */
  readonly size: number;
  readonly entries: number;
  /**
   * Directories that are not in its archive, but something in them. Where what lies below was out of reach, they are root's,
   * with mode 755, and must yet be made what they are there. Elsewhere, of too many only the first is told.
   */
  readonly implied: readonly Implied[];
  /**
   * Extended attributes that were not set, with how often: those that overlayfs keeps for itself, SELinux labels, and for an
   * ordinary user those that only root can set.
   */
  readonly leftOut: Readonly<Record<string, number>>;
}

/** Behind standard input, output and error. */
export const FIRST_ARCHIVE = 3;

/** Where the unpacker finds what it writes to, and what lies below that. */
export const LAYER = 'layer';
export const BELOW = 'below';

/** Of each archive. */
export type Outcome =
  | { readonly layers: readonly UnpackedLayer[] }
  | { readonly error: { readonly code: ImageErrorCode; readonly message: string; readonly hint: string | undefined } };
