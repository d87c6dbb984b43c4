import type { Lesson } from '@ns-tool/course';

const STATES =
  'propagationOf of @ns-tool/mount-table names the state of a line. Compare all seven with what they should be.';
const RECEIVERS =
  'A state says nothing of who is connected with whom. Compare the lines of the receivers with the table of the text.';
const OUTSIDE =
  'Open /proc/self/mountinfo before the program runs. Afterwards poll(2) says whether a mount was made here meanwhile.';

export default {
  varies: [/(?<=\bgroup )\d+/, /(?<=\bslave of )\d+/],
  hints: [
    'The test first: run the program, split its output at the empty line, and give the first part to parseMountinfo.',
    'The program mounts a tmpfs on the directory it is given, and makes the seven directories in that. Then `source`, another tmpfs, and six bind mounts: mount with MS_BIND.',
    'MS_SHARED, MS_SLAVE, MS_PRIVATE and MS_UNBINDABLE each take a call of mount of their own, with null for source, type and data.',
    'The order decides. `source` must be shared before it is bound, a mount must be in a group before it becomes a slave, and shared comes after slave. `downstream` is bound from `shared-slave` when that is finished.',
    'To see who receives: make a directory for each mount in `source`, mount a tmpfs on each through its mount, and look which mount points /proc/self/mountinfo has now.',
  ],
  mutants: [
    {
      mistake: 'the source is not made shared: its bind mounts are no peers, and the slave of nothing is private',
      change: [["sys.mount(null, 'source', null, MS_SHARED, null);\n", '']],
      hint: STATES,
    },
    {
      mistake: 'the source is made shared only after it was bound',
      change: [
        ["sys.mount(null, 'source', null, MS_SHARED, null);\n", ''],
        [
          "sys.mount('source', 'shared', null, MS_BIND, null);\n",
          "sys.mount('source', 'shared', null, MS_BIND, null);\nsys.mount(null, 'source', null, MS_SHARED, null);\nsys.mount(null, 'shared', null, MS_SHARED, null);\n",
        ],
      ],
      hint: RECEIVERS,
    },
    {
      mistake: 'the shared one is a tmpfs of its own instead of a bind mount, so it is shared with nobody',
      change: [
        [
          "sys.mount('source', 'shared', null, MS_BIND, null);\n",
          "sys.mount('shared', 'shared', 'tmpfs', 0, null);\nsys.mount(null, 'shared', null, MS_SHARED, null);\nfor (const name of names) mkdirSync('shared/from-' + name);\n",
        ],
      ],
      hint: RECEIVERS,
    },
    {
      mistake: 'the bind mount that is to be a slave is left as it is, a peer',
      change: [["sys.mount(null, 'slave', null, MS_SLAVE, null);\n", '']],
      hint: STATES,
    },
    {
      mistake: 'the one that is to be shared and a slave is made shared first, and then a slave',
      change: [
        [
          "sys.mount(null, 'shared-slave', null, MS_SLAVE, null);\nsys.mount(null, 'shared-slave', null, MS_SHARED, null);\n",
          "sys.mount(null, 'shared-slave', null, MS_SHARED, null);\nsys.mount(null, 'shared-slave', null, MS_SLAVE, null);\n",
        ],
      ],
      hint: STATES,
    },
    {
      mistake:
        'the one downstream is bound from the source, and made a slave and shared: both have a group of their own',
      change: [
        [
          "sys.mount('shared-slave', 'downstream', null, MS_BIND, null);\n",
          "sys.mount('source', 'downstream', null, MS_BIND, null);\nsys.mount(null, 'downstream', null, MS_SLAVE, null);\nsys.mount(null, 'downstream', null, MS_SHARED, null);\n",
        ],
      ],
      hint: RECEIVERS,
    },
    {
      mistake: 'the unbindable one is only private',
      change: [["'unbindable', null, MS_UNBINDABLE", "'unbindable', null, MS_PRIVATE"]],
      hint: STATES,
    },
    {
      mistake: 'the root is made private without MS_REC, so the tmpfs appears outside too',
      change: [['MS_REC | MS_PRIVATE', 'MS_PRIVATE']],
      hint: OUTSIDE,
    },
    {
      mistake: 'the seven directories are made in the directory itself, and left there',
      change: [
        ["sys.mount('states', directory, 'tmpfs', 0, null);\n", ''],
        ['mkdirSync(name);', 'mkdirSync(name, { recursive: true });'],
      ],
      hint: 'A mount namespace isolates mounts, not directories: list the directory afterwards.',
    },
  ],
} satisfies Lesson;
