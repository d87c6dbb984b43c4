import type { Lesson } from '@ns-tool/course';

const IMPORT = 'makedev, S_IFCHR, spawn';
const NODE = 'S_IFCHR | 0o666';

const STAT = 'Let the command show type, mode, major and minor of each: stat -L -c "%n %A %t:%T" null zero …';
const OPEN = 'A node can be there and be no use. Let the command write to null and read from zero.';
const OUTSIDE = 'Look into the directory afterwards, and poll /proc/self/mountinfo, opened before the program runs.';

export default {
  needsRoot: true,
  hints: [
    'stat -L -c "%n %A %t:%T" shows of a device its type and mode, and its major and minor in hexadecimal digits.',
    'Everything is done in setup of spawn: / private, the tmpfs, the nodes, devpts, the links.',
    'sys.mknodat(AT_FDCWD, path, S_IFCHR | 0o666, makedev(1, 3)) makes a null. The other numbers: ls -l /dev, or null(4), random(4), tty(4).',
    'The umask applies to mknodat. sys.umask(0) returns what was set before, and sys.umask takes that result.',
    "sys.mount('devpts', path, 'devpts', flags, 'newinstance,mode=620,ptmxmode=666') is the devpts.",
  ],
  mutants: [
    {
      mistake: 'the umask takes bits away from the modes of the nodes',
      change: [
        ['    const umask = sys.umask(0);\n', ''],
        ['    sys.umask(umask);\n', ''],
      ],
      hint: 'Set a strict umask in the test: sys.umask(0o077). Then let the command show the mode of each node.',
    },
    {
      mistake: 'the command is left with the umask 0',
      change: [['    sys.umask(umask);\n', '']],
      hint: 'Set a umask in the test, and let the command print its own.',
    },
    { mistake: 'null has the minor of zero', change: [["['null', 1, 3]", "['null', 1, 5]"]], hint: STAT },
    {
      mistake: 'the nodes are plain files',
      change: [
        [IMPORT, 'makedev, S_IFREG, spawn'],
        [NODE, 'S_IFREG | 0o666'],
      ],
      hint: STAT,
    },
    {
      mistake: 'the nodes are block devices',
      change: [
        [IMPORT, 'makedev, S_IFBLK, spawn'],
        [NODE, 'S_IFBLK | 0o666'],
      ],
      hint: STAT,
    },
    {
      mistake: 'the tmpfs is mounted with nodev, and no device can be opened',
      change: [
        ['{ AT_FDCWD, MS_NOEXEC', '{ AT_FDCWD, MS_NODEV, MS_NOEXEC'],
        ["'tmpfs', MS_NOSUID,", "'tmpfs', MS_NODEV | MS_NOSUID,"],
      ],
      hint: OPEN,
    },
    { mistake: 'nobody may open ptmx', change: [[',ptmxmode=666', '']], hint: STAT },
    {
      mistake: 'there is no tmpfs: the nodes are in the directory outside, and stay',
      change: [["    sys.mount('dev', directory, 'tmpfs', MS_NOSUID, 'mode=755');\n", '']],
      hint: OUTSIDE,
    },
    {
      mistake: '/ is not made private, and the mounts appear outside',
      change: [["    sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);\n", '']],
      hint: OUTSIDE,
    },
  ],
} satisfies Lesson;
