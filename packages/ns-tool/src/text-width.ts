/** How much room text takes in a terminal. */

const ASCII = /^[\x20-\x7e]*$/;

/** Characters that combine with the one before, or show nothing. */
const ZERO = /^[\p{Mn}\p{Me}\p{Cf}]$/u;

/** What is two cells wide: East Asian scripts, fullwidth forms, and what is shown as a picture. */
const WIDE =
  /^(?:[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}\p{Script=Yi}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation})$/u;

/** The cells that text takes, which has no control characters. Near to wcwidth(3), without its tables. */
export function widthOf(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += cellsOf(character);
  return width;
}

/** The text, or as much of it as there is room for, with `mark` at the end in place of the rest. */
export function cut(text: string, room: number, mark: string): string {
  if (widthOf(text) <= room) return text;
  const end = mark.slice(0, room);
  let width = end.length;
  let kept = '';
  for (const character of text) {
    width += cellsOf(character);
    if (width > room) break;
    kept += character;
  }
  return kept + end;
}

/**
 * Rows of a table as lines, in which each column is as wide as its widest cell.
 *
 * @param rows as many cells in each.
 * @param room of the terminal, to which lines are cut; null for any.
 */
export function inColumns(rows: readonly (readonly string[])[], room: number | null): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => widthOf(row[column] ?? ''))));
  return rows.map((row) => {
    const line = row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell)))
      .join('  ')
      .trimEnd();
    return room === null ? line : cut(line, room, '…');
  });
}

/** The text in lines that there is room for, broken at blanks. A word that no line has room for goes on as it is. */
export function wrapped(text: string, room: number, indent: string): string[] {
  const lines: string[] = [];
  let line = '';
  // Each word with the blanks before it.
  for (const word of text.match(/ *[^ ]+/g) ?? ['']) {
    const next = indent + word.trimStart();
    const isTooLong = widthOf(line + word) > room && widthOf(next) <= room;
    if (line !== '' && isTooLong) lines.push(line);
    line = line !== '' && isTooLong ? next : line + word;
  }
  return [...lines, line];
}

function cellsOf(character: string): number {
  if (character <= '~' || ZERO.test(character)) return character <= '~' ? 1 : 0;
  return WIDE.test(character) ? 2 : 1;
}
