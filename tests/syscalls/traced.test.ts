/** A child that asks to be traced by its parent (PTRACE_TRACEME): it stops at each signal, until the parent lets it go on. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Worker } from 'node:worker_threads';
import { type SpawnOptions, spawn } from '@ns-tool/syscalls';
import { beforeAll, describe, expect, it } from 'vitest';
import { compile, needsCompiler } from '../support/compiler.ts';
import { scratchDirectory } from '../support/scratch.ts';

describe.skipIf(needsCompiler('children that are traced'))('a child that is traced by this process', () => {
  const program = join(scratchDirectory(), 'traced');
  beforeAll(() => compile(new URL('traced.c', import.meta.url), program));

  const ended = async (args: readonly (number | 'exec')[], options: SpawnOptions = {}) => {
    const child = await spawn(program, args.map(String), { stdio: ['ignore', 'pipe', 2], ...options });
    const exit = await child.exited;
    // One that has not ended would keep its pipe open.
    if (existsSync(`/proc/${child.pid}`)) process.kill(child.pid, 'SIGKILL');
    return { stdout: await text(child.stdout as Readable), ...exit };
  };

  it('has not ended when it stops, and gets its signals', async () => {
    expect(await ended([10, 12, 10])).toEqual({ stdout: 'got 10\ngot 12\ngot 10\ngoes on\n', status: 7, signal: null });
  });

  it('dies of one that it does not handle', async () => {
    expect(await ended([9])).toEqual({ stdout: '', status: null, signal: 'SIGKILL' });
  });

  it('is stopped by what stops a process', async () => {
    const stops: string[] = [];
    const onStopped = (signal: string, resume: () => void) => {
      stops.push(signal);
      resume();
    };
    expect(await ended([19, 10], { onStopped })).toMatchObject({ stdout: 'got 10\ngoes on\n', status: 7 });
    expect(stops).toEqual(['SIGSTOP']);
  });

  it('goes on where another thread has started it', async () => {
    const worker = new Worker(
      `import('@ns-tool/syscalls').then(async ({ spawn }) => {
        const { exited } = await spawn(${JSON.stringify(program)}, ['10'], { stdio: 'ignore', parentDeathSignal: 'SIGKILL' });
        require('node:worker_threads').parentPort.postMessage(await exited);
      });`,
      { eval: true },
    );
    const exit = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
    expect(exit).toEqual({ status: 7, signal: null });
  });

  it('executes another program, which stops it too', async () => {
    expect(await ended(['exec'])).toEqual({ stdout: 'goes on\n', status: 7, signal: null });
  });
});
