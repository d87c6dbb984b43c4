/**
 * What a container must be, as checks that any version of `ns-tool run` can be held against: the product, and every mutant
 * (mutants.test.ts). A command inside tells what it finds and what it can do; and ns-tool, when it is killed, takes it along.
 */
import { expect } from 'vitest';
import { type Outcome, type RecordedStep, STARTED } from '../support/supervised.ts';

/** A command line, and what makes its container another than that of root without options. */
export interface Scenario {
  readonly name: string;
  /** Options, and the root. */
  readonly args: readonly string[];
  readonly uid?: number;
  readonly privileged?: boolean;
  readonly readOnly?: boolean;
  readonly network?: 'host';
  readonly hostname?: string;
  /** Real, effective, saved and file system ID of the user, likewise of the group, and supplementary groups. */
  readonly ids?: readonly [uid: number, gid: number, groups: string];
  readonly home?: string;
  readonly directory?: string;
  /** The lines of the maps of its user namespace; none for root. */
  readonly idMaps?: readonly [uid: readonly string[], gid: readonly string[]];
  /** Options of mounts that were asked for, by their targets. */
  readonly mounts?: Readonly<Record<string, string>>;
  /** What can be done that root without options cannot, and the other way round. */
  readonly can?: readonly string[];
  readonly cannot?: readonly string[];
  /** What ns-tool says, where it must not run the command. */
  readonly refused?: RegExp;
  /** The command in place of a shell that reads {@link PROBE}. */
  readonly command?: readonly string[];
  /** Which of the children is changed, and which steps of it; those that no scenario before has if left out. */
  readonly of?: number;
  readonly changes?: (step: RecordedStep) => boolean;
  /** Whether its root has no directories to mount on. */
  readonly isBare?: boolean;
}

const KINDS = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'user', 'uts'];

/** What Docker hides, and what it makes read-only: "maskedPaths" and "readonlyPaths" of its OCI configuration. */
const MASKED_FILES = ['interrupts', 'kcore', 'keys', 'latency_stats', 'timer_list', 'timer_stats', 'sched_debug'].map(
  (name) => `/proc/${name}`,
);
const MASKED_DIRECTORIES = [
  ...['/proc/acpi', '/proc/asound', '/proc/scsi'],
  ...['/sys/devices/virtual/powercap', '/sys/firmware'],
];
const READ_ONLY = ['bus', 'fs', 'irq', 'sys', 'sysrq-trigger'].map((name) => `/proc/${name}`);
/** Not every kernel has each of them. */
export const RESTRICTED = [...MASKED_FILES, ...MASKED_DIRECTORIES, ...READ_ONLY];

const DEVICES = { null: '1:3', zero: '1:5', full: '1:7', random: '1:8', urandom: '1:9', tty: '5:0' };
const OWN_FILES = ['/etc/hostname', '/etc/hosts', '/etc/resolv.conf'];

/** What can be tried inside, by name. */
const ATTEMPTS = {
  'write to /dev/null': 'echo x >/dev/null && [ -c /dev/null ]',
  'find /dev/full full': '! echo x >/dev/full',
  'open a terminal': 'exec 5<>/dev/ptmx',
  'use shared memory': 'echo x >/dev/shm/x',
  'use /dev/stdout': 'echo x >/dev/stdout',
  'write to the root': 'echo x >/written',
  'replace a directory of the image': 'rm -r /tree && mkdir /tree && [ ! -e /tree/leaf ]',
  'see the host': '[ -e /checkout ] || [ -e ../../../checkout ] || [ -e /run/box ]',
  'set a sysctl': 'echo x >/proc/sys/kernel/domainname',
  'write to its own files in /proc': 'echo probe >/proc/self/comm',
  'read keys': 'read -r key </proc/keys',
  'use a device node of the image': 'head -c 1 /device',
  mount: 'mount -t tmpfs x /tmp',
  'write to a volume': 'echo x >/data/new',
  'see what is mounted in a volume': '[ -e /data/below/mark ]',
  'write to a read-only volume': 'echo x >/ro/new',
  'write to what is mounted there': 'echo x >/ro/below/new',
  'see a volume in /dev': '[ -s /dev/volume ]',
  'write to a tmpfs': 'echo x >/tmp/x',
  'see the upper layer': 'read -r layer </layer && [ $layer = upper ]',
} as const;

/** What root without options can do of that. */
const USUAL: readonly string[] = [
  ...['write to /dev/null', 'find /dev/full full', 'open a terminal', 'use shared memory', 'use /dev/stdout'],
  'write to its own files in /proc',
  ...['write to the root', 'write to a tmpfs', 'replace a directory of the image'],
];

