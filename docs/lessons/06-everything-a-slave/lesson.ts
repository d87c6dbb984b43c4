import type { Lesson } from '@ns-tool/course';

const UMOUNT =
  'Mount something in the test, and let the command unmount it. poll(2) on /proc/self/mountinfo says whether that reached the test.';
const LATE =
  'nsenter --target PID --mount mount … as part of the command mounts in the namespace of process PID, the test for instance. Then look inside.';
const STATES =
  'What no unmount has shown, the table does: let the command print /proc/self/mountinfo, and look at the state of every line.';
const STATUS = 'Run a command with a status of its own, and one that ends itself by a signal.';

export default {
  hints: [
    'The test first: what the command does is up to you. `sh -c` runs several commands, and the status is that of the last.',
    'The program needs three calls: unshare, one of mount, and spawnSync of node:child_process with { stdio: "inherit" }.',
    'MS_REC | MS_SLAVE on / reaches every mount. It must come after unshare, or it changes the mounts of the parent.',
    'spawnSync returns status, which is null if a signal ended the command, and signal, its name. constants.signals of node:os has the numbers.',
  ],
  mutants: [
    {
      mistake: 'the mounts are made private instead of slaves: nothing from outside appears any more',
      change: [['MS_REC | MS_SLAVE, null', 'MS_REC | (1 << 18), null']],
      hint: LATE,
    },
    {
      mistake: 'only / becomes a slave, since MS_REC is missing',
      change: [['MS_REC | MS_SLAVE, null', 'MS_SLAVE, null']],
      hint: UMOUNT,
    },
    {
      mistake: 'the program forgets unshare, and makes slaves of the mounts of its parent',
      change: [['sys.unshare(CLONE_NEWNS);\n', '']],
      hint: UMOUNT,
    },
    {
      mistake: 'the mounts become slaves before unshare, which are those of the parent',
      change: [
        ['sys.unshare(CLONE_NEWNS);\n', ''],
        [
          "sys.mount(null, '/', null, MS_REC | MS_SLAVE, null);\n",
          "sys.mount(null, '/', null, MS_REC | MS_SLAVE, null);\nsys.unshare(CLONE_NEWNS);\n",
        ],
      ],
      hint: LATE,
    },
    {
      mistake: 'the mounts are made slaves one by one, by their paths, so that one which another covers stays shared',
      change: [
        [
          "sys.mount(null, '/', null, MS_REC | MS_SLAVE, null);\n",
          "for (const line of readFileSync('/proc/self/mounts', 'utf8').trimEnd().split('\\n')) {\n  try {\n    sys.mount(null, line.split(' ')[1] ?? '', null, MS_SLAVE, null);\n  } catch {}\n}\n",
        ],
        [
          "import { constants } from 'node:os';\n",
          "import { readFileSync } from 'node:fs';\nimport { constants } from 'node:os';\n",
        ],
      ],
      hint: STATES,
    },
    {
      mistake: 'the slaves are made shared again: whoever copies them becomes their peer',
      change: [
        [
          "sys.mount(null, '/', null, MS_REC | MS_SLAVE, null);\n",
          "sys.mount(null, '/', null, MS_REC | MS_SLAVE, null);\nsys.mount(null, '/', null, MS_REC | (1 << 20), null);\n",
        ],
      ],
      hint: STATES,
    },
    {
      mistake: 'the status of the command is lost',
      change: [['process.exitCode = signal === null ? (status ?? 1) : 128 + constants.signals[signal];\n', '']],
      hint: STATUS,
    },
    {
      mistake: 'a command that a signal ended counts as a success',
      change: [['signal === null ? (status ?? 1) : 128 + constants.signals[signal]', 'status ?? 0']],
      hint: STATUS,
    },
  ],
} satisfies Lesson;
