/** ioctl(2) as the listing uses it: ioctl_ns(2), and its numbers held against the headers. */
import { closeSync, constants, existsSync, fstatSync, openSync, readFileSync, readlinkSync } from 'node:fs';
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
  TCGETS,
  TCSETS,
  TIOCGPTPEER,
  TIOCGWINSZ,
  TIOCSCTTY,
  TIOCSPTLCK,
  TIOCSWINSZ,
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

describe('ioctl_tty(2)', () => {
  /** A pseudo-terminal: master and slave. */
  function withTerminal(use: (master: number, slave: number) => void): void {
    const master = openSync('/dev/ptmx', constants.O_RDWR | constants.O_NOCTTY);
    try {
      sys.ioctl(master, TIOCSPTLCK, new Uint8Array(8));
      const slave = sys.ioctl(master, TIOCGPTPEER, constants.O_RDWR | constants.O_NOCTTY);
      try {
        use(master, slave);
      } finally {
        closeSync(slave);
      }
    } finally {
      closeSync(master);
    }
  }

  it('opens a slave with no path, and tells it the size', () => {
    withTerminal((master, slave) => {
      sys.ioctl(master, TIOCSWINSZ, new Uint8Array(Uint16Array.of(33, 99, 0, 0).buffer));
      const size = new Uint8Array(8);
      sys.ioctl(slave, TIOCGWINSZ, size);
      expect([...new Uint16Array(size.buffer)]).toEqual([33, 99, 0, 0]);
    });
  });

  it('fills no more than a struct that is too small, and sets what it has got', () => {
    withTerminal((_, slave) => {
      const all = new Uint8Array(64);
      const part = all.subarray(8, 16);
      sys.ioctl(slave, TCGETS, part);
      expect(part.some((byte) => byte > 0)).toBe(true);
      expect([...all.subarray(0, 8), ...all.subarray(16)]).toEqual(Array(56).fill(0));

      const settings = new Uint8Array(36);
      sys.ioctl(slave, TCGETS, settings);
      // c_lflag, ECHO.
      settings[12] = (settings[12] ?? 0) ^ 8;
      sys.ioctl(slave, TCSETS, settings);
      const again = new Uint8Array(36);
      sys.ioctl(slave, TCGETS, again);
      expect(again).toEqual(settings);
    });
  });

  it('is shown with its number', () => {
    expect(showCall('ioctl', [3, TIOCSCTTY, 0])).toBe('ioctl(3, TIOCSCTTY, 0)');
  });
});

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
      // _IO(group, number), and _IOW('T', number, int), where 1 << 30 says who writes: asm-generic/ioctl.h.
      const [, plain, inGroup, ofTerminals, withInt] =
        new RegExp(
          `#define\\s+${name}\\s+(?:(0x\\w+)|_IO\\(NSIO, (0x\\w+)\\)|_IO\\('T', (0x\\w+)\\)|_IOW\\('T', (0x\\w+), int\\))`,
        ).exec(text) ?? [];
      const terminals = 'T'.charCodeAt(0) << 8;
      const numbers = [
        [plain, 0],
        [inGroup, group << 8],
        [ofTerminals, terminals],
        [withInt, (1 << 30) | (4 << 16) | terminals],
      ] as const;
      const [low, high] = numbers.find(([digits]) => digits !== undefined) ?? [];
      expect(number, name).toBe(Number(low) | (high ?? 0));
    }
  });
});
