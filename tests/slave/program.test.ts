/** What the child of `ns-tool slave` is told to do, as data: without a privilege, and without a child. */
import { MS_REC, MS_SLAVE, record, showProgram } from '@ns-tool/syscalls';
import { describe, expect, it } from 'vitest';
import { mountPointsOf } from '../../packages/ns-tool/src/mount-table/proc-mounts.ts';
import { remountAsSlaves, remountsOf } from '../../packages/ns-tool/src/slave-mounts/slave-mounts.ts';

const mountPoints = [Buffer.from('/proc'), Buffer.from('/a b\xff', 'latin1')];
const program = record((sys) => remountAsSlaves(sys, mountPoints));

describe('the program of ns-tool slave', () => {
  it('remounts each mount point, which may be out of reach, and then the rest, which may not', () => {
    const outOfReach = '  /* or EINVAL, ENOENT, ENOTDIR, EACCES */';
    expect(showProgram(program)).toEqual([
      `mount(NULL, "/proc", NULL, MS_SLAVE, NULL)${outOfReach}`,
      `mount(NULL, "/a b\\377", NULL, MS_SLAVE, NULL)${outOfReach}`,
      'mount(NULL, "/", NULL, MS_REC|MS_SLAVE, NULL)',
    ]);
    expect(program.at(-1)?.args[3]).toBe(MS_REC | MS_SLAVE);
  });

  it('announces each mount point right before its step', () => {
    const announcing = record((sys) =>
      remountAsSlaves(sys, mountPoints, (mountPoint) => sys.write(1, mountPoint.toString('latin1'))),
    );
    expect(announcing.map(({ name }) => name)).toEqual(['write', 'mount', 'write', 'mount', 'mount']);
    expect(announcing[2]?.args[1]).toBe('/a b\xff');
  });

  it('is read back as a result for each mount point', () => {
    const steps = program.map((call, i) => ({ call, result: i === 1 ? -2 : 0 }));
    expect(remountsOf(steps)).toEqual([
      { mountPoint: '/proc', error: null },
      { mountPoint: '/a b\ufffd', error: 'ENOENT' },
    ]);
  });

  it('takes the names from the table as bytes', () => {
    const table = Buffer.from('proc /proc proc rw 0 0\ntmpfs /a\\040b\\012\\134040\xff tmpfs rw 0 0\n', 'latin1');
    expect(mountPointsOf(table)).toEqual([Buffer.from('/proc'), Buffer.from('/a b\n\\040\xff', 'latin1')]);
  });
});
