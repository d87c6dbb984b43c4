import * as syscalls from '@ns-tool/syscalls';
import { describe, expect, it } from 'vitest';

const { AT_FDCWD, sys } = syscalls;

/** Arguments that must not reach the kernel, and what is said of them. */
const refused: readonly (readonly [what: string, call: () => number, message: string])[] = [
  ['a NUL byte in a path', () => sys.chroot('/a\0b'), 'chroot: argument 1 must not contain a NUL byte'],
  ['a NUL byte in bytes', () => sys.chroot(Buffer.from('/a\0')), 'chroot: argument 1 must not contain a NUL byte'],
  ['half a surrogate pair', () => sys.chroot('/\ud800'), 'chroot: argument 1 must be well-formed Unicode'],
  ['a number for a path', () => sys.chroot(7 as never), 'chroot: argument 1 must be a string or a Uint8Array'],
  ['null for a path', () => sys.chroot(null as never), 'chroot: argument 1 must be a string or a Uint8Array'],
  ['undefined for NULL', () => sys.mount(undefined as never, '/', null, 0, null), 'mount: argument 1 must be a string'],
  ['an unknown flag', () => sys.unshare(1), 'unshare: argument 1 must not have the unknown bits 0x1'],
  [
    'the flag of another call',
    () => sys.umount2('/', syscalls.MS_REC),
    'umount2: argument 2 must not have the unknown',
  ],
  ['a bit above 32', () => sys.unshare(2 ** 32), 'unshare: argument 1 must not have the unknown bits'],
  ['a negative flag', () => sys.unshare(-1), 'unshare: argument 1 must be flags'],
  ['a fraction', () => sys.close(1.5), 'close: argument 1 must be a file descriptor'],
  ['NaN', () => sys.close(Number.NaN), 'close: argument 1 must be a file descriptor'],
  ['a negative descriptor', () => sys.close(-1), 'close: argument 1 must be a file descriptor'],
  ['AT_FDCWD where a file is needed', () => sys.close(AT_FDCWD), 'close: argument 1 must be a file descriptor'],
  [
    'a file type without a name',
    () => sys.mknodat(AT_FDCWD, 'x', 0o666, 0),
    'mknodat: argument 3 must be one of S_IFIFO',
  ],
  [
    'a directory from mknod',
    () => sys.mknodat(AT_FDCWD, 'x', syscalls.S_IFDIR | 0o666, 0),
    'mknodat: argument 3 must be',
  ],
  ['a mode that is none', () => sys.mkdirat(AT_FDCWD, 'x', 0o10000), 'mkdirat: argument 3 must be permission bits'],
  [
    'a buffer that is too small',
    () => sys.statx(AT_FDCWD, '/', 0, 0, Buffer.alloc(255)),
    'statx: argument 5 must be at',
  ],
  ['a string for a buffer', () => sys.read(0, 'x' as never), 'read: argument 2 must be a Uint8Array'],
  [
    'an unknown command',
    () => sys.fsconfig(0, 99, null, null, 0),
    'fsconfig: argument 2 must be one of FSCONFIG_SET_FLAG',
  ],
  ['no array for poll', () => sys.poll({} as never, 0), 'poll: argument 1 must be an array of { fd, events }'],
  ['a hole in the array for poll', () => sys.poll([undefined as never], 0), 'poll: argument 1 must be an array'],
  ['too few arguments', () => (sys.mount as (...args: unknown[]) => number)('/'), 'mount: takes 5 arguments, got 1'],
  ['too many arguments', () => (sys.close as (...args: unknown[]) => number)(99, 0), 'close: takes 1 arguments, got 2'],
];

describe('before the kernel is asked, sys refuses', () => {
  it.each(refused)('%s', (_, call, message) => {
    expect(call).toThrow(TypeError);
    expect(call).toThrow(message);
  });
});
