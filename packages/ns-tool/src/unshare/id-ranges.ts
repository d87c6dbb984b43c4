/** Ranges of user and group IDs, as unshare(1) takes them. */
import type { IdRange } from '@ns-tool/syscalls';
import { UsageError } from '../errors.ts';

/** The highest ID: 2^32 - 1 means none. user_namespaces(7). */
const HIGHEST = 2 ** 32 - 2;

/** @throws UsageError for what is no ID. */
export function parseId(option: string, text: string): number {
  const id = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (id <= HIGHEST) return id;
  throw new UsageError(`--${option}: not an ID: ${JSON.stringify(text)}`, `Give a number: --${option} 1000`);
}

/**
 * A range as `OUTER,INNER,COUNT`, or as `INNER:OUTER:COUNT` since util-linux 2.39.
 *
 * @throws UsageError for anything else.
 */
export function parseRange(option: string, text: string): IdRange {
  const [, first = '', separator, second = '', last = ''] = /^(\d+)([,:])(\d+)\2(\d+)$/.exec(text) ?? [];
  const [outside, inside] = (separator === ',' ? [first, second] : [second, first]).map(Number) as [number, number];
  const count = Number(last);
  if (count > 0 && Math.max(outside, inside) + count - 1 <= HIGHEST) return { inside, outside, count };
  throw new UsageError(
    `--${option}: not a range of IDs: ${JSON.stringify(text)}`,
    `Give the first ID outside, the first inside and how many: --${option} 100000,0,65536`,
  );
}

/**
 * A range together with the map of one single ID, which comes first: what the two share is taken out of the range.
 *
 * The kernel refuses maps that overlap. As unshare(1) does, the IDs behind a gap move up, so that the range loses one ID
 * in all, its last.
 */
export function withSingle(range: IdRange, single: IdRange): readonly IdRange[] {
  const gaps = { inside: single.inside - range.inside, outside: single.outside - range.outside };
  const isIn = (gap: number) => gap >= 0 && gap < range.count;
  const cuts = [gaps.inside, gaps.outside].filter(isIn);
  if (cuts.length === 0) return [single, range];
  const bounds = [0, ...cuts.sort((a, b) => a - b), range.count - 1];
  const behind = (gap: number, at: number) => at + (isIn(gap) && at >= gap ? 1 : 0);
  const parts = bounds.slice(0, -1).map((from, i) => ({
    inside: range.inside + behind(gaps.inside, from),
    outside: range.outside + behind(gaps.outside, from),
    count: (bounds[i + 1] ?? 0) - from,
  }));
  return [single, ...parts.filter(({ count }) => count > 0)];
}
