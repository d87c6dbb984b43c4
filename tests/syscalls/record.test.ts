import { AT_FDCWD, CLONE_NEWNS, MS_PRIVATE, MS_REC, O_WRONLY, ResultOf, record, showProgram } from '@ns-tool/syscalls';
import { enterPrivateMountNamespace } from 'ns-tool';
import { describe, expect, it } from 'vitest';

describe('a program, recorded', () => {
  it('is a list of calls, which a function that runs them here writes as well', () => {
    expect(record(enterPrivateMountNamespace)).toEqual([
      { name: 'unshare', args: [CLONE_NEWNS], allowed: [], aside: false },
      { name: 'mount', args: [null, '/', null, MS_REC | MS_PRIVATE, null], allowed: [], aside: false },
    ]);
  });

  it('has the result of a step as an argument of a later one', () => {
    const program = record((sys) => {
      const fd = sys.openat(AT_FDCWD, '/proc/self/setgroups', O_WRONLY);
      sys.write(fd, 'deny');
      sys.close(fd);
    });
    expect(program.map(({ args }) => args)).toEqual([
      [AT_FDCWD, '/proc/self/setgroups', O_WRONLY],
      [new ResultOf(0), 'deny'],
      [new ResultOf(0)],
    ]);
    expect(showProgram(program)).toEqual([
      'openat(AT_FDCWD, "/proc/self/setgroups", O_WRONLY) = r0',
      'write(r0, "deny", 4)',
      'close(r0)',
    ]);
  });

  it('says which errors are allowed, for the calls that were so marked and no others', () => {
    const program = record((sys) => {
      sys.allowing('EEXIST', 'EROFS').mkdirat(AT_FDCWD, '/a', 0o755);
      sys.chdir('/a');
    });
    expect(program.map(({ allowed }) => allowed)).toEqual([['EEXIST', 'EROFS'], []]);
    expect(showProgram(program)[0]).toBe('mkdirat(AT_FDCWD, "/a", 0755)  /* or EEXIST, EROFS */');
  });

  it('refuses wrong arguments when they are recorded', () => {
    expect(() => record((sys) => sys.chdir('/a\0'))).toThrow('chdir: argument 1 must not contain a NUL byte');
    expect(() => record((sys) => sys.allowing('ENOSUCH' as never))).toThrow();
    expect(() => record((sys) => sys.clone(2 ** 33, null, null))).toThrow('clone: argument 1 must');
  });

  it('refuses the result of another program', () => {
    let fd = 0;
    record((sys) => {
      sys.chdir('/');
      fd = sys.openat(AT_FDCWD, '/', 0);
    });
    expect(() => record((sys) => sys.close(fd))).toThrow('a result belongs to the program in which it was recorded');
  });
});
