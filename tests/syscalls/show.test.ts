import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  AT_FDCWD,
  AT_REMOVEDIR,
  AT_SYMLINK_NOFOLLOW,
  MNT_DETACH,
  MS_NODEV,
  MS_NOSUID,
  MS_PRIVATE,
  MS_REC,
  makedev,
  O_DIRECTORY,
  O_PATH,
  O_RDONLY,
  O_RDWR,
  POLLERR,
  POLLPRI,
  quote,
  S_IFCHR,
  showCall,
  showOutcome,
  XATTR_CREATE,
} from '@ns-tool/syscalls';
import { fileSync } from 'tmp-promise';
import { describe, expect, it, onTestFinished } from 'vitest';

describe('a system call is shown as strace writes it', () => {
  it.each([
    [
      showCall('mount', ['tmpfs', '/mnt', 'tmpfs', MS_NODEV | MS_NOSUID, null]),
      'mount("tmpfs", "/mnt", "tmpfs", MS_NOSUID|MS_NODEV, NULL)',
    ],
    [
      showCall('mount', [null, '/', null, MS_REC | MS_PRIVATE, null]),
      'mount(NULL, "/", NULL, MS_REC|MS_PRIVATE, NULL)',
    ],
    [showOutcome('umount2', ['/mnt', 0], -22), 'umount2("/mnt", 0) = -1 EINVAL (Invalid argument)'],
    [showOutcome('umount2', ['/mnt', MNT_DETACH], 0), 'umount2("/mnt", MNT_DETACH) = 0'],
    [showCall('openat', [AT_FDCWD, '/', O_RDONLY]), 'openat(AT_FDCWD, "/", O_RDONLY)'],
    [showCall('openat', [7, 'a', O_RDONLY | O_DIRECTORY | O_PATH]), 'openat(7, "a", O_RDONLY|O_PATH|O_DIRECTORY)'],
    [showCall('openat', [7, 'a', O_RDWR]), 'openat(7, "a", O_RDWR)'],
    [
      showCall('mknodat', [3, 'null', S_IFCHR | 0o666, makedev(1, 3)]),
      'mknodat(3, "null", S_IFCHR|0666, makedev(0x1, 0x3))',
    ],
    [
      showCall('mknodat', [3, 'x', S_IFCHR, makedev(259, 70000)]),
      'mknodat(3, "x", S_IFCHR|000, makedev(0x103, 0x11170))',
    ],
    [showCall('mkdirat', [3, 'd', 0o755]), 'mkdirat(3, "d", 0755)'],
    [showCall('unlinkat', [3, 'd', AT_REMOVEDIR]), 'unlinkat(3, "d", AT_REMOVEDIR)'],
    [
      showCall('utimensat', [
        AT_FDCWD,
        'f',
        [
          { seconds: 1, nanoseconds: 500_000_000 },
          { seconds: -2, nanoseconds: 0 },
        ],
        AT_SYMLINK_NOFOLLOW,
      ]),
      'utimensat(AT_FDCWD, "f", [{tv_sec=1, tv_nsec=500000000}, {tv_sec=-2, tv_nsec=0}], AT_SYMLINK_NOFOLLOW)',
    ],
    [
      showCall('lsetxattr', ['f', 'user.a', Uint8Array.of(0, 98), XATTR_CREATE]),
      'lsetxattr("f", "user.a", "\\0b", 2, XATTR_CREATE)',
    ],
    [showOutcome('lgetxattr', ['f', 'user.a', Buffer.from('abc')], 2), 'lgetxattr("f", "user.a", "ab", 3) = 2'],
    [showCall('sethostname', ['box']), 'sethostname("box", 3)'],
    [showCall('poll', [[{ fd: 3, events: POLLPRI | POLLERR }], -1]), 'poll([{fd=3, events=POLLPRI|POLLERR}], 1, -1)'],
    [showOutcome('read', [3, Buffer.from('abc')], 2), 'read(3, "ab", 3) = 2'],
    [showOutcome('read', [3, Buffer.alloc(40, 'a')], 40), `read(3, "${'a'.repeat(32)}"..., 40) = 40`],
    [showOutcome('close', [9], -600), 'close(9) = -1 errno 600 (Unknown error)'],
  ])('%s', (shown, expected) => {
    expect(shown).toBe(expected);
  });

  it('what could drive a terminal is escaped, and an escape does not swallow a digit after it', () => {
    expect(quote('a"b\\c\n\t\x1b[2J\u007fé')).toBe('"a\\"b\\\\c\\n\\t\\33[2J\\177\\303\\251"');
    expect(quote('\x011')).toBe('"\\0011"');
    expect(quote('\x01a')).toBe('"\\1a"');
  });
});

const hasStrace = spawnSync('strace', ['--version']).status === 0;
if (!hasStrace) console.warn('skipped, since strace is not installed: the notation held against strace itself');

describe.skipIf(!hasStrace)('the notation held against strace itself', () => {
  it('the same calls, written by both', () => {
    const program = fileURLToPath(new URL('../.programs/shown.cjs', import.meta.url));
    const { name: log, removeCallback } = fileSync();
    onTestFinished(removeCallback);
    const { stdout } = spawnSync('strace', ['-o', log, process.execPath, program], { encoding: 'utf8' });
    const ours = stdout.trimEnd().split('\n');
    // strace aligns the results.
    const theirs = new Set(
      readFileSync(log, 'utf8')
        .split('\n')
        .map((line) => line.replace(/\)\s+= /, ') = ')),
    );
    expect(ours.length).toBeGreaterThan(10);
    expect(ours.filter((line) => !theirs.has(line))).toEqual([]);
  });
});
