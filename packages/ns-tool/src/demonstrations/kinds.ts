/** What there is to see of each kind of namespace. Pure. See namespaces(7). */
import {
  MS_NODEV,
  MS_NOEXEC,
  MS_NOSUID,
  MS_PRIVATE,
  MS_REC,
  type NamespaceKind,
  type Recorder,
  type SpawnOptions,
} from '@ns-tool/syscalls';
import { effectiveCapabilities } from '../capabilities/capabilities.ts';

/** What a process sees of its namespace, by name: `{ hostName: 'ns-tool' }`. */
export type Facts = Readonly<Record<string, string | number | readonly string[]>>;

/** Eyes in a namespace. */
export interface View {
  /** The content of one of the demonstration's files. */
  read(path: string): string;
  /** The names in a directory. */
  list(path: string): readonly string[];
}

/** One kind of namespace, as it is shown. */
export interface Demonstration {
  /** Its name for people: `'UTS'`. */
  readonly title: string;
  /** Its file in /proc/PID/ns. */
  readonly link: string;
  /** What it is: a sentence. */
  readonly isolates: string;
  /** The namespaces that are made. */
  readonly namespaces: readonly NamespaceKind[];
  /** What more there is to the child: how its namespaces are made, and what it does in them before anyone looks. */
  readonly options?: Pick<SpawnOptions, 'namespaceCall' | 'timeOffsets' | 'setup'>;
  /** The files that tell, below /proc. */
  readonly files: readonly string[];
  /** Whether they are about the child, also as seen from outside; otherwise there they are about this process. */
  readonly aboutChild?: true;
  /** What they tell, inside or outside. */
  facts(view: View): Facts;
  /** What to make of it: sentences. */
  readonly notes: readonly string[];
}

/** What has a demonstration here: kinds of namespace, and clone3(2). Mounts have a command with more to show. */
export type DemonstrationName = Exclude<NamespaceKind, 'mount'> | 'clone';

/** How far the clocks are put forward in the demonstration of a time namespace. */
const SECONDS_AHEAD = 1000 * 24 * 60 * 60;

/** A pid namespace, however it is made. */
const PID = {
  title: 'PID',
  link: 'pid',
  isolates: 'A pid namespace numbers its processes anew, from 1, and sees no other.',
  namespaces: ['pid', 'mount'],
  files: ['/proc/self/status'],
  aboutChild: true,
  facts: ({ read, list }: View) => ({
    pid: Number(field(read('/proc/self/status'), 'Pid')[0]),
    parentPid: Number(field(read('/proc/self/status'), 'PPid')[0]),
    processes: list('/proc').filter((name) => /^\d+$/.test(name)).length,
  }),
} as const;

function mountOwnProc(sys: Recorder): void {
  sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);
  sys.mount('proc', '/proc', 'proc', MS_NOSUID | MS_NODEV | MS_NOEXEC, null);
}

