/** What the child of `ns-tool slave` is told to do, as data: without a privilege, and without a child. */
import { display } from '@ns-tool/mount-table';
import { MS_REC, MS_SLAVE, record, showProgram } from '@ns-tool/syscalls';
import { describe, expect, it } from 'vitest';
import { remountAsSlaves, remountsOf } from '../../packages/ns-tool/src/slave-mounts/slave-mounts.ts';

/** A byte that is not UTF-8 is a lone surrogate: see fromBytes. */
const mountPoints = ['/proc', '/a b\udcff'];
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
      remountAsSlaves(sys, mountPoints, (mountPoint) => sys.write(1, display(mountPoint))),
    );
    expect(announcing.map(({ name }) => name)).toEqual(['write', 'mount', 'write', 'mount', 'mount']);
    expect(announcing[2]?.args[1]).toBe('/a b\\377');
  });

  it('is read back as a result for each mount point', () => {
    const steps = program.map((call, i) => ({ call, result: i === 1 ? -2 : 0 }));
    expect(remountsOf(steps)).toEqual([
      { mountPoint: '/proc', error: null },
      { mountPoint: '/a b\udcff', error: 'ENOENT' },
    ]);
  });
});
