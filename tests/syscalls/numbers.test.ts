/** The numbers in the code, held against the kernel's own headers where they are installed (linux-libc-dev). */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import * as syscalls from '@ns-tool/syscalls';
import { describe, expect, it } from 'vitest';

const HEADERS = '/usr/include';

/** `#define NAME VALUE` of some headers. Values are numbers, or shifts of them. */
function definitions(...files: string[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const file of files) {
    for (const [, name = '', value = ''] of readFileSync(`${HEADERS}/${file}`, 'utf8').matchAll(
      /^\s*#\s*define\s+(\w+)\s+\(?((?:0x)?[0-9a-fA-F]+(?:\s*<<\s*\d+)?)[uUlL]*\)?(?:\s|$)/gm,
    )) {
      const [base = '', shift = '0'] = value.split('<<').map((part) => part.trim());
      const number = /^0[0-7]+$/.test(base) ? Number.parseInt(base, 8) : Number(base);
      found.set(name, number * 2 ** Number(shift));
    }
  }
  return found;
}

const generic = 'asm-generic/unistd.h';
const x64 = ['x86_64-linux-gnu/asm/unistd_64.h', 'asm/unistd_64.h'].find((file) => existsSync(`${HEADERS}/${file}`));
const hasHeaders = existsSync(`${HEADERS}/${generic}`) && x64 !== undefined;
if (!hasHeaders)
  console.warn('skipped, since linux-libc-dev is not installed: numbers held against the kernel headers');

describe.skipIf(!hasHeaders)('numbers held against the kernel headers', () => {
  /** poll is made as ppoll, since arm64 has no poll. */
  const kernelName = (name: string) => (name === 'poll' ? 'ppoll' : name);

  /** Linux 6.8, which these headers may not know. */
  const newer = ['listmount', 'statmount'];
  const isKnown = (name: string, numbers: Map<string, number>) => !newer.includes(name) || numbers.has(`__NR_${name}`);

  it('of the system calls on x86-64', () => {
    const numbers = definitions(x64 ?? '');
    for (const [name, { number }] of Object.entries(syscalls.table)) {
      if (isKnown(name, numbers)) expect(number.x64, name).toBe(numbers.get(`__NR_${kernelName(name)}`));
    }
  });

  it('of the system calls on arm64', () => {
    const numbers = definitions(generic);
    for (const [name, { number }] of Object.entries(syscalls.table)) {
      const defined = numbers.get(`__NR_${kernelName(name)}`) ?? numbers.get(`__NR3264_${kernelName(name)}`);
      if (isKnown(name, numbers)) expect(number.arm64, name).toBe(defined);
    }
  });

  it('of the flags', () => {
    const numbers = definitions(
      'linux/mount.h',
      'linux/sched.h',
      'linux/fcntl.h',
      'linux/stat.h',
      'asm-generic/fcntl.h',
      'asm-generic/poll.h',
      'linux/netlink.h',
    );
    // Elsewhere on arm64 (asm/fcntl.h), or computed from others.
    const elsewhere = syscalls.architecture === 'arm64' ? ['O_DIRECTORY', 'O_NOFOLLOW'] : [];
    const checked = Object.entries(syscalls).filter(([name, value]) => {
      return typeof value === 'number' && numbers.has(name) && !elsewhere.includes(name);
    });
    for (const [name, value] of checked) expect(value, name).toBe(numbers.get(name));
    expect(checked.length).toBeGreaterThan(80);
  });

  it('of O_DIRECTORY and O_NOFOLLOW on this architecture, as Node has them', () => {
    const { O_DIRECTORY, O_NOFOLLOW, O_NOATIME } = createRequire(import.meta.url)('node:fs').constants;
    expect([syscalls.O_DIRECTORY, syscalls.O_NOFOLLOW, syscalls.O_NOATIME]).toEqual([
      O_DIRECTORY,
      O_NOFOLLOW,
      O_NOATIME,
    ]);
  });
});

describe('errors', () => {
  it('have the numbers that Node has', () => {
    const aliases = ['EWOULDBLOCK', 'ENOTSUP'];
    for (const [name, number] of Object.entries(constants.errno)) {
      if (aliases.includes(name)) expect(syscalls.errnoName(number), name).not.toMatch(/^errno /);
      else expect(syscalls.errnoNumber(name as syscalls.ErrnoName), name).toBe(number);
    }
  });

  it('have the messages of strerror(3)', () => {
    const koffi = createRequire(new URL('../../packages/syscalls/package.json', import.meta.url))('koffi');
    const strerror = koffi.load(null).func('const char *strerror(int)');
    for (let number = 1; number <= 133; number++) {
      if (syscalls.errnoName(number).startsWith('errno ')) continue;
      expect(syscalls.errnoMessage(number)).toBe(strerror(number));
    }
  });

  it('that Linux does not have keep their number', () => {
    expect(syscalls.errnoName(600)).toBe('errno 600');
    expect(syscalls.errnoMessage(600)).toBe('Unknown error');
  });
});
