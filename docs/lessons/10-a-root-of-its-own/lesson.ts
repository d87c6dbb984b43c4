import type { Lesson } from '@ns-tool/course';

const PRIVATE = "    sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);\n";
const BIND = '    sys.mount(directory, directory, null, MS_BIND | MS_REC, null);\n';
const CHDIR = '    sys.chdir(directory);\n';
const PIVOT = "    sys.pivot_root('.', '.');\n";
const DETACH = "    sys.umount2('.', MNT_DETACH);\n";

const VIEW = 'Let the command list /, and its working directory: sh -c "echo /*; echo *".';
const TABLE = 'Let the command print the mount points of its /proc/self/mountinfo: the fifth word of each line.';

export default {
  hints: [
    'The test needs a directory in which a command can run: copy /bin/sh there, and the libraries that ldd(1) names.',
    'Everything happens in setup of spawn, in the child: / private, the bind mount, the new root, the old one away. In this order.',
    'pivot_root wants a mount, and the directory is none. sys.mount(directory, directory, null, MS_BIND | MS_REC, null) makes it one.',
    "sys.chdir(directory), then sys.pivot_root('.', '.'): the old root lies over the new one. sys.umount2('.', MNT_DETACH) takes it away.",
  ],
  mutants: [
    {
      mistake: 'chroot stands for pivot_root: the command can get out',
      change: [
        [PIVOT, "    sys.chroot('.');\n"],
        [DETACH, ''],
      ],
      hint: 'Let the command try to get out: chroot into a directory, chdir("..") many times, chroot(".").',
    },
    {
      mistake: 'the old root is not unmounted: it is at /.. still',
      change: [[DETACH, '']],
      hint: TABLE,
    },
    {
      mistake: 'the old root is unmounted without MNT_DETACH, which fails',
      change: [["'.', MNT_DETACH", "'.', 0"]],
      hint: VIEW,
    },
    {
      mistake: 'the directory is not bound on itself',
      change: [[BIND, '']],
      hint: 'A directory that is a mount point already needs no bind mount. Give the program one that is none.',
    },
    {
      mistake: 'what is mounted in the directory is missing inside',
      change: [['MS_BIND | MS_REC', 'MS_BIND']],
      hint: 'Mount something in the directory, a proc for instance, and let the command look for it.',
    },
    {
      mistake: 'the working directory of the command is outside',
      change: [
        [CHDIR, ''],
        [PIVOT, '    sys.pivot_root(directory, directory);\n'],
        [DETACH, "    sys.umount2('/', MNT_DETACH);\n"],
      ],
      hint: VIEW,
    },
    {
      mistake: 'the directory is bound before / is made private, and stays so outside',
      change: [
        [PRIVATE, ''],
        [BIND, BIND + PRIVATE],
      ],
      hint: 'Open /proc/self/mountinfo before the program runs, and poll it afterwards.',
    },
    {
      mistake: 'the command has an open descriptor of the old root',
      change: [
        ['import { MNT_DETACH', "import { openSync } from 'node:fs';\nimport { MNT_DETACH"],
        ["namespaces: ['mount'],", "namespaces: ['mount'],\n  stdio: [0, 1, 2, openSync('/', 'r')],"],
      ],
      hint: 'Let the command try to enter each of its open files: cd /proc/self/fd/3/ works where 3 is a directory.',
    },
    {
      mistake: "the command's exit status is lost",
      change: [['process.exitCode = status ?? 1;', '']],
      hint: 'Run a command that ends with another status than 0: sh -c "exit 7".',
    },
  ],
} satisfies Lesson;
