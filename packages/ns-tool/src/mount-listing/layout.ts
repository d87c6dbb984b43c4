/** Cells below each other, as wide as they need to be, and as the terminal allows. */
import { cut, widthOf } from '../text-width.ts';

export interface LayoutColumn {
  readonly isNumber: boolean;
  /** To where it may be cut: what says least is cut first, by `cutOrder`, to `leastWidth`. */
  readonly cutOrder: number;
  readonly leastWidth: number;
}

/** One blank, as in findmnt(8). */
const GAP = 1;

/** Draws a cell, or what is left of it: colours it, for instance. */
export type Paint = (cell: string, column: number, row: number) => string;

/**
 * The lines of a table, the last cell of each without padding.
 *
 * @param cells by column, then by row.
 * @param room the width of the terminal. Null: nothing is cut.
 * @param mark stands for what is cut off.
 * @param paint nothing if not given.
 */
export function* layout(
  columns: readonly LayoutColumn[],
  cells: readonly (readonly string[])[],
  { room, mark, paint }: { readonly room: number | null; readonly mark: string; readonly paint?: Paint | undefined },
): Generator<string> {
  const cellWidths = cells.map((column) => Uint32Array.from(column, widthOf));
  const natural = cellWidths.map((widths) => widths.reduce((widest, width) => Math.max(widest, width), 0));
  const widths = room === null ? natural : fitted(columns, natural, room);
  const count = cells[0]?.length ?? 0;
  for (let row = 0; row < count; row++) {
    let line = '';
    let blanks = 0;
    for (let i = 0; i < widths.length; i++) {
      const room = widths[i] ?? 0;
      let cell = cells[i]?.[row] ?? '';
      let width = cellWidths[i]?.[row] ?? 0;
      if (width > room) {
        cell = cut(cell, room, mark);
        width = widthOf(cell);
      }
      const padding = room - width;
      const isNumber = columns[i]?.isNumber === true;
      if (isNumber) blanks += padding;
      if (width > 0) {
        line += ' '.repeat(blanks) + (paint === undefined ? cell : paint(cell, i, row));
        blanks = 0;
      }
      blanks += isNumber ? GAP : padding + GAP;
    }
    yield line;
  }
}

/** The widths, lessened until the line fits: first those that may be, then all, then without the last columns. */
function fitted(columns: readonly LayoutColumn[], widths: readonly number[], room: number): number[] {
  const fitting = [...widths];
  const excess = () => fitting.reduce((sum, width) => sum + width + GAP, -GAP) - room;
  const inOrder = [...columns.keys()].sort((a, b) => (columns[a]?.cutOrder ?? 0) - (columns[b]?.cutOrder ?? 0));
  for (const least of [(i: number) => columns[i]?.leastWidth ?? 1, () => 1]) {
    for (const i of inOrder) {
      const width = fitting[i] ?? 0;
      if (excess() > 0) fitting[i] = Math.min(width, Math.max(least(i), width - excess()));
    }
  }
  while (fitting.length > 1 && excess() > 0) fitting.pop();
  return fitting;
}
