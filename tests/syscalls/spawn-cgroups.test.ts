/** spawn() and cgroups: joined, and the roots of the cgroup namespace, however that is made. */
import { mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { CLONE_VM, cloneFlagsOf, programOf, showProgram, spawn, sys } from '@ns-tool/syscalls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { planCgroups } from '../../packages/ns-tool/src/container/cgroup/plan.ts';
import { cgroupsIn, needsCgroups } from '../support/cgroups.ts';
import { hasChildren, openFiles, output, rejection } from '../support/children.ts';

const what = 'spawn and cgroups';

describe.skipIf(needsCgroups(what))(what, () => {
  /** Empty cgroups, one in each hierarchy that has one of the controllers, until the test is over. */
  const cgroups = () => {
    const parents = planCgroups(sys, { memory: 1, cpus: 1, pids: 1 }, 'none').map(({ parent }) => parent);
    const directories = parents.map((parent) => join(parent, `ns-tool-test-${process.pid}`));
    for (const directory of directories) {
      mkdirSync(directory);
      onTestFinished(() => rmdirSync(directory));
    }
    return directories;
  };
  const joined = (table: string) => [...cgroupsIn(table).values()].filter((path) => path.includes('/ns-tool-test-'));

  it('joins them', async () => {
    const directories = cgroups();
    const before = readFileSync('/proc/self/cgroup', 'utf8');
    const inside = cgroupsIn(await output('cat /proc/self/cgroup', { cgroups: directories }));
    const changed = [...cgroupsIn(before)].filter(([name, path]) => inside.get(name) !== path);
    expect(changed).toHaveLength(directories.length);
    for (const [name] of changed) expect(inside.get(name)).toMatch(new RegExp(`/ns-tool-test-${process.pid}$`));
    expect(readFileSync('/proc/self/cgroup', 'utf8')).toBe(before);
  });

  it.each(['clone', 'unshare', 'clone3'] as const)('makes them the roots of a cgroup namespace by %s', async (call) => {
    const directories = cgroups();
    const options = { cgroups: directories, namespaces: ['cgroup', 'pid'], namespaceCall: call } as const;
    const child = await spawn('sleep', ['1000'], { ...options, parentDeathSignal: 'SIGKILL' });
    try {
      expect(joined(readFileSync(`/proc/${child.pid}/cgroup`, 'utf8'))).toHaveLength(directories.length);
      expect(joined(await output('cat /proc/self/cgroup', options))).toEqual([]);
    } finally {
      child.kill('SIGKILL');
      await child.exited;
    }
  });

  it('joins them in a user namespace, too, while that waits for its IDs', async () => {
    const range = [
      { inside: 0, outside: 0, count: 1 },
      { inside: 1, outside: 100_000, count: 10 },
    ];
    const namespaces = ['user', 'cgroup', 'pid'] as const;
    const options = { namespaces, idMaps: { uid: range, gid: range } };
    const printed = await output('wc -l < /proc/self/uid_map; cat /proc/self/cgroup', {
      ...options,
      cgroups: cgroups(),
    });
    expect(printed).toMatch(/^2\n/);
    expect(joined(printed)).toEqual([]);
    const error = await rejection(spawn('true', [], { ...options, cgroups: ['/no/such'] }));
    expect(error).toMatchObject({ call: 'openat', code: 'ENOENT' });
  });

  it('shares no memory with a child that joins them, which is then made by a copy', () => {
    expect(cloneFlagsOf({ cgroups: ['/c'] }) & CLONE_VM).toBe(0);
    expect(cloneFlagsOf({ cgroups: [] }) & CLONE_VM).toBe(CLONE_VM);
  });

  it('joins them before all else', () => {
    const lines = showProgram(
      programOf('true', [], {
        cgroups: ['/c/a', '/c/b'],
        join: [{ pid: 1, kinds: ['mount'] }],
        beforeJoining: (sys) => sys.chdir('/'),
      }),
    );
    expect(lines.slice(0, 7)).toEqual([
      'openat(AT_FDCWD, "/c/a/cgroup.procs", O_WRONLY|O_CLOEXEC) = r0',
      'write(r0, "0", 1)',
      'close(r0)',
      'openat(AT_FDCWD, "/c/b/cgroup.procs", O_WRONLY|O_CLOEXEC) = r3',
      'write(r3, "0", 1)',
      'close(r3)',
      'chdir("/")',
    ]);
  });

  it('tells of one that is missing, and leaves nothing', async () => {
    const before = openFiles();
    const error = await rejection(spawn('true', [], { cgroups: ['/no/such'] }));
    expect(error).toMatchObject({ call: 'openat', code: 'ENOENT' });
    expect({ files: openFiles(), children: hasChildren() }).toEqual({ files: before, children: false });
  });
});
