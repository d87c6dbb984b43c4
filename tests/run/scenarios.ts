/** Containers of many kinds, and the stand for them: what the contract (contract.ts) is held against. */
import { LEARNER, makeLearner } from '../support/subordinate-user.ts';
import { PROBE, type Scenario } from './contract.ts';
import { MAKE_ROOTFS } from './rootfs.ts';

/** A user who has only the own ID to map. */
const OTHER = 54322;

/** Links in an image that would lead a mount elsewhere. */
const LINKED = ['proc', 'sys', 'dev'];

/** Prepares a stand. Of the machine's files only /etc could be changed by a mutant that has stayed outside: it is a copy. */
export const PREPARE = `
set -e
cp -a /etc /etc-of-stand-alone && mount --bind /etc-of-stand-alone /etc
mount -t tmpfs run /run
cat > /run/make-rootfs <<'END'
${MAKE_ROOTFS}
END
mkdir /run/box && sh /run/make-rootfs /run/box
mknod -m 666 /run/box/device c 1 5
mkdir /run/box/tree && touch /run/box/tree/leaf
cat > /run/box/probe <<'END'
${PROBE}
END
chmod 755 /run/box/probe

mkdir -p /run/data/below && mount -t tmpfs below /run/data/below
echo volume > /run/data/file
touch /run/data/below/mark
chmod 777 /run/data /run/data/below

mkdir /run/bare && cp -a /run/box/bin /run/box/probe /run/box/tree /run/bare
cp -a /run/box /run/place && mount -t tmpfs below /run/place/tmp
mknod /run/place/tmp/device c 1 5 && ln -sf tmp/device /run/place/device
cp -a /run/box /run/fifo && rm /run/fifo/etc/hosts && mkfifo /run/fifo/etc/hosts
mkdir -p /run/box/mnt/neighbour && ln -s ../mnt/neighbour /run/box/to-neighbour
for name in ${LINKED.join(' ')}
do cp -a /run/box /run/box-$name; rmdir /run/box-$name/$name; ln -s tmp /run/box-$name/$name; done
for uid in ${LEARNER} ${OTHER}
do mkdir /run/$uid; cp -a /run/box /run/$uid; chown -hR $uid:$uid /run/$uid; done

# As \`docker save\` names its files.
mkdir /run/upper /run/image && cd /run/image
config=$(printf %064d 0).json lower=$(printf %064d 1).tar upper=$(printf %064d 2).tar
echo upper > /run/upper/layer && tar -C /run/upper -cf $upper .
echo lower > /run/box/layer && tar -C /run/box -cf $lower . && rm /run/box/layer
ids=$(sha256sum $lower $upper | sed 's/ .*/"/; s/^/"sha256:/' | paste -sd,)
architecture=$(/node/node -p 'process.arch.replace("x64", "amd64")')
echo '{"os":"linux","architecture":"'$architecture'","rootfs":{"type":"layers","diff_ids":['$ids']},"config":{"User":"ada"}}' > $config
echo '[{"Config":"'$config'","Layers":["'$lower'","'$upper'"]}]' > manifest.json
tar -cf /run/image.tar *
/node/node /checkout/packages/ns-tool/dist/bin/ns-tool.cjs pull --store /run/store --name image /run/image.tar >/dev/null
${makeLearner('200000:65536', '300000:65536')}
`;

const store = (uid?: number) => ['--store', uid === undefined ? '/run/store' : `/run/${uid}/store`];
const ownId = (id: number) => `0 ${id} 1`;
const ADA = {
  ids: [1000, 1001, '20 44'],
  home: '/home/ada',
  cannot: ['write to the root', 'replace a directory of the image'],
} as const;
const VOLUMES = ['-v', '/run/data:/data', '-v', '/run/data:/ro:ro', '-v', '/run/data/file:/dev/volume'];

