import { describe, expect, it } from 'vitest';
import { expectUnnoticed } from '../support/checks.ts';
import { needsRoot } from '../support/privilege.ts';
import type { Start } from '../support/protocol.ts';
import { Stand } from '../support/stand.ts';

const COPIES = 50;

describe.skipIf(needsRoot('50 copies of ns-tool mount at once'))(`${COPIES} copies on the same mount point`, () => {
  for (const target of ['/mnt/test_mount', '/mnt/existing']) {
    it(`each have their own: ${target}`, async () => {
      const stand = await Stand.forTest();
      // Each writes its pid, waits until the others have done so too, and finds its own.
      const script = `echo $$ > ${target}/pid; sleep 1; [ "$(cat ${target}/pid)" = $$ ] && ls ${target}`;
      const one: Start = { program: 'ns-tool', args: ['mount', '--target', target, '--', 'sh', '-c', script] };
      const { runs, ...observed } = await stand.runAll(
        Array.from({ length: COPIES }, () => one),
        COPIES,
      );
      expect(runs).toHaveLength(COPIES);
      for (const { status, stdout, stderr } of runs) {
        expect(stderr).toBe('');
        expect(stdout).toContain('parent namespace!\npid\nCleanup: ');
        expect(status).toBe(0);
      }
      expectUnnoticed({ runs, ...observed });
    });
  }
});
