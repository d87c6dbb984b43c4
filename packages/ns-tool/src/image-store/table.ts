/** The images of the store, as a table. */
import { printable } from '../output.ts';
import { cut } from '../text-width.ts';
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
  const cells = [HEADINGS, ...rows.map(cellsOf)];
  const widths = HEADINGS.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  return cells.map((row) => {
    const line = row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
    return width === null ? line : cut(line, width, '…');
  });
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
