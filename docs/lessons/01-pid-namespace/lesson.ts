import type { Lesson } from '@ns-tool/course';

const PROC = 'readlink /proc/self prints the pid that /proc knows a process by. Let the program run that.';
const OUTSIDE = 'Where the /proc of the test is covered by one of a namespace that has ended, /proc/self is missing.';

export default {
  hints: [
    'The test first: what does the command readlink /proc/self print, where it is PID 1 and /proc is its own?',
    'spawn(command, args, { namespaces, setup }) starts the child. Its pid is that outside; its promise exited has the status.',
    "It takes two kinds: namespaces: ['pid', 'mount']. In setup: (sys) => {…} the child mounts its /proc.",
    "First sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null), as otherwise the next mount appears outside too; then sys.mount('proc', '/proc', 'proc', …, null).",
    'To know the pid outside, the command needs the /proc of the test: bind it on a directory in /mnt before the program runs.',
  ],
  // Pids: a bare one that is not 1, and those after a word.
  varies: [/^(?!1$)\d+$/m, /(?<=^(?: {2})?outside: )\d+/m, /(?<=^NSpid:\t)\d+/m],
  mutants: [
    {
      mistake: 'the command is in no new pid namespace',
      change: [["['pid', 'mount']", "['mount']"]],
      hint: PROC,
    },
    {
      mistake: 'no new /proc is mounted: it shows the processes outside',
      change: [["sys.mount('proc', '/proc', 'proc', MS_NOSUID | MS_NODEV | MS_NOEXEC, null);", '']],
      hint: PROC,
    },
    {
      mistake: 'there is no new mount namespace: the /proc outside is covered',
      change: [["['pid', 'mount']", "['pid']"]],
      hint: OUTSIDE,
    },
    {
      mistake: 'the mounts are not made private: the new /proc is mounted outside too',
      change: [["sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);", '']],
      hint: OUTSIDE,
    },
    {
      mistake: 'only the mount on / is made private, and not the one on /proc, by MS_REC',
      change: [['MS_REC | MS_PRIVATE', 'MS_PRIVATE']],
      hint: OUTSIDE,
    },
    {
      mistake: 'the mounts are made private after /proc was mounted',
      change: [
        ["sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);", ''],
        [
          "'proc', MS_NOSUID | MS_NODEV | MS_NOEXEC, null);",
          "'proc', 0, null); sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);",
        ],
      ],
      hint: OUTSIDE,
    },
    {
      mistake: 'it prints its own pid, not that of the command',
      change: [['child.pid', 'process.pid']],
      hint: 'A command that finds a /proc of the test, bound elsewhere, can say by readlink which pid it has there.',
    },
    {
      mistake: 'the exit status of the command is lost',
      change: [['process.exitCode = status ?? 1;', '']],
      hint: 'Run a command that fails: sh -c "exit 7".',
    },
  ],
} satisfies Lesson;
