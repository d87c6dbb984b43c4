/** Limits as they are given, and as the kernel takes them. */
import { SyscallError } from '@ns-tool/syscalls';
import { describe, expect, it } from 'vitest';
import { hintFor } from '../../packages/ns-tool/src/container/cgroup/hints.ts';
import {
  checkLimits,
  type GivenLimits,
  type Kind,
  type Limits,
  limited,
  parseLimits,
  settingsOf,
} from '../../packages/ns-tool/src/container/cgroup/limits.ts';
import { cgroupsOf } from '../../packages/ns-tool/src/container/cgroup/remove.ts';

describe('limits are read', () => {
  it.each<[GivenLimits, Limits]>([
    [{}, {}],
    [{ memory: '1024' }, { memory: 1024 }],
    [{ memory: '64b' }, { memory: 64 }],
    [{ memory: '64k' }, { memory: 65_536 }],
    [{ memory: '64m' }, { memory: 67_108_864 }],
    [{ memory: '64 MB' }, { memory: 67_108_864 }],
    [{ memory: '64MiB' }, { memory: 67_108_864 }],
    [{ memory: '1.5G' }, { memory: 1_610_612_736 }],
    [{ memory: '2t' }, { memory: 2 ** 41 }],
    [{ memory: '0' }, {}],
    [{ cpus: '1.5' }, { cpus: 1.5 }],
    [{ cpus: '.5' }, { cpus: 0.5 }],
    [{ cpus: '2' }, { cpus: 2 }],
    [{ cpus: '0.000' }, {}],
    [{ pids: '100' }, { pids: 100 }],
    [{ pids: '-1' }, {}],
    [{ pids: '0' }, {}],
    [
      { memory: '1m', cpus: '1', pids: '1' },
      { memory: 1_048_576, cpus: 1, pids: 1 },
    ],
  ])('%j', (given, limits) => expect(parseLimits(given)).toEqual(limits));

  it.each<GivenLimits>([
    { memory: '' },
    { memory: 'm' },
    { memory: '-1' },
    { memory: '64x' },
    { memory: '64mm' },
    { memory: '0x10' },
    { memory: '1e3' },
    { memory: '1.5.5m' },
    { memory: '50%' },
    { memory: '9999999999999999p' },
    { memory: '64m\n' },
    { cpus: '' },
    { cpus: '.' },
    { cpus: '-1' },
    { cpus: '0.001' },
    { cpus: '1e2' },
    { cpus: 'all' },
    { cpus: '999999999' },
    { pids: '' },
    { pids: '1.5' },
    { pids: '9999999999999999' },
    { pids: 'max' },
  ])('but not %j', (given) =>
    expect(() => parseLimits(given)).toThrow(/^--(memory: not a size|cpus: not a number|pids-limit: not a number)/),
  );

  it.each<Limits>([
    { memory: 0 },
    { memory: 1.5 },
    { memory: Number.NaN },
    { memory: 2 ** 53 },
    { cpus: 0 },
    { cpus: Number.POSITIVE_INFINITY },
    { pids: -1 },
    { pids: 0.5 },
    { pids: '5; max' as unknown as number },
    { memory: '64m' as unknown as number },
  ])('nor, from a program, %j', (limits) => expect(() => checkLimits(limits)).toThrow(/^--.*: not a/));
});

describe('limits are written', () => {
  const written = (kind: Kind, version: 1 | 2, limits: Limits) =>
    settingsOf(kind, version, limits).map(({ file, content }) => `${file} ${content}`);

  it('to the files of v2', () => {
    expect(written('memory', 2, { memory: 65_536 })).toEqual(['memory.max 65536', 'memory.swap.max 0']);
    expect(written('cpus', 2, { cpus: 1.5 })).toEqual(['cpu.max 150000 100000']);
    expect(written('cpus', 2, { cpus: 0.01 })).toEqual(['cpu.max 1000 100000']);
    expect(written('pids', 2, { pids: 100 })).toEqual(['pids.max 100']);
  });

  it('to the files of v1, in an order in which they are taken', () => {
    expect(written('memory', 1, { memory: 65_536 })).toEqual([
      'memory.limit_in_bytes 65536',
      'memory.memsw.limit_in_bytes 65536',
    ]);
    expect(written('cpus', 1, { cpus: 0.333 })).toEqual(['cpu.cfs_period_us 100000', 'cpu.cfs_quota_us 33300']);
    expect(written('pids', 1, { pids: 100 })).toEqual(['pids.max 100']);
  });

  it('and only those that are given', () => {
    expect(limited({ pids: 1, memory: 1 })).toEqual(['memory', 'pids']);
    expect(limited({})).toEqual([]);
  });
});

describe('an error says what to do', () => {
  const hint = (call: 'mkdirat' | 'write', errno: number, version: 1 | 2, isRoot: boolean, enable: string[] = []) =>
    hintFor(new SyscallError(call, [0, '', 0], errno), { version, parent: '/c/p', enable }, isRoot);

  it.each([
    ['a user, v1', hint('mkdirat', 13, 1, false), /version 1.*for root alone/],
    ['a user, v2', hint('mkdirat', 13, 2, false), /\/c\/p is not yours.*systemd-run --user --scope/],
    ['root in a user namespace', hint('mkdirat', 13, 2, true), /somebody outside/],
    ['a read-only filesystem', hint('mkdirat', 30, 2, true), /read-only/],
    ['processes where there must be none', hint('write', 16, 2, true, ['memory']), /no internal processes/],
    ['too many', hint('mkdirat', 11, 2, true), /cgroup\.max\.descendants/],
    ['a cgroup that is gone', hint('mkdirat', 2, 1, true), /has been removed/],
    ['a limit on the own cgroup', hint('write', 22, 1, true), /has itself less/],
  ])('%s', (_, said, expected) => expect(said).toMatch(expected));
});

describe('the cgroups of a container', () => {
  it('are, of those that its state names, the ones with its name', () => {
    const id = 'aaaabbbbcccc';
    const own = `/sys/fs/cgroup/pids/ns-tool-${id}`;
    const others = ['/sys/fs/cgroup/pids', '/', `/x/ns-tool-${id}/below`, '/x/ns-tool-aaaabbbbcccd'];
    expect(cgroupsOf({ id, cgroups: [...others, own] })).toEqual([own]);
    expect(cgroupsOf({ id })).toEqual([]);
  });
});
