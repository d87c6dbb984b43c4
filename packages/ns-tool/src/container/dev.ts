/** /dev of a container. Pure. See the OCI runtime specification, config-linux.md, "Default Devices" and "Filesystems". */
import {
  AT_FDCWD,
  MOVE_MOUNT_F_EMPTY_PATH,
  MS_NODEV,
  MS_NOEXEC,
  MS_NOSUID,
  MS_STRICTATIME,
  makedev,
  O_CLOEXEC,
  O_NOCTTY,
  O_RDWR,
  type Recorder,
  S_IFCHR,
  S_IFREG,
  TIOCSCTTY,
} from '@ns-tool/syscalls';
import { openMountPoint } from './proc-and-sys.ts';

/** The device nodes: their numbers are those of the kernel's Documentation/admin-guide/devices.txt. */
export const DEVICES = [
  { name: 'null', device: makedev(1, 3) },
  { name: 'zero', device: makedev(1, 5) },
  { name: 'full', device: makedev(1, 7) },
  { name: 'random', device: makedev(1, 8) },
  { name: 'urandom', device: makedev(1, 9) },
  { name: 'tty', device: makedev(5, 0) },
] as const;

const LINKS = [
  ['fd', '/proc/self/fd'],
  ['stdin', '/proc/self/fd/0'],
  ['stdout', '/proc/self/fd/1'],
  ['stderr', '/proc/self/fd/2'],
  ['ptmx', 'pts/ptmx'],
] as const;

/** The group that owns terminals. */
const TTY_GROUP = 5;

/**
 * Mounts a fresh /dev, with the devices that every program may expect.
 *
 * @param nodes the host's device nodes by name, as detached mounts, where mknod(2) is not permitted: in a user namespace.
 * @param hasTtyGroup whether the group of terminals is mapped here.
 */
export function populateDev(sys: Recorder, nodes: ReadonlyMap<string, number> | null, hasTtyGroup: boolean): void {
  sys.fchdir(openMountPoint(sys, '/dev'));
  sys.mount('tmpfs', '.', 'tmpfs', MS_NOSUID | MS_STRICTATIME, 'mode=755,size=64k');
  sys.chdir('/');
  if (nodes === null) sys.include(makeNodes);
  else showNodes(sys, nodes);
  sys.include(hasTtyGroup ? fillDev : fillDevWithoutTtyGroup);
}

function makeNodes(sys: Recorder): void {
  for (const { name, device } of DEVICES) sys.mknodat(AT_FDCWD, `/dev/${name}`, S_IFCHR | 0o666, device);
}

function showNodes(sys: Recorder, nodes: ReadonlyMap<string, number>): void {
  for (const [name, node] of nodes) {
    sys.mknodat(AT_FDCWD, `/dev/${name}`, S_IFREG | 0o666, 0);
    sys.move_mount(node, '', AT_FDCWD, `/dev/${name}`, MOVE_MOUNT_F_EMPTY_PATH);
  }
}

const PTS = 'newinstance,ptmxmode=0666,mode=0620';

const fillDev = (sys: Recorder) => linkAndMount(sys, `${PTS},gid=${TTY_GROUP}`);
const fillDevWithoutTtyGroup = (sys: Recorder) => linkAndMount(sys, PTS);

/** All that is in this /dev was made here: a path in it leads nowhere else. */
function linkAndMount(sys: Recorder, pts: string): void {
  for (const [name, target] of LINKS) sys.symlinkat(target, AT_FDCWD, `/dev/${name}`);
  for (const name of ['pts', 'shm', 'mqueue']) sys.mkdirat(AT_FDCWD, `/dev/${name}`, 0o755);
  sys.mount('devpts', '/dev/pts', 'devpts', MS_NOSUID | MS_NOEXEC, pts);
  const shared = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  sys.mount('tmpfs', '/dev/shm', 'tmpfs', shared, 'mode=1777,size=64m');
  sys.mount('mqueue', '/dev/mqueue', 'mqueue', shared, null);
}

/**
 * Makes a terminal /dev/console, and the controlling one of this session; unless an init leads that, from which the command
 * has its own session and the terminal. OCI runtime specification, config-linux.md,
 * "Default Devices".
 *
 * @param mount a detached mount of its slave.
 */
export function setConsole(
  sys: Recorder,
  { slave, mount }: { readonly slave: number; readonly mount: number },
  hasInit: boolean,
): void {
  sys.mknodat(AT_FDCWD, CONSOLE, S_IFREG | 0o600, 0);
  sys.move_mount(mount, '', AT_FDCWD, CONSOLE, MOVE_MOUNT_F_EMPTY_PATH);
  // Opened anew: a terminal that was opened outside has no name in here. ttyname(3), ENODEV.
  const opened = sys.openat(AT_FDCWD, CONSOLE, O_RDWR | O_NOCTTY | O_CLOEXEC);
  sys.dup3(opened, slave, O_CLOEXEC);
  if (!hasInit) sys.ioctl(slave, TIOCSCTTY, 0);
}

const CONSOLE = '/dev/console';
