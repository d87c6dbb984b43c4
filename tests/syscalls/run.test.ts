import { spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  AT_FDCWD,
  AT_REMOVEDIR,
  AT_SYMLINK_NOFOLLOW,
  interpose,
  isErrno,
  O_DIRECTORY,
  O_RDONLY,
  openIfExists,
  POLLIN,
  pathOf,
  pipe,
  readAll,
  readDirectory,
  readFile,
  readLink,
  S_IFDIR,
  S_IFLNK,
  S_IFREG,
  SyscallError,
  status,
  sys,
  trace,
  withOpen,
  XATTR_CREATE,
} from '@ns-tool/syscalls';
import { dirSync } from 'tmp-promise';
import { describe, expect, it, onTestFinished } from 'vitest';
import { needsRoot } from '../support/privilege.ts';

function temporaryDirectory(): string {
  const { name, removeCallback } = dirSync({ unsafeCleanup: true, prefix: 'ns-tool-test' });
  onTestFinished(removeCallback);
  return name;
}

function thrown(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error('did not throw');
}

describe('sys', () => {
  it('returns the errors that are allowed, and throws every other', () => {
    const trying = sys.allowing('ENOENT', 'EEXIST');
    expect(trying.openat(AT_FDCWD, '/none', O_RDONLY)).toBe(-2);
    expect(trying.mkdirat(AT_FDCWD, '/', 0o755)).toBe(-17);
    expect(thrown(() => trying.openat(AT_FDCWD, '/etc/passwd/none', O_RDONLY))).toMatchObject({ code: 'ENOTDIR' });
    expect(thrown(() => sys.openat(AT_FDCWD, '/none', O_RDONLY))).toMatchObject({ code: 'ENOENT' });
    expect(thrown(() => sys.allowing('ENOENT').mkdirat(AT_FDCWD, '/', 0o755))).toMatchObject({ code: 'EEXIST' });
    // In place of those before, as a program has it.
    expect(thrown(() => trying.allowing('EBADF').openat(AT_FDCWD, '/none', O_RDONLY))).toMatchObject({
      code: 'ENOENT',
    });
    sys.close(trying.openat(AT_FDCWD, '/', O_RDONLY));
    expect(() => trying.openat(AT_FDCWD, 7 as never, O_RDONLY)).toThrow(TypeError);
    expect(() => sys.allowing('ENOENTRY' as never)).toThrow(TypeError);
  });

  it('writes any bytes, and a NUL among them', () => {
    const [from, to] = pipe(sys);
    expect(sys.write(to, Uint8Array.of(1, 0, 2))).toBe(3);
    expect(sys.write(to, 'a\0b')).toBe(3);
    const buffer = Buffer.alloc(16);
    expect(buffer.subarray(0, sys.read(from, buffer))).toEqual(Buffer.from('\x01\0\x02a\0b'));
    for (const fd of [from, to]) sys.close(fd);
    expect(() => sys.write(to, 'half a pair: \ud800')).toThrow('write: argument 2 must be well-formed Unicode');
    expect(() => sys.write(to, 7 as never)).toThrow('write: argument 2 must be a string or a Uint8Array');
  });

  it('makes, reads and removes what Node sees too', () => {
    const directory = temporaryDirectory();
    sys.mkdirat(AT_FDCWD, join(directory, 'd'), 0o700);
    sys.symlinkat('d', AT_FDCWD, join(directory, 'link'));
    expect(statSync(join(directory, 'd')).mode).toBe(S_IFDIR | 0o700);
    expect(readLink(sys, AT_FDCWD, join(directory, 'link')).toString()).toBe('d');
    sys.unlinkat(AT_FDCWD, join(directory, 'd'), AT_REMOVEDIR);
    expect(existsSync(join(directory, 'd'))).toBe(false);
  });

  it('sets times to the nanosecond, before 1970 too, of a link itself', () => {
    const directory = temporaryDirectory();
    const link = join(directory, 'link');
    sys.symlinkat('nowhere', AT_FDCWD, link);
    const times = [
      { seconds: -2, nanoseconds: 750_000_000 },
      { seconds: 1_700_000_000, nanoseconds: 123_456_789 },
    ] as const;
    sys.utimensat(AT_FDCWD, link, times, AT_SYMLINK_NOFOLLOW);
    const { atimeNs, mtimeNs } = lstatSync(link, { bigint: true });
    expect([atimeNs, mtimeNs]).toEqual([-1_250_000_000n, 1_700_000_000_123_456_789n]);
    const wrong = [times[0], { seconds: 0, nanoseconds: 1e9 }] as const;
    expect(() => sys.utimensat(AT_FDCWD, link, wrong, 0)).toThrow('utimensat: argument 3 must be two times');
  });

  it('sets, lists, reads and removes extended attributes, byte by byte', () => {
    const file = join(temporaryDirectory(), 'f');
    writeFileSync(file, '');
    sys.lsetxattr(file, 'user.a', Uint8Array.of(0, 255), XATTR_CREATE);
    const buffer = Buffer.alloc(100);
    expect(buffer.toString('latin1', 0, sys.llistxattr(file, buffer))).toContain('user.a\0');
    expect(buffer.subarray(0, sys.lgetxattr(file, 'user.a', buffer))).toEqual(Buffer.of(0, 255));
    expect(thrown(() => sys.lsetxattr(file, 'user.a', 'x', XATTR_CREATE))).toMatchObject({ code: 'EEXIST' });
    expect(thrown(() => sys.lgetxattr(file, 'user.b', buffer))).toMatchObject({ code: 'ENODATA' });
    symlinkSync(file, `${file}-link`);
    expect(thrown(() => sys.lremovexattr(`${file}-link`, 'user.a'))).toMatchObject({ code: 'EPERM' });
    sys.lremovexattr(file, 'user.a');
    expect(thrown(() => sys.lremovexattr(file, 'user.a'))).toMatchObject({ code: 'ENODATA' });
  });

  it('takes names that are not UTF-8', () => {
    const directory = temporaryDirectory();
    const name = Buffer.from([0x66, 0xff, 0x0a, 0x80]);
    const path = Buffer.concat([Buffer.from(`${directory}/`), name]);
    sys.mkdirat(AT_FDCWD, path, 0o700);
    const entries = withOpen(sys, AT_FDCWD, directory, O_RDONLY | O_DIRECTORY, (fd) => readDirectory(sys, fd));
    expect(entries).toEqual([{ name, type: S_IFDIR }]);
    rmdirSync(path);
  });

  it('throws a SyscallError that carries the call, its arguments and the errno', () => {
    const error = thrown(() => sys.umount2('/no/such', 0));
    expect(error).toBeInstanceOf(SyscallError);
    expect(error).toMatchObject({
      name: 'SyscallError',
      call: 'umount2',
      args: ['"/no/such"', '0'],
      errno: 2,
      code: 'ENOENT',
      message: 'umount2("/no/such", 0): No such file or directory (ENOENT)',
    });
    expect(isErrno(error, 'EPERM', 'ENOENT')).toBe(true);
    expect(isErrno(error, 'EPERM')).toBe(false);
    expect(isErrno(new Error('ENOENT'), 'ENOENT')).toBe(false);
  });

  it('keeps each errno apart, over many calls and collections of garbage', () => {
    for (let i = 0; i < 2000; i++) {
      expect(
        isErrno(
          thrown(() => sys.close(100_000)),
          'EBADF',
        ),
      ).toBe(true);
      expect(
        isErrno(
          thrown(() => sys.openat(AT_FDCWD, `/no/${'x'.repeat(i % 200)}`, 0)),
          'ENOENT',
        ),
      ).toBe(true);
    }
  });

  it('poll fills in revents, and waits as long as it is told', () => {
    const fd = sys.openat(AT_FDCWD, '/dev/null', O_RDONLY);
    const fds = [{ fd, events: POLLIN, revents: 99 }];
    expect(sys.poll(fds, 0)).toBe(1);
    expect(fds[0]?.revents).toBe(POLLIN);
    sys.close(fd);
    const before = performance.now();
    expect(sys.poll([], 30)).toBe(0);
    expect(performance.now() - before).toBeGreaterThanOrEqual(29);
  });
});

