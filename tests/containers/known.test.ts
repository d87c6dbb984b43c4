import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CAPABILITIES, spawn, sys } from '@ns-tool/syscalls';
import { dir } from 'tmp-promise';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { containerNamed } from '../../packages/ns-tool/src/container/find.ts';
import { hasEnded } from '../../packages/ns-tool/src/container/hold.ts';
import { describeInside } from '../../packages/ns-tool/src/container/inside.ts';
import { leftovers } from '../../packages/ns-tool/src/container/leftovers.ts';
import { toTable } from '../../packages/ns-tool/src/container/list.ts';
import { type ContainerState, reserve, startTimeOf } from '../../packages/ns-tool/src/container/state.ts';

const web: ContainerState = {
  id: 'aaaabbbbcccc',
  name: 'web',
  pid: process.pid,
  startTime: startTimeOf('self') ?? 0,
  image: 'debian:12',
  command: ['sleep', '60'],
  created: '2026-11-22T10:00:00.000Z',
  bundle: '/none',
};
const db: ContainerState = { ...web, id: 'aaaadddd0000', name: 'db' };

describe('a container is found', () => {
  it.each([
    ['by its name', 'db', db],
    ['by its ID', 'aaaabbbbcccc', web],
    ['by the first digits of its ID', 'aaaab', web],
  ])('%s', (_, word, state) => {
    expect(containerNamed([web, db], word)).toBe(state);
  });

  it.each([
    ['by no name that there is', 'cache', 'no such container: cache'],
    ['by nothing', '', 'no such container: '],
    ['by digits of two', 'aaaa', 'more than one container'],
    ['by what is within an ID', 'bbbb', 'no such container: bbbb'],
  ])('not %s', (_, word, message) => {
    expect(() => containerNamed([web, db], word)).toThrow(message);
  });

  it('by its name, which one that is dead may have as well', () => {
    const dead = { ...db, name: 'web', startTime: web.startTime + 1 };
    expect(containerNamed([dead, web], 'web')).toBe(web);
    expect(containerNamed([dead], 'web')).toBe(dead);
  });

  it('by its name, also where that begins the ID of another', () => {
    const named = { ...db, name: 'aaaab' };
    expect(containerNamed([web, named], 'aaaab')).toBe(named);
  });
});

describe('a process that is held', () => {
  it('has ended when it has, also if its pid is another process’s now', async () => {
    const child = await spawn('cat', [], { stdio: ['pipe', 'ignore', 'inherit'] });
    const pidfd = sys.pidfd_open(child.pid, 0);
    expect(hasEnded(sys, pidfd, child.pid)).toBe(false);
    child.stdin?.destroy();
    await child.exited;
    expect(hasEnded(sys, pidfd, process.pid)).toBe(true);
    sys.close(pidfd);
  });
});

describe('what a process in a container is', () => {
  const status = [
    'Name:\tsleep',
    'Uid:\t1000\t100999\t1000\t1000',
    'Gid:\t1000\t100999\t1000\t1000',
    'Groups:\t1000 100004 65534 ',
    'NoNewPrivs:\t1',
    'CapBnd:\t0000000000000003',
    '',
  ].join('\n');
  const map = '         0       1000          1\n         1     100000      65536\n';
  const files = { uidMap: map, gidMap: map, setgroups: 'allow\n', environ: 'A=1\0B=x=y\0=no\0none\0' };

  it('is said in the IDs of its own user namespace', () => {
    expect(describeInside(status, files)).toEqual({
      uid: 1000,
      gid: 1000,
      // 65534 is nobody's here, and so nobody's inside.
      groups: [0, 5],
      capabilities: CAPABILITIES.slice(0, 2),
      noNewPrivileges: true,
      env: { A: '1', B: 'x=y' },
    });
  });

  it('has no groups to set where setgroups(2) is denied', () => {
    expect(describeInside(status, { ...files, setgroups: 'deny\n' }).groups).toBeNull();
  });

  it('may gain privileges where the kernel says so', () => {
    expect(describeInside(status.replace('Privs:\t1', 'Privs:\t0'), files).noNewPrivileges).toBe(false);
  });
});

