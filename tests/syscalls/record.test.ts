import {
  AT_FDCWD,
  CLONE_NEWNS,
  MS_PRIVATE,
  MS_REC,
  O_WRONLY,
  pipe,
  type Recorder,
  ResultOf,
  readFile,
  record,
  showProgram,
  status,
} from '@ns-tool/syscalls';
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

  it('includes steps that are recorded once, for all programs', () => {
    let recorded = 0;
    const common = (sys: Recorder) => {
      recorded++;
      sys.chdir('/');
      sys.allowing('ENOENT').mount('tmpfs', '/tmp', 'tmpfs', 0, 'size=1m');
    };
    const write = (sys: Recorder) => {
      const fd = sys.openat(AT_FDCWD, '/', O_WRONLY);
      sys.include(common);
      sys.close(fd);
    };
    const [first, second] = [record(write), record(write)];
    expect(showProgram(first)).toEqual([
      'openat(AT_FDCWD, "/", O_WRONLY) = r0',
      'chdir("/")',
      'mount("tmpfs", "/tmp", "tmpfs", 0, "size=1m")  /* or ENOENT */',
      'close(r0)',
    ]);
    expect(second).toEqual(first);
    expect(recorded).toBe(1);
  });

  it('refuses what waits: it would record too late', () => {
    const late = async (sys: Recorder) => {
      await null;
      sys.chdir('/');
    };
    const message = 'calls are recorded at once: an async function is too late';
    expect(() => record(late)).toThrow(new TypeError(message));
    expect(() => record((sys) => sys.include(late))).toThrow(new TypeError(message));
  });

  it('has no results for who would read them, which only the child will know', () => {
    const message = 'what a child does has no result here: it is only recorded';
    for (const use of [(sys: Recorder) => readFile(sys, '/'), pipe, (sys: Recorder) => status(sys, AT_FDCWD, '/')])
      expect(() => record((sys) => void use(sys))).toThrow(new TypeError(message));
  });

  it('includes none that use a result, whose place is another in each program', () => {
    const common = (sys: Recorder) => void sys.close(sys.openat(AT_FDCWD, '/', O_WRONLY));
    for (let i = 0; i < 2; i++)
      expect(() => record((sys) => sys.include(common))).toThrow('close: what is included uses no results');
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
