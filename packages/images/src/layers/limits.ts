/** How much a layer may take: what a hostile one would otherwise fill is the disk. */
import { ImageError } from '../error.ts';

export interface Limits {
  /** Bytes that all files together have, holes too; and bytes that the archive has once it is decompressed. */
  readonly size: number;
  /** Entries of the archive: each may take an inode. */
  readonly entries: number;
}

/** Several times of what the largest images have. */
export const DEFAULT_LIMITS: Limits = { size: 64 * 1024 ** 3, entries: 2_000_000 };

/** Counts up to a limit. */
export class Meter {
  private bytes = 0;
  private unpacked = 0;
  private count = 0;

  constructor(private readonly limits: Limits) {}

  get entries(): number {
    return this.count;
  }

  get size(): number {
    return this.bytes;
  }

  /** Bytes of the archive have come. @throws ImageError `too-large`. */
  read(bytes: number): void {
    this.bytes += bytes;
    if (this.bytes > this.limits.size) throw tooLarge(`has more than ${amount(this.limits.size)} decompressed`);
  }

  /** An entry begins, and would be as large as this. @throws ImageError `too-large`. */
  entry(size: number): void {
    this.count += 1;
    this.unpacked += size;
    if (this.count > this.limits.entries) throw tooLarge(`has more than ${this.limits.entries} entries`);
    if (this.unpacked > this.limits.size) throw tooLarge(`has files of more than ${amount(this.limits.size)} together`);
  }
}

function tooLarge(what: string): ImageError {
  return new ImageError(
    'too-large',
    `the layer ${what}`,
    'If you trust it, and have the space, allow it a higher limit.',
  );
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];

function amount(bytes: number): string {
  const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), UNITS.length - 1);
  return `${Math.round((bytes / 1024 ** power) * 10) / 10} ${UNITS[power]}`;
}
