import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { needsRoot } from '../support/privilege.ts';

const program = fileURLToPath(new URL('../.programs/thread-trap.cjs', import.meta.url));

function waysInside(...args: string[]): unknown {
  const { stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

/** What the documentation of `sys.unshare` says. Should Node or the kernel change, this test says so. */
describe.skipIf(needsRoot('which of Node’s ways to a file follow its main thread into a mount namespace'))(
  'after unshare(CLONE_NEWNS) in this process',
  () => {
    // A thread starts where the thread is that starts it, so a worker of afterwards is inside.
    const inside = { movedTheMainThread: true, sync: true, childProcess: true, worker: true };

    it('fs.*Sync and child processes are inside; fs.promises and callbacks, on threads of before, still outside', () => {
      expect(waysInside('warm')).toEqual({ ...inside, promises: false, callback: false });
    });

    it('the same code is inside where nothing has used the pool before: what happens depends on the past', () => {
      expect(waysInside()).toEqual({ ...inside, promises: true, callback: true });
    });
  },
);
