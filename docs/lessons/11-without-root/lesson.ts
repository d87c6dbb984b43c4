import type { Lesson } from '@ns-tool/course';

const NAMESPACES = "namespaces: ['user', 'mount'],";
const MAPS = 'idMaps: mapSelf(),';
const TMPFS = "sys.mount('tmpfs', directory, 'tmpfs', MS_NODEV | MS_NOSUID, null);";
const STATUS = 'signal === null ? (status ?? 1) : 128 + constants.signals[signal]';

const MAP = 'Let the command print /proc/self/uid_map, gid_map and setgroups, and compare all of it.';
const OUTSIDE =
  'Open /proc/self/mountinfo before the program runs, and poll it afterwards; and look into the directory, in which the command has made a file.';

export default {
  hints: [
    'The test first. Let the command say who it is: id -u, id -g, cat /proc/self/uid_map. And let it end with a status that no other mistake has: exit 7.',
    "sys.unshare cannot make a user namespace in Node. spawn can, for a child: namespaces: ['user', 'mount'].",
    'idMaps: mapSelf() writes the two maps, and "deny" to setgroups before the second, in the order that the kernel asks for.',
    'What setup records runs in the child, as its root: there is the place for the two mounts, / private with MS_REC and the tmpfs.',
    'await child.exited tells how the command ended: { status, signal }, one of which is null. constants.signals of node:os has the numbers of the signals.',
  ],
  mutants: [
    {
      mistake: 'there is no user namespace: it works for root alone, who needs none',
      change: [
        [NAMESPACES, "namespaces: ['mount'],"],
        [MAPS, ''],
      ],
      hint: `Root is root without it, too. ${MAP}`,
    },
    {
      mistake: 'no IDs are mapped: the command is the user 65534',
      change: [[MAPS, '']],
      hint: 'Let the command print id -u.',
    },
    {
      mistake: 'the user is mapped to 1000, not to root',
      change: [['mapSelf()', 'mapSelf(1000)']],
      hint: 'Let the command print id -u.',
    },
    {
      mistake: 'the group is not mapped',
      change: [['idMaps: mapSelf(),', 'idMaps: { ...mapSelf(), gid: [] },']],
      hint: 'Let the command print id -g.',
    },
    {
      mistake: 'the mounts inside are slaves still: what is mounted outside appears inside',
      change: [["sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);", '']],
      hint: 'No event can tell: a slave sends nothing. Let the command print /proc/self/mountinfo: no line may have shared: or master:.',
    },
    {
      mistake: 'the tmpfs is mounted outside, before there is a child',
      change: [
        [', mapSelf, spawn }', ', mapSelf, spawn, sys as here }'],
        ['const child = await', `here.${TMPFS.slice(4)}\nconst child = await`],
        [`    ${TMPFS}\n`, ''],
      ],
      hint: OUTSIDE,
    },
    {
      mistake: 'there is no tmpfs, and the command writes into the directory outside',
      change: [[TMPFS, '']],
      hint: OUTSIDE,
    },
    {
      mistake: "the command's exit status is lost",
      change: [[`process.exitCode = ${STATUS};`, '']],
      hint: 'Run a command that ends with another status than 0: sh -c "exit 7".',
    },
    {
      mistake: 'a command that a signal has ended seems to have succeeded',
      change: [[STATUS, 'status ?? 0']],
      hint: "Run sh -c 'kill -TERM $$'.",
    },
  ],
  // The learner's own ID, and the first of those that /etc/subuid gives.
  varies: [/\b1\d{3}\b/, /\b\d{6}\b/],
} satisfies Lesson;
