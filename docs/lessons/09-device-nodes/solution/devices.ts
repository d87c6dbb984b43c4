/** Runs a command with a small /dev: the devices that every program may expect, and no other of the machine's. */
import { AT_FDCWD, MS_NOEXEC, MS_NOSUID, MS_PRIVATE, MS_REC, makedev, S_IFCHR, spawn } from '@ns-tool/syscalls';

const [directory = '', command = '', ...args] = process.argv.slice(2);

/** Name, major and minor. A name means nothing to the kernel: it knows a device by the two numbers alone. */
const DEVICES = [
  ['null', 1, 3],
  ['zero', 1, 5],
  ['full', 1, 7],
  ['random', 1, 8],
  ['urandom', 1, 9],
  ['tty', 5, 0],
] as const;

const LINKS = [
  ['fd', '/proc/self/fd'],
  ['stdin', '/proc/self/fd/0'],
  ['stdout', '/proc/self/fd/1'],
  ['stderr', '/proc/self/fd/2'],
  ['ptmx', 'pts/ptmx'],
] as const;

const child = await spawn(command, args, {
  namespaces: ['mount'],
  setup: (sys) => {
    sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);

    // Not MS_NODEV: no device on it could be opened. And not everybody's to write in, as a tmpfs is by default.
    sys.mount('dev', directory, 'tmpfs', MS_NOSUID, 'mode=755');

    // The umask would take the permission to write away from the nodes. The command gets it back as it was.
    const umask = sys.umask(0);
    for (const [name, major, minor] of DEVICES) {
      sys.mknodat(AT_FDCWD, `${directory}/${name}`, S_IFCHR | 0o666, makedev(major, minor));
    }
    sys.umask(umask);

    // Terminals of its own: ptmx makes them, and their nodes appear beside it. By default, only root could open it.
    sys.mkdirat(AT_FDCWD, `${directory}/pts`, 0o755);
    sys.mount('devpts', `${directory}/pts`, 'devpts', MS_NOSUID | MS_NOEXEC, 'newinstance,mode=620,ptmxmode=666');

    for (const [name, target] of LINKS) sys.symlinkat(target, AT_FDCWD, `${directory}/${name}`);
  },
});

const { status } = await child.exited;
process.exitCode = status ?? 1;
