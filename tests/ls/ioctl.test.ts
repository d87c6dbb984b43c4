/** ioctl(2) as the listing uses it: ioctl_ns(2), and its numbers held against the headers. */
import { closeSync, existsSync, fstatSync, openSync, readFileSync, readlinkSync } from 'node:fs';
import {
  IOCTL_COMMANDS,
  isErrno,
  NAMESPACE_KINDS,
  NS_GET_NSTYPE,
  NS_GET_OWNER_UID,
  NS_GET_PARENT,
  NS_GET_USERNS,
  namespaceFile,
  namespaceFlags,
  showCall,
  sys,
  TIOCGWINSZ,
} from '@ns-tool/syscalls';
import { describe, expect, it } from 'vitest';

function on<T>(path: string, use: (fd: number) => T): T {
  const fd = openSync(path, 'r');
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

function codeOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (isErrno(error, 'EPERM', 'EINVAL', 'ENOTTY', 'EFAULT')) return error.code;
    throw error;
  }
  return 'none';
}

const own = (type: string) => `/proc/thread-self/ns/${type}`;

describe('ioctl_ns(2)', () => {
  it.each(NAMESPACE_KINDS.filter((kind) => existsSync(own(namespaceFile(kind)))))(
    'knows the kind of a %s namespace',
    (kind) => {
      const type = on(own(namespaceFile(kind)), (fd) => sys.ioctl(fd, NS_GET_NSTYPE, null));
      expect(type).toBe(namespaceFlags([kind]));
    },
  );

  it('opens the user namespace that owns another', () => {
    // Whoever runs this is in the user namespace in which the machine, or the container, has begun.
    const owner = on(own('uts'), (fd) => sys.ioctl(fd, NS_GET_USERNS, null));
    expect(readlinkSync(`/proc/self/fd/${owner}`)).toMatch(/^user:\[\d+\]$/);
    expect(fstatSync(owner).dev).toBe(on(own('user'), (fd) => fstatSync(fd).dev));
    closeSync(owner);
  });

  it('says which errors there are', () => {
    expect(codeOf(() => on(own('uts'), (fd) => sys.ioctl(fd, NS_GET_PARENT, null)))).toBe('EINVAL');
    expect(codeOf(() => on(own('uts'), (fd) => sys.ioctl(fd, NS_GET_OWNER_UID, new Uint8Array(8))))).toBe('EINVAL');
    expect(codeOf(() => on(own('user'), (fd) => sys.ioctl(fd, NS_GET_PARENT, null)))).toBe('EPERM');
    expect(codeOf(() => on(own('user'), (fd) => sys.ioctl(fd, NS_GET_USERNS, null)))).toBe('EPERM');
    expect(codeOf(() => on('/dev/null', (fd) => sys.ioctl(fd, NS_GET_NSTYPE, null)))).toBe('ENOTTY');
    expect(codeOf(() => on(own('user'), (fd) => sys.ioctl(fd, NS_GET_OWNER_UID, null)))).toBe('EFAULT');
  });

  it('fills in the user who made a user namespace', () => {
    const uid = new Uint8Array(8).fill(0xff);
    expect(on(own('user'), (fd) => sys.ioctl(fd, NS_GET_OWNER_UID, uid))).toBe(0);
    // The first one is root's; a later one belongs to who is in it, or to nobody that is known there.
    expect(new DataView(uid.buffer).getUint32(0, true)).toBeLessThanOrEqual(65534);
    expect([...uid.subarray(4)]).toEqual([255, 255, 255, 255]);
  });

  it('is shown as strace shows it', () => {
    expect(showCall('ioctl', [3, NS_GET_USERNS, null])).toBe('ioctl(3, NS_GET_USERNS, NULL)');
    expect(showCall('ioctl', [1, TIOCGWINSZ, new Uint8Array(8)])).toBe('ioctl(1, TIOCGWINSZ, {...})');
  });

  it('reaches the kernel with no other command, and with no memory that is too small for an answer', () => {
    expect(() => sys.ioctl(0, 0x5412, null)).toThrow(/argument 2 must be one of NS_GET_USERNS/);
    expect(() => sys.ioctl(0, TIOCGWINSZ, new Uint8Array(4))).toThrow(/argument 3 must be at least 8 bytes long/);
  });
});

const headers = ['/usr/include/linux/nsfs.h', '/usr/include/asm-generic/ioctls.h'];
if (!headers.every((file) => existsSync(file)))
  console.warn('skipped, since linux-libc-dev is not installed: the commands of ioctl held against the kernel headers');

describe.skipIf(!headers.every((file) => existsSync(file)))('the commands of ioctl', () => {
  it('have the numbers of the headers', () => {
    const text = headers.map((file) => readFileSync(file, 'utf8')).join('');
    const group = Number(/#define NSIO\s+(0x\w+)/.exec(text)?.[1]);
    for (const [name, number] of Object.entries(IOCTL_COMMANDS)) {
      // _IO(group, number): asm-generic/ioctl.h.
      const [, plain, inGroup] =
        new RegExp(`#define\\s+${name}\\s+(?:(0x\\w+)|_IO\\(NSIO, (0x\\w+)\\))`).exec(text) ?? [];
      expect(number, name).toBe(plain === undefined ? (group << 8) | Number(inGroup) : Number(plain));
    }
  });
});
