/** Which boxes of several namespaces stand in one row, so that a mount point has the same place in each of them. */
import type { Cluster } from './picture.ts';

interface Row {
  readonly name: string;
  readonly path: readonly string[];
}

/**
 * The row of each box, by its ID, from 0.
 *
 * In each namespace they ascend: a box stands below those before it. Boxes of one place stand in one row, unless the orders of
 * two namespaces contradict each other; or unless namespaces have so little in common that most of the picture would be empty.
 */
export function rowsOf(clusters: readonly Cluster[]): ReadonlyMap<string, number> {
  const tallest = Math.max(0, ...clusters.map(({ boxes }) => boxes.length));
  const aligned = alignedRows(clusters);
  const count = Math.max(0, ...aligned.values()) + 1;
  return count <= 1.5 * tallest
    ? aligned
    : new Map(clusters.flatMap(({ boxes }) => boxes.map(({ id }, row): [string, number] => [id, row])));
}

function alignedRows(clusters: readonly Cluster[]): ReadonlyMap<string, number> {
  const rows: Row[] = [];
  const taken = new Map<string, Row>();
  for (const { boxes } of clusters) {
    let at = 0;
    for (const { id, place } of boxes) {
      const name = place.join('\0');
      const path = place;
      const known = rows.findIndex((row, i) => i >= at && row.name === name);
      if (known >= 0) {
        at = known;
      } else {
        while (at < rows.length && isBefore((rows[at] as Row).path, path)) at += 1;
        rows.splice(at, 0, { name, path });
      }
      taken.set(id, rows[at] as Row);
      at += 1;
    }
  }
  const numbers = new Map(rows.map((row, i) => [row, i]));
  return new Map(Array.from(taken, ([id, row]) => [id, numbers.get(row) ?? 0]));
}

/** Whether a path comes before another, component by component: `/a/b` before `/a-b`. */
export function isBefore(a: readonly string[], b: readonly string[]): boolean {
  for (const [i, name] of a.entries()) {
    const other = b[i];
    if (other === undefined) return false;
    if (name !== other) return name < other;
  }
  return a.length < b.length;
}
