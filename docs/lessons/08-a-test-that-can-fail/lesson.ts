import type { Lesson } from '@ns-tool/course';

export default {
  hints: [
    'A parent that can be leaked into takes three calls: unshare, mount to make everything private, mount to make everything shared. In this order.',
    'Run the command by spawnSync of node:child_process: it starts in the namespace of the thread that calls it.',
    'Open /proc/self/mountinfo before the command starts, keep it open, and ask poll(2) when the command has ended.',
    'A test for a tool that finds leaks needs a command that leaks: unshare --mount --propagation unchanged sh -c "mount …".',
    'That nothing escapes: watch the mount table of your own test, as the program watches that of its parent.',
  ],
  mutants: [
    {
      mistake: 'the program has no namespace of its own, and the command changes the mounts around it',
      change: [["sys.unshare(CLONE_NEWNS);\nsys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);\n", '']],
      hint: 'Watch your own mount table while the program runs a command that leaks.',
    },
    {
      mistake: 'the parent is not cut off from the mounts around it',
      change: [["sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);\n", '']],
      hint: 'Watch your own mount table while the program runs a command that leaks.',
    },
    {
      mistake: 'the parent is not made shared, and nothing can leak into it',
      change: [["sys.mount(null, '/', null, MS_REC | MS_SHARED, null);\n", '']],
      hint: 'Let it find a leak.',
    },
    {
      mistake: 'only / is made shared, and not the mounts below it',
      change: [['MS_REC | MS_SHARED', 'MS_SHARED']],
      hint: 'Let it find a leak below /mnt.',
    },
    {
      mistake: 'the table is opened after the command has ended',
      change: [
        ["const table = openSync(MOUNTINFO, 'r');\n", ''],
        ['const events =', "const table = openSync(MOUNTINFO, 'r');\nconst events ="],
      ],
      hint: 'A leak that stays changes the table; one that is undone can be known by its events alone.',
    },
    {
      mistake: 'the table is opened before the parent is prepared, so that every command seems to leak',
      change: [
        ["const table = openSync(MOUNTINFO, 'r');\n", ''],
        ['// What systemd does', "const table = openSync(MOUNTINFO, 'r');\n\n// What systemd does"],
        [
          "sys.mount(null, '/', null, MS_REC | MS_SHARED, null);\n",
          "sys.mount(null, '/', null, MS_REC | MS_SHARED, null);\nsys.mount('parent', '/mnt', 'tmpfs', 0, null);\n",
        ],
      ],
      hint: 'Run a command that does not leak, too.',
    },
    {
      mistake: 'a comparison of before and after stands for the event',
      change: [['events > 0 ?', 'after !== before ?']],
      hint: 'A leak that is undone leaves the same table behind.',
    },
    {
      mistake: 'the status of the command is lost',
      change: [['process.exitCode = status ?? 1;\n', '']],
      hint: 'Run a command that fails.',
    },
  ],
} satisfies Lesson;
