/** A Debian, made by mmdebstrap(1), umoci and skopeo: pulled, run and taken away, on a machine of the test's own. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Learner } from '../lessons/learner.ts';
import { needsRoot } from '../support/privilege.ts';
import { lacks, type Registry, startRegistry } from './support/registry.ts';

const lacking =
  needsRoot('a Debian, pulled and run') || lacks('a Debian', 'mmdebstrap', 'docker-registry', 'skopeo', 'umoci');

/** Debian's own packages. */
const MAKE_ROOT = `
mkdir -p /tmp/debian; cd /tmp/debian
mmdebstrap --quiet --variant=essential --skip=output/dev --aptopt='Acquire::Check-Valid-Until "false"' "$(. /etc/os-release; echo "$VERSION_CODENAME")" root.tar
`;

/**
 * Layers over Debian's packages, as umoci packs what has changed: without the directories above it. The image `user` has no
 * devices.
 */
const MAKE = `
set -e
cd /tmp/debian
umoci init --layout image
umoci new --image image:user
umoci raw add-layer --image image:user root.tar
change() {
  umoci unpack --image image:user bundle
  (cd bundle/rootfs; eval "$2")
  umoci repack --image "image:$1" bundle
  rm -r bundle
}
change user '
  rm -r usr/share/doc; mkdir usr/share/doc; echo none > usr/share/doc/README
  cp bin/cat usr/bin/capable; setcap cap_net_raw+ep usr/bin/capable; ln usr/bin/capable usr/bin/also
  mkfifo var/tmp/fifo; ln -sfn /etc/debian_version version; chown 1000:1001 etc/issue
  mkdir -p opt/of/games; chown 7:8 opt opt/of; chmod 2750 opt'
change user 'rm -r usr/share/doc etc/skel; echo file > etc/skel; rm usr/bin/also; truncate -s 50M sparse; echo > opt/of/games/chess'
change root 'mknod srv/dead c 1 3; mknod disk b 8 1'
for image in root user; do
  umoci raw unpack --image image:$image expected-$image
  skopeo copy --quiet --dest-tls-verify=false oci:image:$image docker://$1/debian:$image
done
`;

/** Everything of the files of a directory, in one order. */
const PACK =
  "tar --create --sort=name --format=posix --pax-option=delete=atime,delete=ctime --xattrs --xattrs-include='*' --numeric-owner";

/** Mounts the layers that the store has of an image, one over the other. */
const MERGE = `
cd ~learner/ns-tool
mkdir -p /tmp/debian/empty
layers=$(node --input-type=module -e '
  import { openStore } from "@ns-tool/images";
  console.log(openStore(process.env.NS_TOOL_STORE).find(process.argv[1]).layers.toReversed().join(":"));
' "$1")
mkdir /tmp/debian/merged-$2
mount -t overlay -o "lowerdir=$layers:/tmp/debian/empty" debian /tmp/debian/merged-$2
`;

/** Prints how much there is to compare, and each difference. */
function compare(who: string): string {
  return `cd /tmp/debian; pack() { sudo ${PACK} -C "$1-${who}" .; }; pack expected | wc -c; cmp <(pack expected) <(pack merged) || diff <(pack expected | tar -tv) <(pack merged | tar -tv)`;
}

/** Calls ns-tool as root or as the user, each with a store of its own. */
function as(who: string): string {
  const [store, sudo] =
    who === 'root' ? ['/tmp/store-of-root', 'sudo --preserve-env=NS_TOOL_STORE '] : ['/tmp/store', ''];
  return `export NS_TOOL_STORE=${store}; tool() { ${sudo}ns-tool "$@"; }`;
}

describe.skipIf(lacking)('a Debian', () => {
  let registry: Registry;
  let user: Learner;
  let isThere = false;
  beforeAll(async () => {
    registry = await startRegistry();
    user = await Learner.make();
    await user.write('~/make-root', MAKE_ROOT, { append: false });
    await user.write('~/make', MAKE, { append: false });
    await user.write('~/merge', MERGE, { append: false });
    isThere = (await user.type('sudo sh ~/make-root > ~/log 2>&1; echo $?')) === '0\n';
    if (isThere) expect(await user.type(`sudo sh ~/make ${registry.host} > ~/log 2>&1 || cat ~/log`)).toBe('');
    else console.warn(`skipped, since its packages are out of reach: a Debian\n${await user.type('cat ~/log')}`);
  }, 180_000);
  afterAll(async () => {
    await user?.[Symbol.asyncDispose]();
    await registry?.[Symbol.asyncDispose]();
  });

  it.each(['root', 'user'])('of %s has each file as umoci unpacks it', async (who) => {
    if (!isThere) return;
    const name = `${registry.host}/debian:${who}`;
    await user.type(as('root'));
    expect(await user.type(`tool pull ${name} > ~/log 2>&1 || cat ~/log`)).toBe('');
    expect(await user.type(`sudo --preserve-env=NS_TOOL_STORE sh ~/merge ${name} ${who}`)).toBe('');
    const [size, ...differences] = (await user.type(compare(who))).trimEnd().split('\n');
    expect(differences).toEqual([]);
    expect(Number(size)).toBeGreaterThan(100_000_000);
  });

  it.each(['root', 'user'])('of %s runs, and leaves nothing', async (who) => {
    if (!isThere) return;
    const name = `${registry.host}/debian:${who}`;
    await user.type(as(who));
    expect(await user.type(`tool pull ${name} > ~/log 2>&1 || cat ~/log`)).toBe('');
    const inside = (script: string) => user.type(`tool run ${name} sh -c '${script}'`);
    // Debian's own check of its files.
    expect(await inside('dpkg --verify | grep -v /usr/share/doc')).toMatch(
      /^(missing +c \/etc\/skel\/\.\w+ \(Not a directory\)\n){3}$/,
    );
    expect(await inside('perl -e "print 6*7"; cat version; stat -c "%a %u:%g" opt etc/issue')).toMatch(
      /^42\d+\.\d+\n2750 7:8\n644 1000:1001\n$/,
    );
    expect(await inside('rm -r /usr/share /bin/ls && mkdir /usr/share && echo /usr/share/*')).toBe('/usr/share/*\n');

    const ready = 'tool exec debian test -e /tmp/ready 2> /dev/null';
    const waiting = 'trap "exit 3" TERM; echo > /tmp/ready; while :; do sleep 0.1; done';
    await user.type(`tool run --name debian ${name} sh -c '${waiting}' & until ${ready}; do sleep 0.1; done`);
    expect(await user.type("tool exec debian -- sh -c 'cat /proc/1/comm; id -un'")).toBe('sh\nroot\n');
    expect(await user.type('tool stop debian > /dev/null; wait $!; echo $?; tool ps -q; tool cleanup')).toBe(
      '3\nNothing is left over.\n',
    );
    await user.type(`for who in root user; do tool rmi ${registry.host}/debian:$who; done; tool cleanup`);
    expect(await user.type("sudo find $NS_TOOL_STORE -mindepth 2 -maxdepth 3 ! -path '*/blobs/sha256'")).toBe('');
  });
});
