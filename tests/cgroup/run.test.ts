/**
 * Limits of run(), as this machine's kernel keeps them: by v1 or v2, wherever it has the controllers. On a kernel with v2
 * alone: tests/support/vm.sh.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { programOf, showProgram, spawn, sys } from '@ns-tool/syscalls';
import { type Container, type Limits, type RunOptions, run } from 'ns-tool';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { CONTROLLERS } from '../../packages/ns-tool/src/container/cgroup/limits.ts';
import { begin, type Decided, decide } from '../../packages/ns-tool/src/container/container.ts';
import { thisHost } from '../../packages/ns-tool/src/container/host.ts';
import { containerOptions } from '../../packages/ns-tool/src/container/recipe.ts';
import { rootfsOf } from '../../packages/ns-tool/src/container/rootfs.ts';
import { startTimeOf } from '../../packages/ns-tool/src/container/state.ts';
import { makeRootfs, needsBusybox } from '../run/rootfs.ts';
import { cgroupOf, cgroupsIn, cgroupsNamed, needsCgroups, readIn } from '../support/cgroups.ts';
import { hasChildren } from '../support/children.ts';
import { scratchDirectory } from '../support/scratch.ts';

const MB = 1024 * 1024;
const ALL: Limits = { memory: 64 * MB, cpus: 1.5, pids: 100 };
const what = 'limits of containers';

describe.skipIf([needsCgroups(what), needsBusybox(what)].some(Boolean))(what, () => {
  const scratch = scratchDirectory();
  const rootfs = join(scratch, 'rootfs');
  const places = { store: join(scratch, 'store'), states: join(scratch, 'states') };
  beforeAll(() => makeRootfs(rootfs));
  /** The IDs of all containers that were begun. */
  const begun = new Set<string>();
  afterAll(() => {
    const left = [
      ...[join(places.store, 'containers'), places.states].flatMap((path) => readdirSync(path)),
      ...[...begun].flatMap((id) => cgroupsNamed(`ns-tool-${id}`)),
    ];
    expect({ left, children: hasChildren() }).toEqual({ left: [], children: false });
  });

  const warnings: string[] = [];
  const start = async (command: readonly string[], limits: Limits, options: RunOptions = {}): Promise<Container> => {
    warnings.length = 0;
    const container = await run(rootfs, command, {
      ...places,
      stdio: ['ignore', 'pipe', 'pipe'],
      limits,
      warn: (message) => warnings.push(message),
      ...options,
    });
    begun.add(container.id);
    return container;
  };
  /** What a command prints inside, on both outputs, and how it ends. */
  const outcome = async (command: readonly string[], limits: Limits, options?: RunOptions) => {
    const container = await start(command, limits, options);
    const [stdout, stderr, exit] = await Promise.all([
      text(container.stdout as Readable),
      text(container.stderr as Readable),
      container.exited,
    ]);
    return { printed: stdout + stderr, ...exit };
  };
  /** A container that runs until the test is over. */
  const resident = async (limits: Limits, script = 'while :; do sleep 1000; done', options?: RunOptions) => {
    const container = await start(['sh', '-c', script], limits, options);
    onTestFinished(async () => {
      container.kill('SIGKILL');
      await container.exited;
    });
    return { container, directories: cgroupsNamed(`ns-tool-${container.id}`) };
  };
  const decideOn = async (options: Parameters<typeof decide>[3]) =>
    decide(sys, await rootfsOf(rootfs, async () => null), ['true'], options, { ...places, host: thisHost() });
  const shell = (script: string) => ['sh', '-c', script] as const;

  it('hold from its first instruction on: it is in cgroups of its own, which are the roots of its cgroup namespace', async () => {
    const own = cgroupsIn(readFileSync('/proc/self/cgroup', 'utf8'));
    const { printed } = await outcome(['cat', '/proc/self/cgroup'], ALL);
    const inside = cgroupsIn(printed);
    const { container } = await resident(ALL);
    const outside = cgroupsIn(readFileSync(`/proc/${container.pid}/cgroup`, 'utf8'));
    for (const controller of Object.values(CONTROLLERS)) {
      expect(cgroupOf(inside, controller)).toBe('/');
      expect(cgroupOf(outside, controller)).toMatch(new RegExp(`/ns-tool-${container.id}$`));
      expect(cgroupOf(outside, controller)).not.toBe(cgroupOf(own, controller));
    }
  });

  it('hold before the child does anything else, and before it makes its cgroup namespace', async () => {
    const programFor = ({ plan }: Decided) => showProgram(programOf('true', [], containerOptions(plan)));
    const decided = await decideOn({ limits: ALL });
    const { plan } = decided;
    const lines = programFor(decided);
    for (const [i, { parent, name }] of plan.cgroups.entries()) {
      expect(lines.slice(3 * i, 3 * i + 3)).toEqual([
        `openat(AT_FDCWD, "${parent}/${name}/cgroup.procs", O_WRONLY|O_CLOEXEC) = r${3 * i}`,
        `write(r${3 * i}, "0", 1)`,
        `close(r${3 * i})`,
      ]);
    }
    expect(lines[3 * plan.cgroups.length]).toBe('unshare(CLONE_NEWCGROUP)');
    // Without limits there is nothing of it.
    expect(programFor(await decideOn({})).filter((line) => /cgroup/i.test(line))).toEqual([]);
  });

  it('are what was asked for', async () => {
    const { directories } = await resident(ALL);
    expect(readIn(directories, 'pids.max')).toBe('100');
    expect(readIn(directories, 'memory.max') ?? readIn(directories, 'memory.limit_in_bytes')).toBe(`${64 * MB}`);
    // Where swap is accounted for at all: none, or not more than both together.
    expect([null, '0', `${64 * MB}`]).toContain(
      readIn(directories, 'memory.swap.max') ?? readIn(directories, 'memory.memsw.limit_in_bytes'),
    );
    const v1 = ['cpu.cfs_quota_us', 'cpu.cfs_period_us'].map((file) => readIn(directories, file)).join(' ');
    expect(readIn(directories, 'cpu.max') ?? v1).toBe('150000 100000');
  });

  it('end what takes more memory, and say so', async () => {
    const take = (megabytes: number) => ['dd', 'if=/dev/zero', 'of=/dev/null', `bs=${megabytes}M`, 'count=1'];
    expect(await outcome(take(64), { memory: 128 * MB })).toMatchObject({ status: 0 });
    expect(warnings).toEqual([]);
    expect(await outcome(take(64), { memory: 32 * MB })).toMatchObject({ status: null, signal: 'SIGKILL' });
    expect(warnings).toEqual([expect.stringMatching(/^out of memory, at the limit of --memory.*: 1$/)]);
    // Also if it is not the first process, and that goes on.
    const { printed } = await outcome(shell(`${take(64).join(' ')}; echo $?`), { memory: 32 * MB });
    expect(printed).toMatch(/^137$/m);
    expect(warnings).toEqual([expect.stringMatching(/^out of memory/)]);
  });

  it('end a child that has no memory to become the command, and not this process', async () => {
    // A call of its setup fails, or it is killed: in its setup, or by execve(2) when there is no way back.
    const end = await start(['true'], { memory: 4096 }).then(
      async ({ exited }) => String((await exited).signal),
      (error: Error) => error.message,
    );
    expect(end).toMatch(/ENOMEM|before it became the command|^SIGKILL$/);
    expect(readdirSync(places.states)).toEqual([]);
  });

  it('refuse more processes', async () => {
    const fork = shell('for i in 1 2 3 4 5 6; do sleep 1000 & done; echo all');
    expect((await outcome(fork, { pids: 7 })).printed).toBe('all\n');
    expect((await outcome(fork, { pids: 5 })).printed).toMatch(/can't fork: Resource temporarily unavailable/);
  });

  it('throttle what takes more time of the processors', async () => {
    const { directories } = await resident({ cpus: 0.05 }, 'while :; do :; done');
    const throttled = () => Number(/^nr_throttled (\d+)$/m.exec(readIn(directories, 'cpu.stat') ?? '')?.[1]);
    await expect.poll(throttled, { timeout: 30_000 }).toBeGreaterThan(1);
  });

  it('are of one container each', async () => {
    const one = await resident({ pids: 10 });
    const other = await resident({ pids: 20 });
    expect([one, other].map(({ directories }) => readIn(directories, 'pids.max'))).toEqual(['10', '20']);
    expect(one.directories).toHaveLength(1);
    const unlimited = await resident({});
    expect(unlimited.directories).toEqual([]);
  });

  it('leave no cgroup: not where it is killed with many processes', async () => {
    const { container, directories } = await resident(ALL, 'for i in $(seq 50); do sleep 1000 & done; echo; wait');
    await new Promise((resolve) => container.stdout?.once('data', resolve));
    expect(directories.every(existsSync)).toBe(true);
    container.kill('SIGKILL');
    await container.exited;
    expect(directories.filter(existsSync)).toEqual([]);
  });

  it('leave no cgroup: not where the container was not started', async () => {
    const begun = async (name: string, start: Parameters<typeof begin>[2]) => {
      const decided = await decideOn({ limits: ALL, name });
      const error = await begin(decided, { ...places, host: thisHost() }, start, () => {}).catch((error) => error);
      return { error, left: cgroupsNamed(`ns-tool-${decided.id}`) };
    };
    let made: string[] = [];
    const failed = await begun('fails', async ({ cgroups = [] }) => {
      made = cgroups.filter(existsSync);
      throw new Error('not started');
    });
    expect(failed).toMatchObject({ error: { message: 'not started' }, left: [] });
    expect(made.length).toBeGreaterThan(0);
    await resident(ALL, undefined, { name: 'taken' });
    const taken = await begun('taken', async () => expect.unreachable());
    expect(taken).toMatchObject({ error: { message: 'the name is taken: taken' }, left: [] });
  });

  it('leave no cgroup: what has been made below goes too', async () => {
    const { container, directories } = await resident({ pids: 10 });
    for (const directory of directories) mkdirSync(join(directory, 'a/b'), { recursive: true });
    container.kill('SIGKILL');
    await container.exited;
    expect(directories.filter(existsSync)).toEqual([]);
  });

  it('leave no cgroup: it is removed once the last process has left it', async () => {
    const { container, directories } = await resident({ pids: 10 });
    // Not of its pid namespace, and so not ended with it.
    const guest = await spawn('sleep', ['1000'], { cgroups: directories, parentDeathSignal: 'SIGKILL' });
    onTestFinished(() => void guest.kill('SIGKILL'));
    expect(readIn(directories, 'cgroup.procs')?.split('\n')).toContain(String(guest.pid));
    let isOver = false;
    const exited = container.exited.then(() => {
      isOver = true;
    });
    container.kill('SIGKILL');
    await expect.poll(() => startTimeOf(container.pid), { timeout: 10_000 }).toBe(null);
    expect({ isOver, there: directories.every(existsSync) }).toEqual({ isOver: false, there: true });
    guest.kill('SIGKILL');
    await Promise.all([guest.exited, exited]);
    expect(directories.filter(existsSync)).toEqual([]);
  });
});
