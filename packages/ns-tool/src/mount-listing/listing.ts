/** A listing for people: a tree or a list, as wide as the terminal, with peer groups in colours. */

import type { Palette } from '../palette.ts';
import { COLUMNS, type Column, type ColumnName, textOf } from './columns.ts';
import type { Row } from './filters.ts';
import { type LayoutColumn, layout, type Paint } from './layout.ts';
import { GROUP_IN_TEXT } from './propagation-text.ts';
import { treeLines } from './tree-lines.ts';

export interface Appearance {
  /** The width of the terminal, to which lines are cut. Null: nothing is cut. */
  readonly room: number | null;
  /** Whether there is more than ASCII to draw with. */
  readonly isUnicode: boolean;
  readonly headings: boolean;
  /** Whether covered mounts are marked after their mount point. */
  readonly marks: boolean;
  readonly palette: Palette;
}

/** What is said of a mount that path lookup cannot reach. */
const COVERED = ' (covered)';

/** What may be cut to fit a terminal: in which order, and to how much. Where that does not do, all are, in this order. */
const CUTS: { readonly [name in ColumnName]?: { readonly cutOrder: number; readonly leastWidth: number } } = {
  OPTIONS: { cutOrder: 0, leastWidth: 10 },
  'FS-OPTIONS': { cutOrder: 1, leastWidth: 10 },
  'VFS-OPTIONS': { cutOrder: 2, leastWidth: 10 },
  SOURCE: { cutOrder: 3, leastWidth: 8 },
  FSROOT: { cutOrder: 4, leastWidth: 8 },
  TARGET: { cutOrder: 6, leastWidth: 16 },
};

const UNCUT = { cutOrder: 5, leastWidth: Number.POSITIVE_INFINITY };

/** The lines of a table, one for each row, after the headings. Takes time in proportion to the number of rows. */
export function* listing(
  columns: readonly ColumnName[],
  rows: readonly Row[],
  tid: number | null,
  { room, isUnicode, headings, marks, palette }: Appearance,
): Generator<string> {
  // First the headings, which count for the widths even where they are not shown, as in findmnt(8).
  const strokes = ['', ...treeLines(rows, isUnicode)];
  const cells = columns.map((name) => [
    name,
    ...rows.map(({ node }, i) => {
      const text = textOf(name, { node, tid });
      return name === 'TARGET' ? `${strokes[i + 1]}${text}${marks && !node.visible ? COVERED : ''}` : text;
    }),
  ]);
  const paint: Paint = (cell, column, row) => {
    if (row === 0) return palette.heading(cell);
    if (columns[column] === 'PROPAGATION') return painted(cell, palette);
    if (rows[row - 1]?.node.visible === false) return palette.quiet(cell);
    const stroke = columns[column] === 'TARGET' ? (strokes[row] ?? '') : '';
    return cell.startsWith(stroke) ? palette.quiet(stroke) + cell.slice(stroke.length) : cell;
  };
  const lines = layout(columns.map(layoutColumn), cells, {
    room,
    mark: isUnicode ? '…' : '...',
    paint: palette.isPlain ? undefined : paint,
  });
  if (!headings) lines.next();
  yield* lines;
}

/** What a newcomer may ask of what is shown, a line for each. */
export function legend(rows: readonly Row[]): string[] {
  const lines: string[] = [];
  const mounts = rows.map(({ node }) => node.mount);
  if (mounts.some(({ peerGroup }) => peerGroup !== null)) {
    lines.push('shared:N    in peer group N: what is mounted on one of them appears on all');
  }
  if (mounts.some(({ master }) => master !== null)) {
    lines.push('slave of N  receives what is mounted on peer group N, and sends nothing back');
  }
  if (mounts.some(({ unbindable }) => unbindable)) {
    lines.push('unbindable  private, and cannot be bound elsewhere');
  }
  if (rows.some(({ node }) => !node.visible)) {
    lines.push('(covered)   out of reach: another mount lies over it');
  }
  return lines;
}

/** The propagation of a mount, each group that it names in the colour of that group; what is private recedes. */
export function painted(text: string, palette: Palette): string {
  if (text === 'private') return palette.quiet(text);
  return text.replace(GROUP_IN_TEXT, (words, id) => palette.group(Number(id))(words));
}

function layoutColumn(name: ColumnName): LayoutColumn {
  const column: Column = COLUMNS[name];
  return { isNumber: column.isNumber === true, ...(CUTS[name] ?? UNCUT) };
}
