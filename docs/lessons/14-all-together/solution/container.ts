/** Runs a command in a container: the files of one directory, and processes, a network and rights of its own. */
import { constants } from 'node:os';
import {
  AF_NETLINK,
  AT_FDCWD,
  FSCONFIG_CMD_CREATE,
  FSMOUNT_CLOEXEC,
  FSOPEN_CLOEXEC,
  MNT_DETACH,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_NOSUID,
  MOUNT_ATTR_RDONLY,
  MOVE_MOUNT_F_EMPTY_PATH,
  MS_NOEXEC,
  MS_NOSUID,
  MS_PRIVATE,
  MS_REC,
  mapSelf,
  NETLINK_ROUTE,
  OPEN_TREE_CLOEXEC,
  OPEN_TREE_CLONE,
  type Recorder,
  S_IFREG,
  SOCK_CLOEXEC,
  SOCK_RAW,
  spawn,
} from '@ns-tool/syscalls';

const [directory = '', command = '', ...args] = process.argv.slice(2);

const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];
const LINKS = { fd: '/proc/self/fd', stdin: 'fd/0', stdout: 'fd/1', stderr: 'fd/2', ptmx: 'pts/ptmx' };

/** Of its own files, processes and network only, and not all of that: it cannot mount, or set an interface up or down. */
const CAPABILITIES = ['CAP_DAC_OVERRIDE', 'CAP_KILL', 'CAP_NET_BIND_SERVICE', 'CAP_SYS_CHROOT'] as const;

const RESTRICTED = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

const child = await spawn(command, args, {
  // The first also for root: so the command's root is root over the others, and over nothing else.
  namespaces: ['user', 'mount', 'uts', 'ipc', 'pid', 'net', 'cgroup'],
  idMaps: mapSelf(),
  setup: (sys) => {
    sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);

    // What comes from outside, while that is in sight: the kernel allows a new proc only where an old one is seen.
    const proc = makeMount(sys, 'proc', RESTRICTED);
    const sysfs = makeMount(sys, 'sysfs', RESTRICTED | MOUNT_ATTR_RDONLY);
    const devices = DEVICES.map((name) => sys.open_tree(AT_FDCWD, `/dev/${name}`, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));

    // The root: the directory below, which stays as it is, and a tmpfs above, which takes what is written.
    sys.chdir(directory);
    sys.mount('tmpfs', '/tmp', 'tmpfs', 0, null);
    for (const name of ['upper', 'work', 'root']) sys.mkdirat(AT_FDCWD, `/tmp/${name}`, 0o755);
    const layers = 'lowerdir=.,upperdir=/tmp/upper,workdir=/tmp/work,userxattr';
    sys.mount('overlay', '/tmp/root', 'overlay', 0, layers);
    sys.chdir('/tmp/root');
    sys.pivot_root('.', '.');
    sys.umount2('.', MNT_DETACH);

    // Paths in the new root, only now: if the directory has a link for /proc, it cannot lead out of it.
    attach(sys, proc, '/proc');
    attach(sys, sysfs, '/sys');
    sys.allowing('EEXIST').mkdirat(AT_FDCWD, '/dev', 0o755);
    sys.mount('tmpfs', '/dev', 'tmpfs', MS_NOSUID, 'mode=755');
    for (const [i, name] of DEVICES.entries()) {
      const node = `/dev/${name}`;
      sys.mknodat(AT_FDCWD, node, S_IFREG | 0o666, 0);
      sys.move_mount(devices[i] ?? -1, '', AT_FDCWD, node, MOVE_MOUNT_F_EMPTY_PATH);
    }
    for (const [name, target] of Object.entries(LINKS)) sys.symlinkat(target, AT_FDCWD, `/dev/${name}`);
    sys.mkdirat(AT_FDCWD, '/dev/pts', 0o755);
    sys.mount('devpts', '/dev/pts', 'devpts', MS_NOSUID | MS_NOEXEC, 'newinstance,mode=620,ptmxmode=666');

    sys.sethostname('container');
    setLoopbackUp(sys);
  },
  cwd: '/',
  env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', TERM: process.env.TERM },
  capabilities: CAPABILITIES,
  noNewPrivileges: true,
  // Process 1 ignores a SIGTERM, but not the kernel's SIGKILL, which it gets when this process ends.
  parentDeathSignal: 'SIGKILL',
});

const { status, signal } = await child.exited;
process.exitCode = signal === null ? (status ?? 1) : 128 + constants.signals[signal];

/** A new file system, in a mount that is nowhere yet. */
function makeMount(sys: Recorder, type: string, attributes: number): number {
  const context = sys.fsopen(type, FSOPEN_CLOEXEC);
  sys.fsconfig(context, FSCONFIG_CMD_CREATE, null, null, 0);
  return sys.fsmount(context, FSMOUNT_CLOEXEC, attributes);
}

/** Mounts it on a directory, which is made if it is missing. */
function attach(sys: Recorder, mount: number, path: string): void {
  sys.allowing('EEXIST').mkdirat(AT_FDCWD, path, 0o755);
  sys.move_mount(mount, '', AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH);
}

/** An interface goes up by a message to the kernel: rtnetlink(7). A new network has one, the loopback, which is down. */
function setLoopbackUp(sys: Recorder): void {
  const [RTM_NEWLINK, NLM_F_REQUEST, LOOPBACK, IFF_UP] = [16, 1, 1, 1];
  // Length, type and flags, two that may be 0; then family and type, which interface, its flags, and which of them count.
  const message = Uint32Array.of(32, RTM_NEWLINK | (NLM_F_REQUEST << 16), 0, 0, 0, LOOPBACK, IFF_UP, IFF_UP);
  const socket = sys.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  sys.write(socket, new Uint8Array(message.buffer));
}