describe('the table', () => {
  const now = Date.parse(web.created) + 125_000;

  it('says since when each runs, in the largest unit', () => {
    expect(toTable([{ ...web, pid: 42, running: true }], now, null)).toEqual([
      'ID            NAME  PID  STATUS                 IMAGE      COMMAND',
      'aaaabbbbcccc  web   42   running for 2 minutes  debian:12  sleep 60',
    ]);
  });

  it('has no pid of what is starting, since that which is known is not in it', () => {
    const [, line] = toTable([{ ...web, starting: true, running: true }], now, null);
    expect(line).toBe('aaaabbbbcccc  web   -    starting  debian:12  sleep 60');
  });

  it('has no pid of what is dead, and no control characters', () => {
    const [, line] = toTable([{ ...web, command: ['a\nb\x1b[31m'], running: false }], now, null);
    expect(line).toBe('aaaabbbbcccc  web   -    dead    debian:12  a\\012b\\033[31m');
  });

  it('is no wider than the terminal', () => {
    for (const line of toTable([{ ...web, running: true }], now, 30)) expect(line.length).toBeLessThanOrEqual(30);
  });
});

describe('left over', () => {
  let folder: string;
  let clean: () => Promise<void>;
  beforeEach(async () => {
    ({ path: folder, cleanup: clean } = await dir({ unsafeCleanup: true }));
    for (const name of ['states', 'containers']) mkdirSync(join(folder, name));
  });
  afterEach(() => clean());
  const found = () =>
    leftovers(join(folder, 'states'), join(folder, 'containers')).map(({ what, id }) => `${what} ${id}`);
  const give = (state: ContainerState, ...parts: ('state' | 'files')[]) => {
    if (parts.includes('state')) reserve(join(folder, 'states'), state);
    if (parts.includes('files')) mkdirSync(join(folder, 'containers', state.id));
  };
  const dead = { ...db, startTime: web.startTime + 1 };

  it('is nothing where there is nothing, not even the directories', async () => {
    expect(leftovers('/none/states', '/none/containers')).toEqual([]);
  });

  it('is nothing of what runs', () => {
    give(web, 'state', 'files');
    expect(found()).toEqual([]);
  });

  it('is all of what is dead, also if its pid is another process’s now', () => {
    give(dead, 'state', 'files');
    give(web, 'state', 'files');
    expect(found()).toEqual([`files ${db.id}`, `state ${db.id}`]);
  });

  it('are the cgroups of what is dead, those with its name, as long as they are there', () => {
    const cgroups = [db, web].map(({ id }) => join(folder, `ns-tool-${id}`));
    for (const directory of cgroups) mkdirSync(directory);
    give({ ...dead, cgroups: [...cgroups, `/none/ns-tool-${db.id}`] }, 'state');
    give({ ...web, cgroups }, 'state');
    const ofCgroups = leftovers(join(folder, 'states'), join(folder, 'containers')).filter(
      ({ what }) => what === 'cgroup',
    );
    expect(ofCgroups).toEqual([{ what: 'cgroup', id: db.id, path: cgroups[0] }]);
    // Before the state, without which nobody would know of them.
    expect(found()).toEqual([`cgroup ${db.id}`, `state ${db.id}`]);
  });

  it('are files that no state knows', () => {
    give(db, 'files');
    expect(found()).toEqual([`files ${db.id}`]);
  });

  it('is a state that cannot be read, once it cannot be one that is being written', () => {
    const own = join(folder, 'states', db.id);
    mkdirSync(own);
    writeFileSync(join(own, 'state.json'), '{');
    expect(found()).toEqual([]);
    utimesSync(own, new Date(0), new Date(0));
    expect(found()).toEqual([`state ${db.id}`]);
  });

  it('is nothing that has another name than an ID', () => {
    mkdirSync(join(folder, 'containers', 'important'));
    mkdirSync(join(folder, 'states', 'AAAABBBBCCCC'));
    expect(found()).toEqual([]);
  });
});
