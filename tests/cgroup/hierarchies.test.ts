/** Where the cgroups of a process are, by the tables of many machines. */
import { parseMountinfo } from '@ns-tool/mount-table';
import { describe, expect, it } from 'vitest';
import {
  directoryOf,
  hierarchiesOf,
  type Node,
  parentsOf,
  placeFor,
} from '../../packages/ns-tool/src/container/cgroup/hierarchies.ts';

/** A line of mountinfo for a cgroup filesystem. */
const line = (mountPoint: string, type: 'cgroup' | 'cgroup2', options = '', root = '/') =>
  `31 23 0:28 ${root} ${mountPoint} rw,relatime shared:9 - ${type} cgroup rw${options}\n`;
const OTHER = '23 1 0:5 / / rw - ext4 /dev/sda rw\n30 23 0:9 /memory /cgroup2 rw - tmpfs cgroup rw,memory\n';

const found = (table: string, mountinfo: string) => {
  const { v1, v2 } = hierarchiesOf(table, parseMountinfo(Buffer.from(OTHER + mountinfo)));
  return {
    v1: Object.fromEntries([...v1].map(([name, own]) => [name, own && directoryOf(own)])),
    v2: v2 && directoryOf(v2),
  };
};

describe('the cgroups of a process', () => {
  const v2 = line('/sys/fs/cgroup', 'cgroup2', ',nsdelegate');

  it('are one on a machine with v2 alone', () => {
    expect(found('0::/user.slice/user-1.slice\n', v2)).toEqual({
      v1: {},
      v2: '/sys/fs/cgroup/user.slice/user-1.slice',
    });
    expect(found('0::/\n', v2)).toEqual({ v1: {}, v2: '/sys/fs/cgroup' });
  });

  it('are one for each hierarchy of v1, beside that of v2', () => {
    const table = '12:cpu,cpuacct:/a\n9:name=systemd:/b\n4:memory:/c/d\n0::/e\n';
    const mounts = [
      line('/sys/fs/cgroup/unified', 'cgroup2'),
      line('/sys/fs/cgroup/systemd', 'cgroup', ',xattr,name=systemd'),
      line('/sys/fs/cgroup/cpu,cpuacct', 'cgroup', ',cpu,cpuacct'),
      line('/sys/fs/cgroup/memory', 'cgroup', ',memory'),
    ].join('');
    expect(found(table, mounts)).toEqual({
      v1: {
        cpu: '/sys/fs/cgroup/cpu,cpuacct/a',
        cpuacct: '/sys/fs/cgroup/cpu,cpuacct/a',
        'name=systemd': '/sys/fs/cgroup/systemd/b',
        memory: '/sys/fs/cgroup/memory/c/d',
      },
      v2: '/sys/fs/cgroup/unified/e',
    });
  });

  it('are below what is mounted, which may be a part of the hierarchy', () => {
    // As a container has it that shares the cgroup namespace of the machine.
    const mounts = line('/sys/fs/cgroup/memory', 'cgroup', ',memory', '/docker/1');
    expect(found('4:memory:/docker/1/x\n', mounts).v1).toEqual({ memory: '/sys/fs/cgroup/memory/x' });
    expect(found('4:memory:/docker/1\n', mounts).v1).toEqual({ memory: '/sys/fs/cgroup/memory' });
    expect(found('4:memory:/docker/12\n', mounts).v1).toEqual({ memory: null });
    expect(found('4:memory:/\n', mounts).v1).toEqual({ memory: null });
    // Of two the one that shows it.
    const whole = line('/whole', 'cgroup', ',memory');
    expect(found('4:memory:/other\n', whole + mounts).v1).toEqual({ memory: '/whole/other' });
    expect(found('4:memory:/docker/1\n', whole + mounts).v1).toEqual({ memory: '/sys/fs/cgroup/memory' });
  });

  it('are not to be seen above the root of the cgroup namespace', () => {
    expect(found('0::/../../x\n', v2).v2).toBe(null);
    expect(found('0::/..\n', v2).v2).toBe(null);
    // Mounted from outside, it may be seen all the same.
    expect(found('0::/../x\n', line('/c', 'cgroup2', '', '/..')).v2).toBe('/c/x');
    expect(found('0::/..two/x\n', v2).v2).toBe('/sys/fs/cgroup/..two/x');
  });

  it('are not to be seen where nothing is mounted', () => {
    expect(found('4:memory:/\n0::/\n', '')).toEqual({ v1: { memory: null }, v2: null });
    expect(found('', v2)).toEqual({ v1: {}, v2: null });
  });

  it('have names with colons, spaces and backslashes', () => {
    expect(found('4:memory:/a:b/0::c\n0::/d e\n', line('/c', 'cgroup2') + line('/m', 'cgroup', ',memory'))).toEqual({
      v1: { memory: '/m/a:b/0::c' },
      v2: '/c/d e',
    });
    expect(found('0::/x\n', line('/my\\040cgroups', 'cgroup2')).v2).toBe('/my cgroups/x');
    expect(found('0::/a b/x\n', line('/c', 'cgroup2', '', '/a\\040b')).v2).toBe('/c/x');
  });

  it('are those of the controllers with just that name', () => {
    const mounts =
      line('/set', 'cgroup', ',cpuset') + line('/named', 'cgroup', ',name=cpu') + line('/cpu', 'cgroup', ',cpu');
    expect(found('1:cpu:/\n2:name=cpu:/n\n', mounts).v1).toEqual({ cpu: '/cpu', 'name=cpu': '/named/n' });
  });
});

describe('the place for a cgroup of v2', () => {
  const parents = (path: string) => parentsOf({ mountPoint: '/c', path });

  it('is beside the own one or higher, the nearest first; at the root it is below', () => {
    expect(parents('/a/b/x')).toEqual(['/c/a/b', '/c/a', '/c']);
    expect(parents('/a')).toEqual(['/c']);
    expect(parents('')).toEqual(['/c']);
  });

  const node = (directory: string, controllers: string, given: string): Node => ({
    directory,
    controllers: controllers.split(' '),
    given: given.split(' '),
  });
  const slice = node('/c/a/b', 'cpu memory pids', 'memory pids');
  const user = node('/c/a', 'cpu memory pids', 'cpu memory pids');
  const root = node('/c', 'cpu cpuset io memory pids', 'cpu memory pids');

  it('is the nearest that gives the controllers to those below', () => {
    const nodes = [slice, user, root];
    expect(placeFor(nodes, ['memory', 'pids'])).toEqual({ parent: '/c/a/b', enable: [] });
    expect(placeFor(nodes, ['memory', 'cpu'])).toEqual({ parent: '/c/a', enable: [] });
  });

  it('is the uppermost where none gives them, which must first', () => {
    expect(placeFor([slice, user, root], ['memory', 'io'])).toEqual({ parent: '/c', enable: ['io'] });
    expect(placeFor([node('/c', 'cpu memory', '')], ['memory', 'cpu'])).toEqual({
      parent: '/c',
      enable: ['memory', 'cpu'],
    });
  });

  it('is none where a controller is missing', () => {
    expect(placeFor([slice, user, root], ['memory', 'hugetlb'])).toBe(null);
    expect(placeFor([], ['memory'])).toBe(null);
  });
});
