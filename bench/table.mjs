// Tables of plain text. Pure.

/**
 * Lays out rows below a heading: the first column to the left, the others to the right, each as wide as its widest cell.
 * @param {readonly string[]} heading
 * @param {readonly (readonly string[])[]} rows each as long as the heading
 * @returns {string}
 */
export function table(heading, rows) {
  const widths = heading.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (/** @type {readonly string[]} */ cells) =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('   ')
      .trimEnd();
  return [line(heading), widths.map((width) => '─'.repeat(width)).join('───'), ...rows.map(line)].join('\n');
}

/** @param {number} value */
export function milliseconds(value) {
  return `${value.toFixed(value < 10 ? 2 : 1)} ms`;
}

/** @param {readonly [from: number, to: number]} range */
export function range([from, to]) {
  const digits = to < 10 ? 2 : 1;
  return `${from.toFixed(digits)}–${to.toFixed(digits)}`;
}

/** @param {number} value */
export function times(value) {
  return `${value.toFixed(2)} ×`;
}

/** @param {number} share */
export function percent(share) {
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
}
