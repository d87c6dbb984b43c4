import { needsCgroups } from '../support/cgroups.ts';
import { describeFaults } from '../support/child-faults.ts';
import { MAKE_ROOTFS } from './rootfs.ts';

/** Where nothing of the machine is: states, a store and a box are the stand's own. */
const PREPARE = `
mount -t tmpfs run /run
cat > /run/make-rootfs <<'END'
${MAKE_ROOTFS}
END
mkdir /run/box && sh /run/make-rootfs /run/box
`;

/** What the killed runs have left, cleanup removes, all of it. */
const CLEAN_UP = `
ids=$(ls -A /run/ns-tool)
tool='/node/node /checkout/packages/ns-tool/dist/bin/ns-tool.cjs cleanup --store'
$tool /run/store > /dev/null
left=$(ls -A /run/ns-tool /run/store/containers)
for id in $ids; do left="$left$(find /sys/fs/cgroup -name ns-tool-$id)"; done
[ -z "$(printf '%s\\n' "$left" | grep -v ':$')" ] || { printf '%s\\n' "$left" >&2; false; }
`;

describeFaults(
  'ns-tool run',
  [
    // A file of /proc that the kernel does not have is neither bound nor remounted.
    { args: ['run', '--store', '/run/store', '/run/box'], isInit: true, missesInPairs: true },
    // In a cgroup, and in no memory of ns-tool's.
    ...(needsCgroups('a fault at every step of a container with limits')
      ? []
      : [
          {
            args: ['run', '--pids-limit', '50', '--store', '/run/store', '/run/box'],
            isInit: true,
            missesInPairs: true,
          },
        ]),
  ],
  { prepare: PREPARE, cleanUp: CLEAN_UP },
);
