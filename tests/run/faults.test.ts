import { describeFaults } from '../support/child-faults.ts';
import { LEARNER, makeLearner, needsIdMapping } from '../support/subordinate-user.ts';
import { MAKE_ROOTFS } from './rootfs.ts';

/** A user who has only the own ID to map, beside the one who has more. */
const OTHER = 54322;

/** Where nothing of the machine is: states, stores and boxes are the stand's own. */
const PREPARE = `
mount -t tmpfs run /run
cat > /run/make-rootfs <<'END'
${MAKE_ROOTFS}
END
mkdir /run/box && sh /run/make-rootfs /run/box
for uid in ${LEARNER} ${OTHER}
do mkdir /run/$uid; cp -a /run/box /run/$uid; chown -hR $uid:$uid /run/$uid; done
${makeLearner('200000:65536', '300000:65536')}
`;

/** What the killed runs have left, cleanup removes, all of it. */
const CLEAN_UP = `
tool='/node/node /checkout/packages/ns-tool/dist/bin/ns-tool.cjs cleanup --store'
$tool /run/store > /dev/null
for uid in ${LEARNER} ${OTHER}
do XDG_RUNTIME_DIR=/run/$uid setpriv --reuid $uid --regid $uid --clear-groups $tool /run/$uid/store > /dev/null; done
left=$(find /run/ns-tool /run/*/ns-tool /run/store/containers /run/*/store/containers -mindepth 1)
[ -z "$left" ] || { printf '%s\\n' "$left" >&2; false; }
`;

/** A file of /proc that the kernel does not have is neither bound nor remounted. */
const CONTAINER = { isInit: true, missesInPairs: true };

const as = (uid: number) => ({
  args: ['run', '--store', `/run/${uid}/store`, `/run/${uid}/box`],
  env: { XDG_RUNTIME_DIR: `/run/${uid}` },
  uid,
  ...CONTAINER,
});

describeFaults(
  'ns-tool run',
  [
    { args: ['run', '--store', '/run/store', '/run/box'], ...CONTAINER },
    ...(needsIdMapping('ns-tool run as a user with subordinate IDs') ? [] : [as(LEARNER)]),
    as(OTHER),
  ],
  { prepare: PREPARE, cleanUp: CLEAN_UP },
);
