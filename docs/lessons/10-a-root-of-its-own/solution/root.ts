/** Runs a command in a root of its own: it finds the files of one directory, and no others. */
import { MNT_DETACH, MS_BIND, MS_PRIVATE, MS_REC, spawn } from '@ns-tool/syscalls';

const [directory = '', command = '', ...args] = process.argv.slice(2);

const child = await spawn(command, args, {
  namespaces: ['mount'],
  setup: (sys) => {
    // On shared mounts, the bind mount would appear outside too, and then pivot_root would fail: EINVAL.
    sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);

    // Only a mount can become the root. Bound on itself, the directory is one; MS_REC: with all that is mounted in it.
    sys.mount(directory, directory, null, MS_BIND | MS_REC, null);

    // The directory becomes the root, and the old root is mounted over it: there `.` finds it, and detaches it.
    sys.chdir(directory);
    sys.pivot_root('.', '.');
    sys.umount2('.', MNT_DETACH);
  },
});

const { status } = await child.exited;
process.exitCode = status ?? 1;