describe('reading files through sys', () => {
  it('readFile returns all bytes, also of a file longer than one read and of one without a size', () => {
    const path = join(temporaryDirectory(), 'long');
    writeFileSync(path, Buffer.alloc(100_001, 'x'));
    expect(readFile(sys, path).equals(readFileSync(path))).toBe(true);
    expect(readFile(sys, '/proc/self/cmdline').equals(readFileSync('/proc/self/cmdline'))).toBe(true);
  });

  it('readDirectory lists what Node lists, with types, also over several buffers', () => {
    const directory = temporaryDirectory();
    for (let i = 0; i < 2000; i++) writeFileSync(join(directory, `file-${i}-${'x'.repeat(50)}`), '');
    mkdirSync(join(directory, 'd'));
    symlinkSync('d', join(directory, 'l'));
    const entries = withOpen(sys, AT_FDCWD, directory, O_RDONLY | O_DIRECTORY, (fd) => readDirectory(sys, fd));
    expect(entries.map(({ name }) => name.toString()).sort()).toEqual(readdirSync(directory).sort());
    const types = new Map(entries.map(({ name, type }) => [name.toString(), type]));
    expect([types.get('d'), types.get('l'), types.get(`file-0-${'x'.repeat(50)}`)]).toEqual([
      S_IFDIR,
      S_IFLNK,
      S_IFREG,
    ]);
  });

  it('status says what lstat says, with the device as mountinfo writes it', () => {
    const { mode, uid, gid } = lstatSync('/proc/self');
    expect(status(sys, AT_FDCWD, '/proc/self')).toMatchObject({ mode, uid, gid });
    const root = readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .map((line) => line.split(' '))
      .findLast(([, , , , at]) => at === '/proc');
    expect(status(sys, AT_FDCWD, '/proc/').device).toBe(root?.[2]);
  });

  it('withOpen closes the file also when its user throws', () => {
    let opened = -1;
    const use = (fd: number) => {
      opened = fd;
      expect(pathOf(sys, fd).toString()).toBe('/');
      throw new Error('mine');
    };
    expect(() => withOpen(sys, AT_FDCWD, '/', O_RDONLY, use)).toThrow('mine');
    expect(existsSync(`/proc/self/fd/${opened}`)).toBe(false);
  });

  it('readAll reads to the end, or no further than it is told where there is none', () => {
    const read = (path: string, most?: number) =>
      withOpen(sys, AT_FDCWD, path, O_RDONLY, (fd) => readAll(sys, fd, most));
    const own = readFileSync(import.meta.filename);
    expect(read(import.meta.filename).equals(own)).toBe(true);
    expect(read(import.meta.filename, own.length).equals(own)).toBe(true);
    const zeros = read('/dev/zero', 100_000);
    expect(zeros.length).toBeGreaterThan(100_000);
    expect(zeros.length).toBeLessThan(200_000);
  });

  it('openIfExists tells a missing file from other errors', () => {
    expect(openIfExists(sys, AT_FDCWD, '/no/such', O_RDONLY)).toBeNull();
    expect(
      isErrno(
        thrown(() => openIfExists(sys, AT_FDCWD, '/dev/null/x', O_RDONLY)),
        'ENOTDIR',
      ),
    ).toBe(true);
  });
});

