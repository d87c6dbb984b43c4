/** Runs a command as root of a user namespace: root over what belongs to that, an ordinary user for all else. */
import { constants } from 'node:os';
import { MS_NODEV, MS_NOSUID, MS_PRIVATE, MS_REC, mapSelf, spawn } from '@ns-tool/syscalls';

const [directory = '', command = '', ...args] = process.argv.slice(2);

// The kernel makes the user namespace first, whatever their order here. The mount namespace then belongs to it, and its
// root may mount. It takes a child: no process with several threads can move into a user namespace.
const child = await spawn(command, args, {
  namespaces: ['user', 'mount'],
  // User and group 0 inside are ours outside, and no other exist. This map anybody may write; others take privilege.
  idMaps: mapSelf(),
  setup: (sys) => {
    // What was shared is a slave here already, which receives. Private, it does not.
    sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);
    sys.mount('tmpfs', directory, 'tmpfs', MS_NODEV | MS_NOSUID, null);
  },
});

const { status, signal } = await child.exited;
process.exitCode = signal === null ? (status ?? 1) : 128 + constants.signals[signal];