/** Tells what there is to find, and stays until it is killed. */
export const PROBE = `
for fd in $(ls /proc/self/fd); do echo "fd $fd"; done
exec 2>&1
tell() { while IFS= read -r line; do echo "$1 $line"; done <"$2"; }
echo "pid $$" /proc/[0-9]*
read -r pid name state parent group session rest </proc/$$/stat; echo "session $group $session"
echo "directory $(pwd)"
for file in status mountinfo uid_map gid_map setgroups; do tell $file /proc/self/$file; done
for kind in ${KINDS.join(' ')}; do echo "namespace $(readlink /proc/self/ns/$kind)"; done
for file in / . .. /dev /dev/* ${RESTRICTED.join(' ')}; do stat -c 'file %n|%F %a %t:%T' $file; done
for link in /dev/*; do echo "link \${link#/dev/} $(readlink $link)"; done
echo "name $(hostname)"
for file in ${OWN_FILES.join(' ')}; do tell "content $file" $file; done
ip addr show lo | while read -r line; do echo "lo $line"; done
env | while read -r line; do echo "env $line"; done
${Object.entries(ATTEMPTS)
  .map(([name, script]) => `(${script}) >/dev/null 2>&1 && echo "can ${name}"`)
  .join('\n')}
echo ${STARTED}
exec sleep 30`;

/**
 * Starts ns-tool with what a container must not get from it: groups, capabilities, a mask, a signal, a descriptor of a
 * directory of the host. And for root in namespaces of its own, which a mutant may leave to the container.
 */
export function burdened(isRoot: boolean): readonly string[] {
  const privileged = [
    ...['unshare', '--uts', '--ipc', '--net', '--cgroup', 'setpriv', '--regid', '7', '--groups', '7,8'],
    ...['--inh-caps', '+net_raw', '--ambient-caps', '+net_raw'],
  ];
  const kinds = KINDS.map((kind) => `echo "outside $(readlink /proc/self/ns/${kind})"`).join('; ');
  const script = `${kinds}; umask 077; trap "" 64; exec 9</mnt/neighbour; exec "$@"`;
  return [...(isRoot ? privileged : []), 'sh', '-c', script, 'sh'];
}

/** What the ground of a stand is like. */
export interface Ground {
  /** Of {@link RESTRICTED}, those that this kernel has. */
  readonly restricted: readonly string[];
  readonly resolvConf: string;
  /** The targets of its mounts at /sys and below. */
  readonly sysMounts: readonly string[];
  /** The capabilities that root has outside. */
  readonly capabilities: string;
}

/** What is to be seen of a version of the product. */
export interface Sight {
  readonly scenario: Scenario;
  readonly ground: Ground;
  readonly outcome: Outcome;
  /** The lines of standard output that begin with a word, without it. */
  told(word: string): readonly string[];
}

export function sightOf(scenario: Scenario, ground: Ground, outcome: Outcome): Sight {
  const lines = outcome.stdout.split('\n');
  const told = (word: string) =>
    lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));
  return { scenario, ground, outcome, told };
}

/** The targets of mounts that are the container's own, and whose options therefore are as the recipe says. */
const OWN_MOUNTS = /^\/$|^\/(proc|sys|tmp|etc)(\/|$)|^\/dev($|\/pts|\/shm|\/mqueue)/;

/** The options of a filesystem that are given; a tmpfs of a user namespace also shows who has mounted it. */
const GIVEN_OPTIONS: Readonly<Record<string, RegExp>> = { tmpfs: /^(size|mode)=/, devpts: /^(gid|mode|ptmxmode)=/ };

/** Only who owns the network namespace can mount a sysfs; others are shown that of the host. */
const showsSys = ({ network, uid }: Scenario) => network === 'host' && uid !== undefined;
const isBelowSys = (target: string) => /^\/sys(\/|$)/.test(target) && !MASKED_DIRECTORIES.includes(target);

/** Type and options of each mount; of what comes from the host, only whether it is read-only. */
function mountsIn({ scenario, told }: Sight): Record<string, string> {
  return Object.fromEntries(
    told('mountinfo').map((line) => {
      const [mount = '', superblock = ''] = line.split(' - ');
      const [, , , , target = '', options = ''] = mount.split(' ');
      const [type = '', source = '', data = ''] = superblock.split(' ');
      const given = data.split(',').filter((word) => GIVEN_OPTIONS[type]?.test(word));
      const isShown = MASKED_FILES.includes(target) || (showsSys(scenario) && isBelowSys(target));
      const isOwn = OWN_MOUNTS.test(target) && !isShown;
      return [target, isOwn ? [type, source, options, ...given].join(' ') : options.replace(/,.*/, '')];
    }),
  );
}

const each = (names: readonly string[], value: string) => Object.fromEntries(names.map((name) => [name, value]));
const DEVICE_FILES = Object.keys(DEVICES).map((name) => `/dev/${name}`);
const RESTRICTED_OPTIONS = 'nosuid,nodev,noexec,relatime';

