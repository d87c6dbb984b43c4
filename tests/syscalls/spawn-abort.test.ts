/** spawn() that is aborted: a child in a pid namespace that it joins may be held up there for as long as those in it like. */
import { once } from 'node:events';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { mapSelf, type SpawnOptions, spawn } from '@ns-tool/syscalls';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { hasChildren, openFiles, rejection } from '../support/children.ts';
import { LEASE, needsPerl } from '../support/lease.ts';
import { scratchDirectory } from '../support/scratch.ts';

const ABORTED = new Error('enough');

describe.skipIf(needsPerl('starts that are aborted'))('a start that is aborted', () => {
  const program = join(scratchDirectory(), 'program');
  beforeAll(() => copyFileSync('/bin/true', program));

  /** Holds up whoever executes the program. Returns how to wait until somebody does. */
  const held = async () => {
    const { stdout, kill, exited } = await spawn('perl', ['-e', LEASE, program], {
      stdio: ['ignore', 'pipe', 2],
      parentDeathSignal: 'SIGKILL',
    });
    onTestFinished(async () => {
      kill('SIGKILL');
      await exited;
    });
    const says = async (what: string) => expect(String((await once(stdout as Readable, 'data'))[0])).toBe(`${what}\n`);
    await says('taken');
    return () => says('awaited');
  };

  /** Another process's namespaces to join. */
  const joined = async (): Promise<SpawnOptions> => {
    const target = await spawn('sleep', ['1000'], {
      namespaces: ['user', 'pid'],
      idMaps: mapSelf(),
      parentDeathSignal: 'SIGKILL',
    });
    onTestFinished(async () => {
      target.kill('SIGKILL');
      await target.exited;
    });
    return { join: [{ pidfd: target.pidfd, kinds: ['user', 'pid'] }] };
  };

  it.each<[string, SpawnOptions]>([
    ['before execve(2)', {}],
    ['in the small program that it becomes first', { through: 'sealed' }],
    ['in one that stays', { through: 'init' }],
  ])('ends a child that is held up %s, and leaves nothing', async (_, options) => {
    const { signal, abort } = controller();
    const theirs = await joined();
    const isHeldUp = await held();
    const before = openFiles();
    const error = rejection(spawn(program, [], { ...theirs, ...options, signal }));
    await isHeldUp();
    abort();
    expect(await error).toBe(ABORTED);
    expect(openFiles()).toBe(before);
    // That which it would have joined.
    expect(hasChildren()).toBe(true);
  });

  it('leaves others be that are started meanwhile', async () => {
    const { signal, abort } = controller();
    const theirs = await joined();
    const isHeldUp = await held();
    const error = rejection(spawn(program, [], { ...theirs, signal }));
    await isHeldUp();
    const { exited } = await spawn('sh', ['-c', 'exit 7'], theirs);
    expect(await exited).toEqual({ status: 7, signal: null });
    abort();
    expect(await error).toBe(ABORTED);
  });

  it('has not begun where that was before', async () => {
    const observed: unknown[] = [];
    const observe = (attempt: unknown) => observed.push(attempt);
    const signal = AbortSignal.abort(ABORTED);
    expect(await rejection(spawn('true', [], { signal, observe }))).toBe(ABORTED);
    expect(observed).toEqual([]);
  });

  it('does nothing to a command that runs', async () => {
    const { signal, abort } = controller();
    const { exited } = await spawn('sh', ['-c', 'sleep 0.1; exit 7'], { ...(await joined()), signal });
    abort();
    expect(await exited).toEqual({ status: 7, signal: null });
  });
});

function controller() {
  const aborting = new AbortController();
  return { signal: aborting.signal, abort: () => aborting.abort(ABORTED) };
}