/** The first is root without options. Of the others, what they add to those before is changed, or what `changes` says. */
export const SCENARIOS: readonly Scenario[] = [
  { name: 'root, of a directory', args: [...store(), '/run/box'] },
  {
    name: 'a user of an image, with mounts, read-only',
    args: [
      ...[...store(), ...VOLUMES, '--tmpfs', '/tmp:size=1m,mode=1777', '--read-only', '-w', '/home/ada', '-h', 'web-1'],
      'image',
    ],
    ...ADA,
    readOnly: true,
    directory: '/home/ada',
    hostname: 'web-1',
    mounts: {
      ...{ '/data': 'rw', '/data/below': 'rw', '/ro': 'ro', '/ro/below': 'ro', '/dev/volume': 'rw' },
      '/tmp': 'tmpfs tmpfs rw,nosuid,nodev,noexec,relatime size=1024k',
    },
    can: ['write to a volume', 'see what is mounted in a volume', 'see a volume in /dev', 'see the upper layer'],
  },
  {
    name: 'privileged, with the network of the host, by chroot(2)',
    args: [...store(), '--privileged', '--network', 'host', '--chroot', '/run/box'],
    privileged: true,
    network: 'host',
    can: ['set a sysctl', 'read keys', 'use a device node of the image', 'mount'],
  },
  {
    name: 'of a directory with a shell alone',
    args: [...store(), '-w', '/new/directory', '/run/bare'],
    ...{ directory: '/new/directory', home: '/', ids: [0, 0, ''], cannot: ['write to a tmpfs'] },
    isBare: true,
    changes: ({ name, args }) => name === 'openat2' || name === 'mkdirat' || (name === 'mknodat' && args[1] !== '/'),
  },
  {
    name: 'of a directory in place, read-only',
    args: [...store(), '--in-place', '--read-only', '/run/place'],
    readOnly: true,
    mounts: { '/': 'tmpfs run ro,nodev,relatime', '/tmp': 'tmpfs below ro,nodev,relatime' },
    cannot: ['write to the root', 'replace a directory of the image', 'write to a tmpfs'],
  },
  {
    name: 'a fifo in place of /etc/hosts',
    args: [...store(), '/run/fifo'],
    changes: ({ name, args }) => name === 'openat2' && args[1] === '/etc/hosts',
  },
  {
    name: 'a script without #!, for which the program is gone through again',
    args: [...store(), '/run/box'],
    command: ['/probe'],
    of: 1,
    changes: ({ name }) => name === 'unlinkat',
  },
  {
    name: 'a volume by a link of the image',
    args: [...store(), '-v', '/run/data:/to-neighbour/made', '/run/box'],
    mounts: { '/mnt/neighbour/made': 'rw', '/mnt/neighbour/made/below': 'rw' },
    changes: ({ name, args }) => name === 'umount2' || (name === 'mount' && args[1] === '/'),
  },
  ...LINKED.map(
    (name): Scenario => ({
      name: `a link in place of /${name}`,
      args: [...store(), `/run/box-${name}`],
      refused: new RegExp(`openat\\(AT_FDCWD, "/${name}".*ENOTDIR`),
      changes: ({ name: call, args }) => call === 'openat' && args[1] === `/${name}`,
    }),
  ),
  {
    name: 'a working directory by a link of /proc',
    args: [...store(), '-w', '/proc/self/fd/9', '/run/box'],
    refused: /openat2\(AT_FDCWD, "\/proc\/self\/fd\/9".*ELOOP/,
    changes: ({ args }) => args[1] === '/proc/self/fd/9',
  },
  {
    name: 'a volume by a link of /dev',
    args: [...store(), '-v', '/run/data:/dev/fd/9/made', '/run/box'],
    refused: /openat2\(AT_FDCWD, "\/dev\/fd\/9".*ELOOP/,
    changes: ({ args }) => args[1] === '/dev/fd/9',
  },
  {
    name: 'as an ordinary user',
    args: [...store(OTHER), `/run/${OTHER}/box`],
    uid: OTHER,
    // setgroups(2) is denied.
    ids: [0, 0, ''],
    idMaps: [[ownId(OTHER)], [ownId(OTHER)]],
  },
  {
    name: 'as one who has more IDs, and another inside',
    args: [...store(LEARNER), '-u', 'ada', `/run/${LEARNER}/box`],
    uid: LEARNER,
    ...ADA,
    idMaps: [
      [ownId(LEARNER), '1 200000 65536'],
      [ownId(LEARNER), '1 300000 65536'],
    ],
  },
  {
    name: 'as an ordinary user, with the network of the host',
    args: [...store(OTHER), '--network', 'host', `/run/${OTHER}/box`],
    uid: OTHER,
    network: 'host',
    ids: [0, 0, ''],
    idMaps: [[ownId(OTHER)], [ownId(OTHER)]],
  },
];