function mountsOf({ scenario, ground }: Sight): Record<string, string> {
  const { readOnly, privileged, uid, idMaps, mounts } = scenario;
  const here = (paths: readonly string[]) => paths.filter((path) => ground.restricted.includes(path));
  // The group of terminals, 5, as it is called outside; where it is mapped.
  const [, others] = idMaps?.[1] ?? [];
  const gid = idMaps === undefined ? 5 : others && Number(others.split(' ')[1]) + 4;
  return {
    '/': `overlay overlay ${readOnly ? 'ro' : 'rw'}${privileged ? '' : ',nodev'},relatime`,
    ...each(OWN_FILES, `tmpfs ns-tool rw,${RESTRICTED_OPTIONS} size=1024k mode=755`),
    '/proc': `proc proc rw,${RESTRICTED_OPTIONS}`,
    '/sys': `sysfs sysfs ${privileged ? 'rw' : 'ro'},${RESTRICTED_OPTIONS}`,
    '/dev': 'tmpfs tmpfs rw,nosuid size=64k mode=755',
    '/dev/pts': `devpts devpts rw,nosuid,noexec,relatime${gid === undefined ? '' : ` gid=${gid}`} mode=620 ptmxmode=666`,
    '/dev/shm': `tmpfs tmpfs rw,${RESTRICTED_OPTIONS} size=65536k`,
    '/dev/mqueue': `mqueue mqueue rw,${RESTRICTED_OPTIONS}`,
    ...(uid !== undefined && each(DEVICE_FILES, 'rw')),
    ...(!privileged && {
      ...each(here(READ_ONLY), `proc proc ro,${RESTRICTED_OPTIONS}`),
      ...each(here(MASKED_FILES), 'rw'),
      ...each(here(MASKED_DIRECTORIES), `tmpfs tmpfs ro,${RESTRICTED_OPTIONS}`),
    }),
    ...(showsSys(scenario) && each(ground.sysMounts.filter(isBelowSys), 'ro')),
    ...mounts,
  };
}

function filesOf({ scenario, ground }: Sight): Record<string, string> {
  const isHidden = (path: string) => !scenario.privileged && ground.restricted.includes(path);
  const node = (device: string) => `character special file 666 ${device}`;
  return {
    ...Object.fromEntries(Object.entries(DEVICES).map(([name, device]) => [`/dev/${name}`, node(device)])),
    ...each(['/', '/dev', '/dev/pts'], 'directory 755 0:0'),
    ...(scenario.isBare && each(['.', '..'], 'directory 755 0:0')),
    ...each(['/dev/shm', '/dev/mqueue'], 'directory 1777 0:0'),
    ...each(MASKED_FILES.filter(isHidden), node('1:3')),
  };
}

const LINKS = ['fd /proc/self/fd', ...['stdin', 'stdout', 'stderr'].map((name, fd) => `${name} /proc/self/fd/${fd}`)];
const four = (id: number) => Array(4).fill(id).join(' ');
const NO_CAPABILITIES = '0'.repeat(16);
/** Docker's defaults without CAP_MKNOD. */
const DEFAULT_CAPABILITIES = '00000000a00425fb';

/** Lines of /proc/self/status, by their names. */
const statusIs =
  (expected: (sight: Sight) => Readonly<Record<string, string>>) =>
  (sight: Sight): void => {
    const lines = sight.told('status').map((line) => line.split(':'));
    const values = new Map(lines.map(([name = '', value = '']) => [name, value.trim().replace(/\s+/g, ' ')]));
    const wanted = expected(sight);
    expect(Object.fromEntries(Object.keys(wanted).map((name) => [name, values.get(name)]))).toEqual(wanted);
  };

export interface Check {
  readonly name: string;
  check(sight: Sight): void;
}

export const isRun: Check = {
  name: 'the command runs, or what cannot be is refused',
  check({ scenario: { refused }, outcome: { hasActed, stderr } }) {
    if (refused === undefined) expect({ hasActed, stderr }).toEqual({ hasActed: true, stderr: '' });
    else expect({ hasActed, stderr }).toEqual({ hasActed: false, stderr: expect.stringMatching(refused) });
  },
};

