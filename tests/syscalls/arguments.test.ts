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
  // The kernel takes 32 bits of these: 2 ** 32 would be descriptor 0, process 0, root.
  ['a descriptor above 31 bits', () => sys.close(2 ** 31), 'close: argument 1 must be a file descriptor'],
  ['a directory above 31 bits', () => sys.openat(2 ** 32, 'x', 0), 'openat: argument 1 must be a file descriptor'],
  [
    'a file above 31 bits for poll',
    () => sys.poll([{ fd: 2 ** 32, events: 0 }], 0),
    'poll: argument 1 must be an array',
  ],
  ['an ID above 32 bits', () => sys.setresuid(-1, -1, 2 ** 32), 'setresuid: argument 3 must be an ID'],
  ['-1 as an unsigned ID', () => sys.setresgid(2 ** 32 - 1, -1, -1), 'setresgid: argument 1 must be an ID'],
  ['groups above 32 bits', () => sys.setgroups([2 ** 32]), 'setgroups: argument 1 must be an array of IDs'],
  ['a process above 31 bits', () => sys.pidfd_open(2 ** 32 + 1, 0), 'pidfd_open: argument 1 must be an integer of 32'],
  // The kernel would read or write beyond these.
  [
    'too short a set of signals to fill',
    () => sys.rt_sigprocmask(syscalls.SIG_BLOCK, null, Buffer.alloc(7), 8),
    'rt_sigprocmask: argument 3 must be at least 8 bytes long',
  ],
  [
    'too short a set of signals to read',
    () => sys.rt_sigprocmask(syscalls.SIG_BLOCK, Buffer.alloc(7), null, 8),
    'rt_sigprocmask: argument 2 must be at least 8 bytes long',
  ],
  [
    'too short a header',
    () => sys.capget(Buffer.alloc(7), Buffer.alloc(24)),
    'capget: argument 1 must be at least 8 bytes long',
  ],
  [
    'too short a request',
    () => sys.listmount(Buffer.alloc(23), Buffer.alloc(8), 0),
    'listmount: argument 1 must be at least 24 bytes long',
  ],
  [
    'memory where there must be none',
    () => sys.waitid(syscalls.P_ALL, 0, Buffer.alloc(128), syscalls.WEXITED, Buffer.alloc(8) as never),
    'waitid: argument 5 must be null',
  ],
  ['too few arguments', () => (sys.mount as (...args: unknown[]) => number)('/'), 'mount: takes 5 arguments, got 1'],
  ['too many arguments', () => (sys.close as (...args: unknown[]) => number)(99, 0), 'close: takes 1 arguments, got 2'],
];

describe('before the kernel is asked, sys refuses', () => {
  it.each(refused)('%s', (_, call, message) => {
    expect(call).toThrow(TypeError);
    expect(call).toThrow(message);
  });
});

describe('sys', () => {
  it('has as many IDs of mounts filled in as there is room for', () => {
    const request = new Uint8Array(BigUint64Array.of(24n, 2n ** 64n - 1n, 0n).buffer);
    const ids = new BigUint64Array(2);
    const count = listed(() => sys.listmount(request, new Uint8Array(ids.buffer, 0, 15), 0));
    if (count === null) return;
    expect(count).toBe(1);
    expect(ids[1]).toBe(0n);
  });
});

/** null before Linux 6.8, or where a filter for system calls hides it. */
function listed(list: () => number): number | null {
  try {
    return list();
  } catch (error) {
    if (!syscalls.isErrno(error, 'ENOSYS', 'EPERM')) throw error;
    console.log('listmount(2) is not to be had here');
    return null;
  }
}
