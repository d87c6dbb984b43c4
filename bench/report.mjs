// The tables that `pnpm bench` prints. Pure.

import { total } from './repeated-mount.mjs';
import { median, middleHalf } from './statistics.mjs';
import { milliseconds, percent, range, table, times } from './table.mjs';

/** @import { ComparedCall } from './calls.mjs' */
/** @import { RepeatedMount } from './repeated-mount.mjs' */

/** What `ns-tool mount` may cost at most, in starts of bare Node, by the major version of Node. */
const TARGETS = new Map([
  [20, 1.5],
  [24, 1.7],
]);

/** What it should cost, with any Node. */
const GOAL = 1.25;

/** Iterations that get this much slower are not the same work any more. */
const STEADY = 1.25;

/**
 * @typedef {object} Measured one Node's figures: milliseconds of whole processes, run by run
 * @property {string} version
 * @property {readonly number[]} bare `node -e 0`
 * @property {readonly number[]} whole `ns-tool mount`
 */

/** @param {readonly Measured[]} measured */
export function againstBareNode(measured) {
  const rows = measured.map(({ version, whole, bare }) => {
    const ratio = median(whole) / median(bare);
    const target = TARGETS.get(Number(/\d+/.exec(version)?.[0]));
    return [
      version,
      ...timeCells(whole),
      ...timeCells(bare),
      times(ratio),
      range(middleHalf(roundByRound(whole, bare))),
      target === undefined ? 'none' : verdict(ratio, target),
      verdict(ratio, GOAL),
    ];
  });
  return table(
    ['Node', 'ns-tool mount', 'middle half', 'node -e 0', 'middle half', 'ratio', 'middle half', 'target', 'goal'],
    rows,
  );
}

/**
 * The ratio in each round: on a busy machine the ratio of the medians is worth no more than these agree.
 * @param {readonly number[]} whole
 * @param {readonly number[]} bare
 */
function roundByRound(whole, bare) {
  return whole.map((time, round) => time / (bare[round] ?? Number.NaN));
}

/**
 * @param {readonly Measured[]} measured
 * @param {readonly number[]} shell
 */
export function againstShell(measured, shell) {
  const rows = measured.map(({ version, whole }) => [
    version,
    ...timeCells(whole),
    ...timeCells(shell),
    times(median(whole) / median(shell)),
  ]);
  return table(['Node', 'ns-tool mount', 'middle half', 'unshare, mount, …', 'middle half', 'ratio'], rows);
}

/**
 * Where the time of a whole process goes: what each step takes longer than the one before it.
 * @param {readonly { what: string, times: readonly number[] }[]} steps
 * @param {readonly number[]} bare
 */
export function breakdown(steps, bare) {
  const unit = median(bare);
  const rows = steps.map(({ what, times: measured }, i) => {
    const added = median(measured) - median(steps[i - 1]?.times ?? [0]);
    return [what, ...timeCells(measured), times(median(measured) / unit), milliseconds(added), times(added / unit)];
  });
  return table(['', 'median', 'middle half', '× bare Node', 'added', 'added, × bare'], rows);
}

/**
 * @param {RepeatedMount} repeatedMount
 * @param {readonly number[]} whole
 */
export function callsAlone({ first, repeated }, whole) {
  const process = median(whole);
  const row = (/** @type {string} */ what, /** @type {number} */ cold, /** @type {number} */ warm) => [
    what,
    milliseconds(cold),
    percent(cold / process),
    milliseconds(warm),
    percent(warm / process),
  ];
  return table(
    ['', 'first time', 'of ns-tool mount', 'repeated', 'of ns-tool mount'],
    [
      row('isolateTmpfs()', first.isolate, repeated.isolate),
      row('remove()', first.remove, repeated.remove),
      row('leaving the namespace', first.leave, repeated.leave),
      row('all', total(first), total(repeated)),
    ],
  );
}

/** @param {RepeatedMount} repeatedMount */
export function steadiness({ growth, processes, iterations }) {
  const verdict = growth > STEADY ? 'GROWS: the medians above are too high' : 'steady';
  return `${processes} processes, ${iterations} iterations each; last quarter against first: ${times(growth)}, ${verdict}`;
}

/** @param {readonly ComparedCall[]} calls */
export function callByCall(calls) {
  const nanoseconds = (/** @type {number} */ value) => `${Math.round(value)} ns`;
  const rows = calls.map(({ what, bySys, byNode }) => [
    what,
    nanoseconds(median(bySys)),
    nanoseconds(median(byNode)),
    times(median(bySys) / median(byNode)),
    String(bySys.length),
  ]);
  return table(['', 'sys', 'fs', 'ratio', 'blocks'], rows);
}

/** @param {readonly number[]} measured */
function timeCells(measured) {
  return [milliseconds(median(measured)), range(middleHalf(measured))];
}

/**
 * @param {number} ratio
 * @param {number} limit
 */
function verdict(ratio, limit) {
  return `${times(limit)}: ${ratio <= limit ? 'reached' : 'missed'}`;
}
