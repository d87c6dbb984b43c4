import { describeFaults } from '../support/child-faults.ts';

/** A process with namespaces of its own, which is found by its name. */
const TARGET = 'fault-target';

describeFaults(
  'ns-tool enter',
  [
    { args: ['enter', TARGET, '--'], forks: true },
    { args: ['enter', TARGET, '--net', '--uts'] },
    { args: ['enter', TARGET, '--pid', '--user', '--preserve-credentials'], forks: true },
    { args: ['enter', TARGET, '--mount', '--wd=/', '--no-fork', '--pid'] },
  ],
  {
    // Started by a shell that goes on, and known once it has become what it is.
    prepare: `
      ln -s /bin/sleep /${TARGET}
      unshare --mount --uts --net --pid --user --map-root-user --fork --kill-child --mount-proc /${TARGET} 1000 >/dev/null 2>&1 &
      until pgrep -x ${TARGET}; do sleep 0.02; done`,
    cleanUp: `pkill -KILL -x ${TARGET}; while pgrep -x ${TARGET}; do sleep 0.02; done`,
  },
);
