/** Starts a command as the first process of a new pid namespace. */
import { MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_PRIVATE, MS_REC, spawn } from '@ns-tool/syscalls';

const [command = 'true', ...args] = process.argv.slice(2);

const child = await spawn(command, args, {
  // The mount namespace is for its /proc alone: a mount in ours would take our /proc away.
  namespaces: ['pid', 'mount'],
  setup: (sys) => {
    // Nothing that is mounted from here on appears in our mount namespace.
    sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);

    // What is mounted on /proc still shows our processes. A new proc shows those of the namespace of who mounts it.
    sys.mount('proc', '/proc', 'proc', MS_NOSUID | MS_NODEV | MS_NOEXEC, null);
  },
});
console.log(`outside: ${child.pid}`);

const { status } = await child.exited;
process.exitCode = status ?? 1; // null: a signal has ended it.
