/** A listing as text, and as the document of lsns(8). Pure. */
import { printable } from '../output.ts';
import type { Palette } from '../palette.ts';
import { cut, widthOf } from '../text-width.ts';
import { type Strokes, strokes } from '../tree-strokes.ts';
import { COLUMNS, type Column, type ColumnName, type Row } from './columns.ts';
import type { Tree } from './forest.ts';
import { keptBy, type Namespace } from './namespace.ts';

/** The line of a namespace. */
export type RowOf = (namespace: Namespace) => Row;

/** What `lsns --json` prints: each namespace with its columns, in lower case, and what is below it. */
export function toDocument(forest: readonly Tree[], names: readonly ColumnName[], rowOf: RowOf): object {
  const toObject = ({ namespace, children }: Tree): object => {
    const row = rowOf(namespace);
    const cells = names.map((name) => [name.toLowerCase(), COLUMNS[name].value(row)]);
    return { ...Object.fromEntries(cells), ...(children.length > 0 && { children: children.map(toObject) }) };
  };
  return { namespaces: forest.map(toObject) };
}

export interface TableOptions {
  readonly headings: boolean;
  /** The column in which trees are drawn, if they are. */
  readonly drawn: ColumnName | null;
  /** Characters to draw them with: other than ASCII, or ASCII alone. */
  readonly unicode: boolean;
  /** How many characters a line may have, by a shorter COMMAND; null for any number. */
  readonly width: number | null;
  readonly palette: Palette;
}

/** A table in the layout of lsns(8): columns as wide as they have to be, and a blank between them. */
export function toTable(
  forest: readonly Tree[],
  names: readonly ColumnName[],
  rowOf: RowOf,
  { headings, drawn, unicode, width, palette }: TableOptions,
): string[] {
  const nodes = [...linesOf(forest, strokes(unicode))];
  const lines = nodes.map(({ namespace, above }) => {
    const row = rowOf(namespace);
    return names.map((name) => (name === drawn ? above : '') + cellOf(name, row, names));
  });
  const table = [names, ...lines];
  // Also of headings that are not shown, so that columns do not move.
  const widths = names.map((_, i) => Math.max(0, ...table.map((cells) => widthOf(cells[i] ?? ''))));
  if (width !== null) shorten(widths, names, width);
  const isRight = names.map((name) => name !== drawn && (COLUMNS[name] as Column).right === true);
  const shown = table.map((cells, row) => {
    const fitting = cells.map((cell, i) => aligned(cell, widths[i] ?? 0, isRight[i] === true));
    const line = fitting.join(' ').trimEnd();
    if (row === 0) return palette.heading(line);
    if (drawn === null) return line;
    // The strokes of the tree recede.
    const start = fitting
      .slice(0, names.indexOf(drawn))
      .map((cell) => `${cell} `)
      .join('').length;
    const end = start + (nodes[row - 1]?.above.length ?? 0);
    return line.slice(0, start) + palette.quiet(line.slice(start, end)) + line.slice(end);
  });
  return shown.slice(headings ? 0 : 1);
}

function cellOf(name: ColumnName, row: Row, names: readonly ColumnName[]): string {
  const { namespace } = row;
  const value = name === 'NSFS' ? namespace.mountPoints.join(',') : COLUMNS[name].value(row);
  return printable(String(value ?? standIn(name, namespace, names)));
}

/** What stands where there is no value: where nobody's command can be shown, there is room to say why the namespace exists. */
function standIn(name: ColumnName, namespace: Namespace, names: readonly ColumnName[]): string {
  return name === 'COMMAND' && namespace.pid === null && !names.includes('KEPTBY')
    ? `kept by ${keptBy(namespace)}`
    : '';
}

/** The namespaces of trees from top to bottom, each with what is drawn before it. */
function* linesOf(forest: readonly Tree[], glyphs: Strokes): Generator<{ namespace: Namespace; above: string }> {
  for (const { namespace, children } of forest) {
    yield { namespace, above: '' };
    yield* linesBelow(children, glyphs, '');
  }
}

function* linesBelow(
  trees: readonly Tree[],
  glyphs: Strokes,
  before: string,
): Generator<{ namespace: Namespace; above: string }> {
  for (const [i, { namespace, children }] of trees.entries()) {
    const isLast = i === trees.length - 1;
    yield { namespace, above: before + (isLast ? glyphs.last : glyphs.branch) };
    yield* linesBelow(children, glyphs, before + (isLast ? '  ' : glyphs.past));
  }
}

/** Takes from COMMAND what the lines have too much, down to its heading. */
function shorten(widths: number[], names: readonly ColumnName[], width: number): void {
  const i = names.indexOf('COMMAND');
  if (i === -1) return;
  const others = widths.reduce((sum, other) => sum + other + 1, 0) - (widths[i] ?? 0) - 1;
  widths[i] = Math.min(widths[i] ?? 0, Math.max(width - others, 'COMMAND'.length));
}

function aligned(text: string, width: number, isRight: boolean): string {
  const shown = cut(text, width, '');
  const room = ' '.repeat(width - widthOf(shown));
  return isRight ? room + shown : shown + room;
}
