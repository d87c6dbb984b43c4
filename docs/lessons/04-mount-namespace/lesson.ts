import type { Lesson } from '@ns-tool/course';

const EVENTS =
  'Before and after look the same where a leak is undone at the end. Open /proc/self/mountinfo before the program runs, and ask poll(2) afterwards whether the table has changed meanwhile.';

export default {
  hints: [
    'The test first: run the program and look for a line of the tmpfs in what it prints.',
    'The program needs five calls: unshare, mount to make / private, mount for the tmpfs, umount2, and between them mkdirSync and readFileSync of node:fs.',
    'MS_PRIVATE alone changes one mount. With MS_REC it changes all those below it too.',
    'poll(2) tells of a change of the mount table: sys.poll([{ fd, events: POLLPRI }], 0) is 1 if it changed since the file was opened.',
  ],
  mutants: [
    {
      mistake: 'the program forgets unshare, and mounts in the parent',
      change: [['sys.unshare(CLONE_NEWNS);', '']],
      hint: EVENTS,
    },
    {
      mistake: 'the root is not made private: the tmpfs leaks, and is unmounted again at the end',
      change: [["sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);", '']],
      hint: EVENTS,
    },
    {
      mistake: 'the root is made private without MS_REC',
      change: [['MS_REC | MS_PRIVATE', 'MS_PRIVATE']],
      hint: EVENTS,
    },
    {
      mistake: 'the root is made shared instead of private',
      change: [['MS_REC | MS_PRIVATE', 'MS_REC | (1 << 20)']],
      hint: EVENTS,
    },
    {
      mistake: 'the tmpfs leaks and stays',
      change: [
        ["sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);", ''],
        ['sys.umount2(mountPoint, 0);\nrmdirSync(mountPoint);\n', ''],
      ],
      hint: EVENTS,
    },
    {
      mistake: 'the cleanup is missing',
      change: [['sys.umount2(mountPoint, 0);\nrmdirSync(mountPoint);\n', '']],
      hint: 'A mount namespace isolates mounts, not directories: look for the directory afterwards.',
    },
    {
      mistake: 'nothing is mounted at all',
      change: [
        ["sys.mount('tmpfs', mountPoint, 'tmpfs', MS_NODEV | MS_NOSUID, null);", ''],
        ['sys.umount2(mountPoint, 0);', ''],
      ],
      hint: 'Look for the line of the tmpfs in what the program prints.',
    },
    {
      mistake: 'the tmpfs has no nodev',
      change: [['MS_NODEV | MS_NOSUID, null', 'MS_NOSUID, null']],
      hint: 'The fourth field of a line of /proc/self/mounts holds the options.',
    },
    {
      mistake: 'the tmpfs has no nosuid',
      change: [['MS_NODEV | MS_NOSUID, null', 'MS_NODEV, null']],
      hint: 'The fourth field of a line of /proc/self/mounts holds the options.',
    },
  ],
} satisfies Lesson;
