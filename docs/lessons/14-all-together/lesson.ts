import type { Lesson } from '@ns-tool/course';

const TMPFS = "sys.mount('tmpfs', '/tmp', 'tmpfs', 0, null);";
const PIVOT = "    sys.pivot_root('.', '.');\n";
const DETACH = "    sys.umount2('.', MNT_DETACH);\n";
const OVERLAY = "sys.mount('overlay', '/tmp/root', 'overlay', 0, layers);";

const LINKS = 'Compare each link of /proc/self/ns in the command with the one of /proc/thread-self/ns in your test.';
const TABLE =
  'Let the command print its /proc/self/mountinfo, and expect all of it: mount point and rw or ro of each line.';
const STATUS = 'Let the command print CapBnd and NoNewPrivs of /proc/self/status.';

export default {
  hints: [
    'Take it in small steps. A root first: lesson 10, with an overlay in place of the bind mount. Then /proc, /sys, /dev. Then the rest, one line each.',
    'All seven namespaces come from one option of spawn, and with idMaps: mapSelf() the child may make all mounts, for root and for you.',
    'The overlay needs two directories that lie on no overlay: mount a tmpfs over /tmp in setup. sys.chdir(directory) before, and lowerdir=. finds it though /tmp be covered.',
    'A proc must be made before the old root goes, and attached afterwards: fsopen, fsconfig, fsmount; then pivot_root and umount2; then move_mount. Devices likewise, by open_tree.',
    'The loopback: packages/ns-tool/src/container/loopback.ts. The rights: the options capabilities and noNewPrivileges of spawn.',
  ],
  mutants: [
    {
      mistake: 'there is no user namespace: the command has the rights of root outside',
      change: [
        ["['user', 'mount'", "['mount'"],
        ['  idMaps: mapSelf(),\n', ''],
      ],
      hint: LINKS,
    },
    {
      mistake: 'the cgroup namespace is forgotten',
      change: [[", 'cgroup']", ']']],
      hint: LINKS,
    },
    {
      mistake: 'the tmpfs is mounted by the program itself, and so outside',
      change: [
        ['  spawn,\n', '  spawn,\n  sys as here,\n'],
        ['const child = await', `here.${TMPFS.slice(4)}\nconst child = await`],
        [`    ${TMPFS}\n`, ''],
      ],
      hint: 'Open /proc/self/mountinfo before the program runs, and poll it afterwards.',
    },
    {
      mistake: 'there is no overlay: what the command writes is in the directory',
      change: [
        ['  MS_NOEXEC,\n', '  MS_BIND,\n  MS_NOEXEC,\n'],
        [OVERLAY, "sys.mount('.', '/tmp/root', null, MS_BIND | MS_REC, null);"],
        ["    const layers = 'lowerdir=.,upperdir=/tmp/upper,workdir=/tmp/work,userxattr';\n", ''],
      ],
      hint: 'Let the command make a file and change another, and look into the directory afterwards.',
    },
    {
      mistake: 'the old root is not unmounted',
      change: [[DETACH, '']],
      hint: TABLE,
    },
    {
      mistake: 'chroot stands for pivot_root: the command can get out',
      change: [
        [PIVOT, "    sys.chroot('.');\n"],
        [DETACH, ''],
      ],
      hint: 'Let the command try to get out, as in lesson 10.',
    },
    {
      mistake: '/sys can be written to',
      change: [['RESTRICTED | MOUNT_ATTR_RDONLY', 'RESTRICTED']],
      hint: TABLE,
    },
    {
      mistake: 'the devices are plain files',
      change: [["      sys.move_mount(devices[i] ?? -1, '', AT_FDCWD, node, MOVE_MOUNT_F_EMPTY_PATH);\n", '']],
      hint: 'Let the command ask [ -c /dev/null ], write to it, and read from it.',
    },
    {
      mistake: 'the loopback interface is down',
      change: [['    setLoopbackUp(sys);\n', '']],
      hint: 'Let the command print /sys/class/net/lo/flags: the lowest bit is IFF_UP.',
    },
    {
      mistake: 'the command keeps all capabilities',
      change: [['  capabilities: CAPABILITIES,\n', '']],
      hint: STATUS,
    },
    {
      mistake: 'the command can get new privileges by execve',
      change: [['  noNewPrivileges: true,\n', '']],
      hint: STATUS,
    },
    {
      mistake: 'the command has the environment of outside, with all that is secret in it',
      change: [['  env: { PATH:', '  env: { ...process.env, PATH:']],
      hint: 'Set a variable in your test, and let the command print the names of all that it has.',
    },
  ],
  // The learner's own ID, the first of those that /etc/subuid gives, and the ID of a container.
  varies: [/\b1\d{3}\b/, /\b\d{6}\b/, /\b[0-9a-f]{12}\b/],
} satisfies Lesson;