describe('interpose and trace', () => {
  it('let a layer see, change and replace each call', () => {
    const layered = interpose(sys, ({ name, args, perform }) =>
      name === 'close' ? 42 : perform(['/', ...args.slice(1)]),
    );
    expect(layered.close(100_000)).toBe(42);
    expect(thrown(() => layered.umount2('/no/such', 0))).toMatchObject({ args: ['"/"', '0'] });
  });

  it('trace prints each call with its result, and lets errors pass', () => {
    const lines: string[] = [];
    const traced = trace(sys, (line) => lines.push(line));
    const fd = traced.openat(AT_FDCWD, '/', O_RDONLY);
    traced.close(fd);
    thrown(() => traced.close(100_000));
    expect(lines).toEqual([
      `openat(AT_FDCWD, "/", O_RDONLY) = ${fd}`,
      `close(${fd}) = 0`,
      'close(100000) = -1 EBADF (Bad file descriptor)',
    ]);
  });

  it('sees the calls of which an error is allowed, and may make one fail with it', () => {
    const lines: string[] = [];
    const trying = trace(sys, (line) => lines.push(line)).allowing('EBADF');
    expect(trying.close(100_000)).toBe(-9);
    expect(lines).toEqual(['close(100000) = -1 EBADF (Bad file descriptor)']);
    const failing = (errno: number) =>
      interpose(sys, ({ name, args }) => {
        throw new SyscallError(name, args, errno);
      }).allowing('EBADF');
    expect(failing(9).close(0)).toBe(-9);
    expect(thrown(() => failing(5).close(0))).toMatchObject({ code: 'EIO' });
  });
});

describe.skipIf(needsRoot('setns, mknodat, sethostname, pivot_root, chroot and chdir'))(
  'the calls that need root',
  () => {
    it('do in a child what they are for', () => {
      const program = fileURLToPath(new URL('../.programs/calls.cjs', import.meta.url));
      const { stdout, stderr } = spawnSync(process.execPath, [program], { encoding: 'utf8' });
      expect(stderr).toBe('');
      const { inside, outside, nodes, afterPivot, afterChroot } = JSON.parse(stdout);
      expect(inside).toBe('inside.example');
      expect(outside).toBe(readFileSync('/proc/sys/kernel/hostname', 'utf8').trim());
      expect(nodes).toEqual([
        { name: 'null', mode: 0o020000, rdev: statSync('/dev/null').rdev },
        { name: 'disk', mode: 0o060000, rdev: makedevOf(259, 70000) },
        { name: 'fifo', mode: 0o010000, rdev: 0 },
      ]);
      expect(afterPivot).toEqual(['disk', 'fifo', 'jail', 'null', 'old']);
      expect(afterChroot).toEqual([]);
    });
  },
);

/** st_rdev as glibc has it: gnu_dev_makedev. The low bits of both parts are where the kernel's own encoding has them. */
function makedevOf(major: number, minor: number): number {
  return (major << 8) | (minor & 0xff) | ((minor & ~0xff) << 12);
}

describe('on another machine', () => {
  it('the import says what is needed', () => {
    const script = "import('@ns-tool/syscalls').catch((error) => console.log(error.message))";
    const pretend = fileURLToPath(new URL('../support/pretend-macos.cjs', import.meta.url));
    const { stdout } = spawnSync(process.execPath, ['-r', pretend, '-e', script], { encoding: 'utf8' });
    expect(stdout).toBe(`@ns-tool/syscalls needs Linux on x86-64 or arm64; this is darwin on ${process.arch}\n`);
  });
});
