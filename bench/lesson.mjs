// pnpm bench: how long `npm run lesson check` takes, of every lesson.
//
//     node bench/lesson.mjs [--short]
//
// Measured on the solutions, where every test of every version runs; what npm itself takes for its start is in it. One that
// cannot be left out of the comparison is bare Node: the ratio carries over to other machines, seconds do not.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { machine } from './machine.mjs';
import { median } from './statistics.mjs';
import { table } from './table.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({ options: { short: { type: 'boolean', default: false } } });
const RUNS = values.short ? 1 : 5;
const TARGET = 5;

const lessons = readdirSync(path.join(root, 'docs/lessons')).filter((name) => /^\d\d-/.test(name));
const measured = values.short ? lessons.filter((name) => name.startsWith('04')) : lessons;

// In a mount namespace of its own with an empty my-lessons: no learner's work is touched.
const isRoot = process.geteuid?.() === 0;
const unshare = ['unshare', ...(isRoot ? [] : ['--user', '--map-root-user']), '--mount', 'sh', '-euc'];
const SCRIPT = `
mount -t tmpfs bench my-lessons
for lesson in "$@"; do
  npm run --silent lesson start $lesson >&2
  npm run --silent lesson solution $lesson -- --write >&2
  for run in $(seq ${RUNS}); do
    start=$(date +%s%N)
    npm run --silent lesson check $lesson >&2
    echo $lesson $(($(date +%s%N) - start))
  done
done
for run in $(seq 20); do
  start=$(date +%s%N)
  "$0" -e 0
  echo node $(($(date +%s%N) - start))
done
`;

if (!existsSync(path.join(root, 'packages/course/dist/main.js'))) throw new Error('not built: pnpm build');
const [command = '', ...args] = unshare;
const numbers = measured.map((name) => name.slice(0, 2));
const { status, stdout, stderr } = spawnSync(command, [...args, SCRIPT, process.execPath, ...numbers], {
  cwd: root,
  encoding: 'utf8',
});
if (status !== 0) {
  console.error(`bench: a check failed:\n${stderr}`);
  process.exit(1);
}

/** @type {Map<string, number[]>} seconds, by what was measured */
const times = new Map();
for (const line of stdout.trim().split('\n')) {
  const [what = '', nanoseconds = ''] = line.split(' ');
  times.set(what, [...(times.get(what) ?? []), Number(nanoseconds) / 1e9]);
}
const node = median(times.get('node') ?? []);
const rows = numbers.map((number) => {
  const all = times.get(number) ?? [];
  const seconds = median(all);
  const verdict = seconds <= TARGET ? 'reached' : 'missed';
  return [
    number,
    `${seconds.toFixed(1)} s`,
    `${Math.max(...all).toFixed(1)} s`,
    `${(seconds / node).toFixed(0)} ×`,
    verdict,
  ];
});

console.log(machine());
console.log(
  `npm run lesson check: medians of ${RUNS} ${RUNS === 1 ? 'run' : 'runs'}; node -e 0 takes ${(node * 1000).toFixed(0)} ms`,
);
console.log();
console.log(table(['lesson', 'median', 'longest', '/ node', `at most ${TARGET} s`], rows));
