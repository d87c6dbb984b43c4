/** Loaded before each test file, in the process that runs that file alone. */
import { sys } from '@ns-tool/syscalls';
import { beforeEach } from 'vitest';
import { isMutant } from '../exercise.ts';
import { enterSandboxOfOwn } from '../sandbox.ts';
import { versionOf } from './version-of.ts';

enterSandboxOfOwn(sys);

// One test that is red is enough for a mutant: it was noticed.
beforeEach(({ task, skip }) => {
  const isNoticed = task.file.tasks.some(({ result }) => result?.state === 'fail');
  if (isNoticed && isMutant(versionOf(task.file.filepath))) skip();
});