/** Checks of what a command tells. */
export const checks: readonly Check[] = [
  {
    name: 'it is the first process, and sees no other',
    check: ({ told }) => expect(told('pid')).toEqual(['1 /proc/1']),
  },
  {
    // What is outside of its pid namespace would be 0.
    name: 'it leads a session and a process group, in which are none of the host',
    check: ({ told }) => expect(told('session')).toEqual(['1 1']),
  },
  {
    name: 'it is in namespaces of its own',
    check({ scenario, told }) {
      const shared = told('namespace').filter((link) => told('outside').includes(link));
      const kinds = shared.map((link) => link.split(':')[0]);
      expect(told('namespace')).toHaveLength(KINDS.length);
      expect(kinds).toEqual([
        ...(scenario.network === 'host' ? ['net'] : []),
        ...(scenario.idMaps === undefined ? ['user'] : []),
      ]);
    },
  },
  {
    name: 'its IDs are mapped',
    check({ scenario: { idMaps }, told }) {
      if (idMaps === undefined) return;
      const map = (file: string) => told(file).map((line) => line.trim().replace(/\s+/g, ' '));
      expect([map('uid_map'), map('gid_map')]).toEqual(idMaps);
      expect(told('setgroups')).toEqual([idMaps[1].length > 1 ? 'allow' : 'deny']);
    },
  },
  {
    name: 'it has these mounts and no other',
    check: (sight) => expect(mountsIn(sight)).toEqual(mountsOf(sight)),
  },
  {
    name: 'no mount is tied to one of the host',
    check({ told }) {
      expect(told('mountinfo')).not.toEqual([]);
      expect(told('mountinfo').filter((line) => / (shared|master|propagate_from):/.test(line))).toEqual([]);
    },
  },
  {
    name: 'its devices, and what hides files',
    check(sight) {
      const files = Object.fromEntries(
        sight.told('file').map((line) => {
          const [name = '', what] = line.split('|');
          return [name, what];
        }),
      );
      expect(files).toMatchObject(filesOf(sight));
      expect(sight.told('link')).toEqual(expect.arrayContaining([...LINKS, 'ptmx pts/ptmx']));
    },
  },
  {
    name: 'it has a name, and files that say so',
    check({ scenario: { hostname }, ground, told }) {
      const [name = ''] = told('name');
      if (hostname === undefined) expect(name).toMatch(/^[0-9a-f]{12}$/);
      else expect(name).toBe(hostname);
      expect(told('content /etc/hostname')).toEqual([name]);
      expect(told('content /etc/hosts')).toContain(`127.0.1.1 ${name}`);
      expect(told('content /etc/resolv.conf')).toEqual(ground.resolvConf.split('\n').slice(0, -1));
    },
  },
  {
    name: 'its loopback interface is up',
    check({ scenario: { network }, told }) {
      if (network === 'host') return;
      expect(told('lo').join('\n')).toMatch(/<LOOPBACK,UP,[\s\S]*inet 127\.0\.0\.1\/8/);
    },
  },
  {
    name: 'it runs as the user that was asked for',
    check: statusIs(({ scenario: { ids: [uid, gid, groups] = [0, 0, '44'] } }) => ({
      Uid: four(uid),
      Gid: four(gid),
      Groups: groups,
    })),
  },
  {
    name: 'it has these capabilities, and no program gets more',
    check: statusIs(({ scenario: { ids: [uid] = [0], privileged }, ground }) => {
      const bounding = privileged ? ground.capabilities : DEFAULT_CAPABILITIES;
      const own = uid === 0 ? bounding : NO_CAPABILITIES;
      return {
        ...{ CapInh: NO_CAPABILITIES, CapPrm: own, CapEff: own, CapBnd: bounding, CapAmb: NO_CAPABILITIES },
        NoNewPrivs: privileged ? '0' : '1',
      };
    }),
  },
  {
    name: 'its mask, its working directory and its environment',
    check(sight) {
      const { scenario, told } = sight;
      statusIs(() => ({ Umask: '0022' }))(sight);
      expect(told('directory')).toEqual([scenario.directory ?? '/']);
      const environment = told('env').filter((line) => !/^(SHLVL|PWD|OLDPWD|_)=/.test(line));
      expect(environment.toSorted()).toEqual([
        `HOME=${scenario.home ?? '/root'}`,
        `HOSTNAME=${told('name')[0]}`,
        'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      ]);
    },
  },
  {
    name: 'no descriptor is open but 0, 1 and 2, and no signal blocked or ignored',
    check(sight) {
      // By 3 they are listed.
      expect(sight.told('fd').toSorted()).toEqual(['0', '1', '2', '3']);
      // The shell of busybox ignores SIGQUIT, by itself.
      statusIs(() => ({ SigBlk: '0000000000000000', SigIgn: '0000000000000004' }))(sight);
    },
  },
  {
    name: 'it can do what it should, and nothing else',
    check({ scenario: { can = [], cannot = [] }, told }) {
      const expected = [...USUAL, ...can].filter((name) => !cannot.includes(name));
      expect(told('can').toSorted()).toEqual(expected.toSorted());
    },
  },
  {
    name: 'it dies with ns-tool',
    check: ({ outcome: { left } }) => expect(left).toEqual([]),
  },
];
