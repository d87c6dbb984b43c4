/**
 * The first process in the sandbox: reads versions of an exercise from standard input, runs the test of each in a process
 * and in namespaces of its own, and writes what came of each to standard output as soon as it is known, a line each. All is
 * JSON.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type Reporter, startVitest, type TestCase, type TestModule, type Vitest } from 'vitest/node';
import type { Files } from '../catalogue.ts';
import { compile } from '../compile.ts';
import type { Results, TestResult } from '../results.ts';
import { versionOf } from './version-of.ts';

export interface Request {
  /** An empty directory, within the checkout so that imports are found. */
  readonly folder: string;
  readonly versions: Readonly<Record<string, Files>>;
}

/** Milliseconds. A version that hangs must not hang the check. */
const LONGEST = 10_000;

const { folder, versions } = JSON.parse(await text(process.stdin)) as Request;
for (const [version, files] of Object.entries(versions)) {
  mkdirSync(join(folder, version));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, version, name), content);
}
await compile(
  Object.entries(versions).flatMap(([version, files]) =>
    Object.keys(files)
      .filter((name) => /(?<!\.test|\.d)\.ts$/.test(name))
      .map((name) => join(folder, version, name)),
  ),
);

const printed: Record<string, string> = {};

let runner: Vitest | undefined;
const reporter: Reporter = {
  onInit(vitest) {
    runner = vitest;
  },
  onUserConsoleLog({ content, taskId }) {
    const file = runner?.state.idMap.get(taskId ?? '')?.file.filepath ?? '';
    printed[versionOf(file)] = (printed[versionOf(file)] ?? '') + content;
  },
  onTestModuleEnd(module) {
    const version = versionOf(module.moduleId);
    const results: Results = { [version]: { ...resultOf(module), printed: printed[version] ?? '' } };
    // Not writeSync(), for which a pipe may be full.
    process.stdout.write(`${JSON.stringify(results)}\n`);
  },
};

const vitest = await startVitest(
  'test',
  [],
  {
    root: folder,
    config: false,
    watch: false,
    include: ['*/*.test.ts'],
    // Each in a process of its own, which moves into a sandbox of its own.
    pool: 'forks',
    isolate: true,
    setupFiles: [join(import.meta.dirname, 'own-sandbox.js')],
    maxWorkers: Math.max(2, availableParallelism()),
    cache: false,
    // The packages are JavaScript, which Node loads at once; by itself vitest does so only within node_modules.
    server: { deps: { external: [/\/packages\/[^/]+\/dist\//] } },
    chaiConfig: { truncateThreshold: 80 },
    testTimeout: LONGEST,
    hookTimeout: LONGEST,
    reporters: [reporter],
  },
  { logLevel: 'silent' },
);
await vitest.close();
process.exit(0);

function resultOf(module: TestModule): { tests: TestResult[]; error?: string } {
  const tests = [...module.children.allTests()].flatMap(resultOfTest);
  // A file without a test is none to vitest. To us it is one that is still to be written.
  const [error] = module.errors().filter(({ message }) => !message.startsWith('No test suite found'));
  return error === undefined ? { tests } : { tests, error: error.message };
}

function resultOfTest(test: TestCase): TestResult[] {
  const { state, errors } = test.result();
  if (state === 'skipped' || state === 'pending') return [];
  const [error] = errors ?? [];
  const { name: errorName = 'Error', message = '' } = error ?? {};
  return [{ name: test.fullName, state, ...(error && { error: { name: errorName, message } }) }];
}
