/** The images of the store, as a table. */
import { printable } from '../output.ts';
import { inColumns } from '../text-width.ts';
import { showDigest, showSize } from './amounts.ts';

export interface Row {
  /** As people write it: `debian:12`. */
  readonly name: string;
  readonly digest: string;
  readonly platform: string;
  /** In bytes; null for an image that is damaged. */
  readonly size: number | null;
  /** When it was pulled. RFC 3339. */
  readonly when: string;
}

const HEADINGS = ['NAME', 'DIGEST', 'PLATFORM', 'SIZE', 'PULLED'];

/**
 * Lines, headings first.
 *
 * @param width of the terminal; null for any.
 */
export function tableOf(rows: readonly Row[], width: number | null): string[] {
  return inColumns([HEADINGS, ...rows.map(cellsOf)], width);
}

function cellsOf({ name, digest, platform, size, when }: Row): string[] {
  const pulled = when.slice(0, 16).replace('T', ' ');
  return [
    printable(name),
    showDigest(digest),
    printable(platform),
    size === null ? 'damaged' : showSize(size),
    printable(pulled),
  ];
}
