import type { Lesson } from '@ns-tool/course';

const EXACT = 'Your test is in the same namespaces: compare all lines with what it reads in its own /proc/self/ns.';

export default {
  hints: [
    'The test first: run the program, and look for a line of the mount namespace in what it prints.',
    "What should be there, your test reads in its own /proc/self/ns: readlinkSync of the file 'mnt' gives 'mnt:[4026532177]'.",
    'The program: readdirSync of /proc/self/ns gives the names. Leave out those that end with _for_children.',
    'The number is an inode number: statSync(file).ino. Where a file is a link, statSync is about what the link leads to.',
    'A program that looks at its parent is right as long as both are in the same namespaces. After sys.unshare(CLONE_NEWTIME) the children of your test are in another time namespace than your test.',
  ],
  // Numbers of namespaces, bare ones too, and of inodes of /proc.
  varies: [/\b40265\d{5}\b/, /(?<=^)\d{4,9}$/m],
  mutants: [
    {
      mistake: 'the program looks at process 1 instead of itself',
      change: [["'/proc/self/ns'", "'/proc/1/ns'"]],
      hint: EXACT,
    },
    {
      mistake: 'the program looks at its parent instead of itself',
      change: [["'/proc/self/ns'", "'/proc/' + process.ppid + '/ns'"]],
      hint: 'sys.unshare(CLONE_NEWTIME) gives the children of your test, but not your test, a new time namespace.',
    },
    {
      mistake: 'it prints pid_for_children and time_for_children too',
      change: [["if (kind.endsWith('_for_children')) continue;", '']],
      hint: EXACT,
    },
    {
      mistake: 'it leaves out pid_for_children, but prints time_for_children',
      change: [["kind.endsWith('_for_children')", "kind === 'pid_for_children'"]],
      hint: EXACT,
    },
    {
      mistake: 'it has a list of kinds, in which the newest one, time, is not',
      change: [['readdirSync(NS).sort()', "['cgroup', 'ipc', 'mnt', 'net', 'pid', 'user', 'uts']"]],
      hint: EXACT,
    },
    {
      mistake: 'it prints the text of the link instead of the number',
      change: [
        ['readdirSync, statSync', 'readdirSync, readlinkSync'],
        ['statSync(`', 'readlinkSync(`'],
        ['`).ino', '`)'],
      ],
      hint: 'A line is the kind, a space and a number: expect the whole line, from ^ to $.',
    },
    {
      mistake: 'it prints the inode number of the link, by lstat, instead of that of the namespace',
      change: [['readdirSync, statSync', 'readdirSync, lstatSync as statSync']],
      hint: EXACT,
    },
  ],
} satisfies Lesson;
