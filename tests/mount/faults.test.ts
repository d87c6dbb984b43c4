import { errnoNumber } from '@ns-tool/syscalls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectUnnoticed } from '../support/checks.ts';
import type { Fault } from '../support/faults.ts';
import { needsRoot } from '../support/privilege.ts';
import type { Start } from '../support/protocol.ts';
import { Stand } from '../support/stand.ts';

/** Command lines that take different ways through the code. */
const COMMAND_LINES = [
  ['mount'],
  ['mount', '--target', '/mnt/existing', '--size', '1m'],
  ['mount', '--target', '/brand/new', '--', 'true'],
];

describe.skipIf(needsRoot('a fault at every system call of ns-tool mount'))(
  'whatever happens at any system call',
  () => {
    let stand: Stand;
    beforeAll(async () => {
      stand = await Stand.make();
    });
    afterAll(() => stand.dispose());

    const start = (args: readonly string[], fault?: Fault): Start => ({
      program: 'under-test',
      args,
      ...(fault !== undefined && { env: { FAULT: JSON.stringify(fault) } }),
    });

    /** The system calls that a command line makes when nothing goes wrong. */
    async function callsOf(args: readonly string[]): Promise<readonly string[]> {
      const { calls, status } = await stand.run(start(args));
      expect(status).toBe(0);
      expect(calls.length).toBeGreaterThan(10);
      return calls;
    }

    for (const args of COMMAND_LINES) {
      const commandLine = `ns-tool ${args.join(' ')}`;
      const failure = args.includes('--') ? 125 : 1;

      it(`an error is named and the host notices nothing: ${commandLine}`, async () => {
        const calls = await callsOf(args);
        const starts = calls.map((_, at) => start(args, { at, errno: errnoNumber('EIO') }));
        const { runs, ...observed } = await stand.runAll(starts, 4);
        for (const [at, { status, stderr, stdout }] of runs.entries()) {
          const name = calls[at]?.split('(')[0];
          expect(stderr, calls[at]).toMatch(
            new RegExp(`^ns-tool: ${name}\\(.*\\): Input/output error \\(EIO\\)$`, 'm'),
          );
          expect(stderr, calls[at]).not.toMatch(/^\s+at /m);
          expect(stdout, calls[at]).not.toContain('Cleanup: ');
          expect(status, calls[at]).toBe(failure);
        }
        expectUnnoticed({ runs, ...observed });
      });

      for (const signal of ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
        it(`after ${signal} the host has noticed nothing: ${commandLine}`, async () => {
          const calls = await callsOf(args);
          const starts = calls.map((_, at) => start(args, { at, signal }));
          const { runs, ...observed } = await stand.runAll(starts, 4);
          for (const [at, run] of runs.entries()) expect(run.signal, calls[at]).toBe(signal);
          expectUnnoticed({ runs, ...observed });
        });
      }
    }
  },
);
