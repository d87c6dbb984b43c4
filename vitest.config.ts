import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/**
 * What takes long: every check on every mutant, every fault at every system call, tables of the largest size; registries that
 * stall, a Debian, and containers that try to get out.
 */
const slow = [
  'tests/**/mutants.test.ts',
  'tests/**/faults.test.ts',
  'tests/mount-table/size.test.ts',
  'tests/syscalls/init.test.ts',
  'tests/images/{debian,pull,transport}.test.ts',
  'tests/run/{escapes,refused,on-an-overlay}.test.ts',
  'tests/containers/command.test.ts',
];

/** Many command lines, held beside those of util-linux: the same with each version of Node. */
const beside = ['tests/*/side-by-side.test.ts', 'tests/mounts/findmnt.test.ts'];

/** A learner goes through every lesson, and uses the course. */
const lessons = ['tests/lessons/walk.test.ts', 'tests/course/command.test.ts'];

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // One more than there are processors, since most tests wait for others; by itself vitest leaves one to itself.
    maxWorkers: availableParallelism() + 1,
    projects: [
      {
        extends: true,
        test: { name: 'fast', include: ['tests/**/*.test.ts'], exclude: [...slow, ...beside, ...lessons] },
      },
      { extends: true, test: { name: 'thorough', include: slow } },
      { extends: true, test: { name: 'beside', include: beside } },
      { extends: true, test: { name: 'lessons', include: lessons, maxConcurrency: 2, testTimeout: 300_000 } },
    ],
  },
});
