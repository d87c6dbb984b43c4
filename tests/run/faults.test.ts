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
tool='/node/node /checkout/packages/ns-tool/dist/bin/ns-tool.cjs cleanup --store'
$tool /run/store > /dev/null
left=$(ls -A /run/ns-tool /run/store/containers)
[ -z "$(printf '%s\\n' "$left" | grep -v ':$')" ] || { printf '%s\\n' "$left" >&2; false; }
`;

describeFaults(
  'ns-tool run',
  [
    // A file of /proc that the kernel does not have is neither bound nor remounted.
    { args: ['run', '--store', '/run/store', '/run/box'], isInit: true, missesInPairs: true },
  ],
  { prepare: PREPARE, cleanUp: CLEAN_UP },
);
