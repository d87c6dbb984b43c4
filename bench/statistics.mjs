// What a list of measurements says. Pure.

/**
 * The value below which a share of the values lies, interpolated between neighbours.
 * @param {readonly number[]} values at least one
 * @param {number} share from 0 to 1
 */
export function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const [below, above] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  if (below === undefined || above === undefined) throw new RangeError('no values');
  return below + (above - below) * (at - Math.floor(at));
}

/**
 * The median: one slow run, of which any machine has some, does not move it as it would move the mean.
 * @param {readonly number[]} values at least one
 */
export function median(values) {
  return quantile(values, 0.5);
}

/**
 * The middle half of the values: how far they spread without the few that were disturbed.
 * @param {readonly number[]} values at least one
 * @returns {[from: number, to: number]}
 */
export function middleHalf(values) {
  return [quantile(values, 0.25), quantile(values, 0.75)];
}

/**
 * By what factor the values of a series grow from its first quarter to its last.
 * @param {readonly number[]} series in the order of measurement, at least four values
 */
export function growth(series) {
  const quarter = Math.floor(series.length / 4);
  return median(series.slice(-quarter)) / median(series.slice(0, quarter));
}
