/** The formats of findmnt(8) for programs: JSON, raw and pairs, as libsmartcols writes them. */
import { toBytes } from '@ns-tool/mount-table';
import { COLUMNS, type ColumnName, type Value } from './columns.ts';
import type { Row } from './filters.ts';

/** A row, and what it says in each column. */
export interface DataRow extends Pick<Row, 'depth'> {
  readonly values: readonly Value[];
}

/**
 * The document of `findmnt --json`: `{"filesystems":[{"target":…,"children":[…]}]}`, its columns in lower case, and laid out
 * as there. Names that are not UTF-8 are written as `fromBytes` has them, so that it is JSON whatever they are.
 *
 * @yields pieces of the text. Takes time in proportion to the number of rows, however deep they lie.
 */
export function* json(columns: readonly ColumnName[], rows: Iterable<DataRow>): Generator<string> {
  const keys = columns.map((name) => JSON.stringify(name.toLowerCase()));
  yield '{\n   "filesystems": [';
  let depth = -1;
  for (const { values, depth: next } of rows) {
    let text = '';
    if (depth < 0) text = `\n${indent(0)}{`;
    else if (next > depth) text = `,\n${indent(depth)}   "children": [\n${indent(next)}{`;
    else text = `${closed(depth, next)}\n${indent(next)}},{`;
    depth = next;
    const fields = keys.map((key, i) => `\n${indent(depth)}   ${key}: ${JSON.stringify(values[i])}`);
    yield text + fields.join();
  }
  if (depth >= 0) yield `${closed(depth, 0)}\n${indent(0)}}`;
  yield '\n   ]\n}\n';
}

/** What ends the objects and lists from one depth up to another, whose object is left open. */
function closed(from: number, to: number): string {
  let text = '';
  for (let depth = from; depth > to; depth--) text += `\n${indent(depth)}}\n${indent(depth - 1)}   ]`;
  return text;
}

/** Objects that lie deeper are indented no further: the text of a stack of mounts would grow with the square of them. */
const INDENTED = 16;

/** What stands before an object at this depth. */
function indent(depth: number): string {
  return ' '.repeat(6 * (Math.min(depth, INDENTED) + 1));
}

/** A line of `findmnt --raw`: what could part or garble fields is written in hexadecimal, `\x20`. */
export function raw(values: readonly Value[]): string {
  return values.map((value) => hexadecimal(plain(value), /[\x21-\x5b\x5d-\x7e]/)).join(' ');
}

/** The headings of `--raw`. */
export function rawHeadings(columns: readonly ColumnName[]): string {
  return columns.join(' ');
}

/** A line of `findmnt --pairs`: `TARGET="/" SOURCE="…"`, in quotes that a shell can read. */
export function pairs(columns: readonly ColumnName[], values: readonly Value[]): string {
  return columns
    .map((name, i) => `${name}="${hexadecimal(plain(values[i] ?? null), /[\x20\x21\x23\x25-\x5b\x5d-\x5f\x61-\x7e]/)}"`)
    .join(' ');
}

/** What each column says to programs. */
export function valuesOf(
  columns: readonly ColumnName[],
  entry: Parameters<(typeof COLUMNS)['ID']['value']>[0],
): Value[] {
  return columns.map((name) => COLUMNS[name].value(entry));
}

function plain(value: Value): string {
  return typeof value === 'boolean' ? String(Number(value)) : String(value ?? '');
}

/** The text with `\x` and two digits for each byte that is not harmless. */
function hexadecimal(text: string, harmless: RegExp): string {
  if (/^[\w/,:=.-]*$/.test(text)) return text;
  return Array.from(toBytes(text), (byte) => {
    const character = String.fromCharCode(byte);
    return harmless.test(character) ? character : `\\x${byte.toString(16).padStart(2, '0')}`;
  }).join('');
}
