import { describe, expect, it } from 'vitest';
import { expectUnnoticed } from '../support/checks.ts';
import { needsRoot } from '../support/privilege.ts';
import { Stand } from '../support/stand.ts';

describe.skipIf(needsRoot('signals to ns-tool mount'))(
  'ns-tool mount, asked to end while a command runs inside',
  () => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      it(`passes ${name} on, cleans up and ends by it`, async () => {
        const stand = await Stand.forTest();
        const script = 'echo pid $$; exec sleep 30';
        const { signal, stdout, ...observed } = await stand.run({
          program: 'ns-tool',
          args: ['mount', '--', 'sh', '-c', script],
          signal: { name, after: 'pid ' },
        });
        expect(signal).toBe(name);
        expect(stdout).toContain('Cleanup: unmounted and removed /mnt/test_mount\n');
        const pid = /^pid (\d+)$/m.exec(stdout)?.[1];
        expect(await stand.shell(`test -e /proc/${pid} && echo alive || true`)).toBe('');
        expectUnnoticed(observed);
      });
    }

    it('ends by the signal also where the command ends with a status of its own', async () => {
      const stand = await Stand.forTest();
      const script = 'trap "echo caught; exit 3" TERM; echo ready; while :; do sleep 0.05; done';
      const { signal, stdout } = await stand.run({
        program: 'ns-tool',
        args: ['mount', '--', 'sh', '-c', script],
        signal: { name: 'SIGTERM', after: 'ready' },
      });
      expect(stdout).toContain('caught\nCleanup: ');
      expect(signal).toBe('SIGTERM');
    });

    it('SIGKILL leaves nothing on the host, and ends the command too', async () => {
      const stand = await Stand.forTest();
      const { signal, stdout, ...observed } = await stand.run({
        program: 'ns-tool',
        args: ['mount', '--', 'sh', '-c', 'echo pid $$; exec sleep 30'],
        signal: { name: 'SIGKILL', after: 'pid ' },
      });
      expect(signal).toBe('SIGKILL');
      expectUnnoticed(observed);
      // It gets a signal of its own when ns-tool is gone, which may take a moment.
      const pid = /^pid (\d+)$/m.exec(stdout)?.[1];
      await stand.shell(`for i in $(seq 100); do test -e /proc/${pid} || exit 0; sleep 0.02; done; exit 1`);
    });
  },
);