export const DEMONSTRATIONS: Readonly<Record<DemonstrationName, Demonstration>> = {
  pid: {
    ...PID,
    options: { namespaceCall: 'unshare', setup: mountOwnProc },
    notes: [
      'unshare(2) leaves who calls it where it is: the next child is the first in the new namespace (see --dry-run).',
      'It is one process with two pids: outside everybody sees it, too.',
      'Its parent has no pid inside, hence 0. When PID 1 ends, the kernel kills all others inside.',
      'A PID 1 ignores each signal that it has no handler for; but for SIGKILL and SIGSTOP from outside.',
      'ps reads /proc, so a mount namespace with a /proc of its own comes with it.',
    ],
  },
  clone: {
    ...PID,
    options: { namespaceCall: 'clone3', setup: mountOwnProc },
    notes: [
      'clone3(2) has made the namespace and the first process in it, in one step (see --dry-run).',
      'Who calls it stays outside, and gets the pid that the process has there; inside, the same call returns 0.',
      'ns-tool pid makes the same in two steps: unshare(2), then a child.',
    ],
  },
  uts: {
    title: 'UTS',
    link: 'uts',
    isolates: 'A UTS namespace has a host name of its own.',
    namespaces: ['uts'],
    options: { setup: (sys) => sys.sethostname('ns-tool') },
    files: ['/proc/sys/kernel/hostname'],
    facts: ({ read }) => ({ hostName: read('/proc/sys/kernel/hostname').trimEnd() }),
    notes: ['It begins as a copy of the one outside; sethostname(2) has changed it inside.'],
  },
  ipc: {
    title: 'IPC',
    link: 'ipc',
    isolates: 'An IPC namespace has System V message queues, semaphores and shared memory of its own.',
    namespaces: ['ipc'],
    files: ['/proc/sysvipc/msg', '/proc/sysvipc/sem', '/proc/sysvipc/shm'],
    facts: ({ read }) => ({
      messageQueues: entries(read('/proc/sysvipc/msg')),
      semaphoreSets: entries(read('/proc/sysvipc/sem')),
      sharedMemorySegments: entries(read('/proc/sysvipc/shm')),
    }),
    notes: ['It begins empty. What is made inside goes with the namespace.'],
  },
  net: {
    title: 'Network',
    link: 'net',
    isolates: 'A network namespace has interfaces, addresses, routes and ports of its own.',
    namespaces: ['net'],
    files: ['/proc/self/net/dev', '/proc/self/net/fib_trie'],
    facts: ({ read }) => ({
      interfaces: interfaces(read('/proc/self/net/dev')),
      addresses: addresses(read('/proc/self/net/fib_trie')),
    }),
    notes: ['It begins with lo alone, which is down: not even 127.0.0.1 answers until: ip link set lo up'],
  },
  user: {
    title: 'User',
    link: 'user',
    isolates: 'A user namespace has users, groups and capabilities of its own; to make one takes no root.',
    namespaces: ['user'],
    files: ['/proc/self/status', '/proc/self/uid_map'],
    facts: ({ read }) => ({
      userId: Number(field(read('/proc/self/status'), 'Uid')[1]),
      groupId: Number(field(read('/proc/self/status'), 'Gid')[1]),
      uidMap: read('/proc/self/uid_map').trim().replace(/\s+/g, ' '),
      capabilities: effectiveCapabilities(read('/proc/self/status')).length,
    }),
    notes: [
      'uid map: the first user ID inside, the first outside, how many.',
      'The capabilities count inside only: for namespaces that it makes, not for the files and devices of the host.',
    ],
  },
  cgroup: {
    title: 'Cgroup',
    link: 'cgroup',
    isolates: 'A cgroup namespace shows the control groups as if they began where its first process is.',
    namespaces: ['cgroup'],
    files: ['/proc/self/cgroup'],
    facts: ({ read }) => ({ paths: read('/proc/self/cgroup').split('\n').filter(Boolean) }),
    notes: [
      'It hides the path, and moves nobody: the limits of the control group hold as before.',
      'A line is hierarchy:controllers:path; 0:: is the one hierarchy of cgroup version 2.',
    ],
  },
  time: {
    title: 'Time',
    link: 'time',
    isolates: 'A time namespace has clocks of its own: those that count from the start of the machine.',
    namespaces: ['time'],
    options: { timeOffsets: { monotonic: SECONDS_AHEAD, boottime: SECONDS_AHEAD } },
    files: ['/proc/self/timens_offsets', '/proc/uptime'],
    facts: ({ read }) => ({
      monotonicOffset: Number(field(read('/proc/self/timens_offsets'), 'monotonic')[0]),
      boottimeOffset: Number(field(read('/proc/self/timens_offsets'), 'boottime')[0]),
      daysUp: Math.floor(Number.parseFloat(read('/proc/uptime')) / (24 * 60 * 60)),
    }),
    notes: [
      'Offsets are in seconds, from the clocks of the machine; they are set once, before the first process is inside.',
      'The time of day (CLOCK_REALTIME) is everywhere the same. Containers that move to another machine need the others.',
    ],
  },
};

/** A field of /proc/PID/status or the like, in words. */
function field(status: string, name: string): readonly string[] {
  return new RegExp(`^${name}:?\\s*(.*)$`, 'm').exec(status)?.[1]?.split(/\s+/) ?? [];
}

/** The lines of a list in /proc/sysvipc below its heading. */
function entries(list: string): number {
  return list.split('\n').filter(Boolean).length - 1;
}

/** The names in /proc/net/dev, below its two lines of headings: `    lo: 1234 …`. */
function interfaces(dev: string): string[] {
  return [...dev.matchAll(/^\s*([^\s|]+):/gm)].map(([, name = '']) => name);
}

/** The IPv4 addresses of this machine in /proc/net/fib_trie: a line with the address, then `/32 host LOCAL`. */
function addresses(trie: string): string[] {
  const found = [...trie.matchAll(/\|-- (\S+)\n\s*\/32 host LOCAL/g)].map(([, address = '']) => address);
  return [...new Set(found)];
}
