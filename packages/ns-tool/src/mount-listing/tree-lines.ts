/** The lines that make a tree of a list. */
import { strokes } from '../tree-strokes.ts';
import type { Row } from './filters.ts';

/**
 * Mounts that lie deeper are drawn no further to the right. Nobody can read such a tree; but a process can stack 100,000
 * mounts (fs.mount-max in /proc/sys), and lines as long as that would take gigabytes.
 */
export const DEEPEST = 64;

/** What stands before each row of a tree. Takes time in proportion to the number of rows. */
export function treeLines(rows: readonly Pick<Row, 'depth'>[], isUnicode: boolean): string[] {
  const { branch, last, past } = strokes(isUnicode);
  const areLast = lastOnes(rows);
  /** What stands before the strokes of the rows at each depth, from 1. */
  const before = ['', ''];
  return rows.map(({ depth }, row) => {
    if (depth === 0) return '';
    const at = Math.min(depth, DEEPEST);
    const start = before[at] ?? '';
    before[at + 1] = `${start}${areLast[row] ? '  ' : past}`;
    return `${start}${areLast[row] ? last : branch}`;
  });
}

/** Of each row, whether no other is drawn below the same mount after it. */
function lastOnes(rows: readonly Pick<Row, 'depth'>[]): boolean[] {
  const areLast: boolean[] = new Array(rows.length);
  /** At which depths there is a later row with the same mount above. */
  const hasLater: boolean[] = [];
  for (let row = rows.length - 1; row >= 0; row--) {
    const depth = rows[row]?.depth ?? 0;
    areLast[row] = hasLater[depth] !== true;
    hasLater.length = depth;
    hasLater[depth] = true;
  }
  return areLast;
}
