/**
 * What `ns-tool unshare` promises of the process that it starts, as checks that any version of it can be held against: the
 * product, and every mutant.
 *
 * One run shows most of it: the command tells what it finds, and then ns-tool is killed.
 */
import { PR_SET_PDEATHSIG } from '@ns-tool/syscalls';
import { expect } from 'vitest';
import type { Change } from '../support/changes.ts';
import { expectUnnoticed } from '../support/checks.ts';
import type { Observed } from '../support/protocol.ts';
import { Stand } from '../support/stand.ts';
import { type Outcome, type RecordedStep, type Run, STARTED, supervise } from '../support/supervised.ts';

/** A command line, and what its command must find. */
export interface Scenario {
  /** The words before the command. */
  readonly args: readonly string[];
  /** The command; a shell that runs {@link PROBE} if left out. */
  readonly command?: readonly string[];
  readonly uid?: number;
  readonly through?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly pause?: number;
  /** Whether the runs of {@link INTERRUPTIONS} are made too. */
  readonly interrupted?: boolean;
  /** The kinds of namespace that are not those outside, as a child of the command sees it. */
  readonly newKinds?: readonly string[];
  /** What else is not as outside. */
  readonly inside: Partial<Facts>;
}

/** What a command finds. */
interface Facts {
  /** The links in /proc/self/ns of a child of the command: `pid pid:[4026531836]`. */
  readonly namespaces: readonly string[];
  readonly isPid1: boolean;
  readonly uidMap: readonly string[];
  readonly gidMap: readonly string[];
  readonly setgroups: string;
  /** Real, effective, saved and file system ID. */
  readonly uids: string;
  readonly gids: string;
  readonly groups: string;
  /** The optional fields of mountinfo that occur, without numbers: how mounts are tied to others. */
  readonly propagations: readonly string[];
  /** The options of the mount at /proc, and whether it shows the command alone. */
  readonly procOptions: string;
  readonly isAlone: boolean;
  /** By how much its clocks are put forward: /proc/self/timens_offsets. */
  readonly clocks: readonly string[];
  /** The root directory and the working directory. */
  readonly root: Directory;
  readonly directory: Directory;
  /** The open descriptors, and one more: that by which they are listed. */
  readonly descriptors: readonly string[];
  readonly blockedSignals: string;
  readonly ignoredSignals: string;
  /** Arguments, and a variable of the environment. */
  readonly words: readonly string[];
}

/** A directory, by a name in it. */
type Directory = 'checkout' | 'inner-root' | 'inner-mnt' | 'elsewhere';

const WORDS = ['first word', 'second', 'word of the environment'] as const;
const NO_SIGNALS = '0'.repeat(16);

/** Whatever they are outside. */
const ALWAYS: Partial<Facts> = {
  descriptors: ['0', '1', '2', '3'],
  blockedSignals: NO_SIGNALS,
  ignoredSignals: NO_SIGNALS,
  words: WORDS,
};

const USER = 54321;
const OWN_PROC = { isPid1: true, isAlone: true, procOptions: 'rw,nosuid,nodev,noexec,relatime' };
const four = (id: number) => Array(4).fill(id).join(' ');

/** Starts ns-tool with what a command must not get from it. Of signals that are ignored, Node leaves those from 32 on so. */
const BURDENED = ['setpriv', '--groups', '7,8', 'sh', '-c', 'trap "" 64; exec "$@"', 'sh'];

/** The first is of what every child does; the others add to it. */
export const scenarios: readonly Scenario[] = [
  { args: [], through: BURDENED, interrupted: true, inside: { groups: '7 8' } },
  { args: ['-m'], newKinds: ['mnt'], inside: { propagations: [''] } },
  {
    args: ['-Urm'],
    uid: USER,
    newKinds: ['mnt', 'user'],
    inside: {
      uidMap: [`0 ${USER} 1`],
      gidMap: [`0 ${USER} 1`],
      setgroups: 'deny',
      groups: '',
      propagations: [''],
    },
  },
  {
    args: ['-U', '--setgroups=deny'],
    newKinds: ['user'],
    inside: { uidMap: [], gidMap: [], setgroups: 'deny', uids: four(65534), gids: four(65534) },
  },
  {
    args: ['--map-users=1000,0,10', '--map-groups=2000,0,10', '-S', '5', '-G', '6'],
    through: BURDENED,
    // So that a child that does not wait goes on before it has IDs.
    pause: 100,
    interrupted: true,
    newKinds: ['user'],
    inside: { uidMap: ['0 1000 10'], gidMap: ['0 2000 10'], uids: four(5), gids: four(6), groups: '' },
  },
  { args: ['-p'], newKinds: ['pid', 'pid_for_children'], inside: {} },
  {
    args: ['-T', '--monotonic=100', '--boottime=200'],
    newKinds: ['time', 'time_for_children'],
    inside: { clocks: ['monotonic 100 0', 'boottime 200 0'] },
  },
  {
    args: ['-muinpCf', '--mount-proc'],
    newKinds: ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'pid_for_children', 'uts'],
    inside: { propagations: [''], ...OWN_PROC },
  },
  {
    args: ['-pf', '--mount-proc', '--propagation=unchanged'],
    newKinds: ['mnt', 'pid', 'pid_for_children'],
    inside: { propagations: ['', 'shared'], ...OWN_PROC },
  },
  { args: ['-m', '--propagation=slave'], newKinds: ['mnt'], inside: { propagations: ['master'] } },
  { args: ['-R', '/small-root'], inside: { root: 'inner-root', directory: 'inner-root' } },
  { args: ['-R', '/small-root', '-w', '/mnt'], inside: { root: 'inner-root', directory: 'inner-mnt' } },
  {
    args: ['-S', String(USER), '-G', '54322'],
    through: BURDENED,
    inside: { uids: four(USER), gids: four(54322), groups: '' },
  },
  { args: [], command: ['probe'], env: { PATH: '/none:/first:/second' }, inside: {} },
];

/** Tells what there is to find. One process is forked, for with --pid alone a second one could not be. */
const TELL = `
  tell() { while IFS= read -r line; do echo "$1 $line"; done <"$2"; }
  echo "pid $$"
  for word in "$@" "$WORD"; do echo "word $word"; done
  for file in uid_map gid_map setgroups status mountinfo timens_offsets; do tell $file /proc/self/$file; done
  for name in /*; do echo "root $name"; done
  for name in *; do echo "directory $name"; done
  for name in /proc/[0-9]*; do echo "process $name"; done
  /bin/ls -l /proc/self/ns /proc/self/fd`;

/** Tells it, and stays until it is killed. */
const PROBE = `${TELL}
  trap "" HUP INT TERM
  echo ${STARTED}
  exec /bin/sleep 30`;

/** A root directory, and two commands of one name. */
const PREPARE = `
  mkdir -p /small-root/usr /small-root/proc /small-root/inner-root /small-root/mnt/inner-mnt /first /second
  mount --bind /usr /small-root/usr
  mount --bind /proc /small-root/proc
  ln -s usr/bin usr/lib usr/lib64 /small-root
  cat > /first/probe <<'END'
#!/bin/sh
${PROBE}
END
  printf '#!/bin/sh\\necho another command of this name\\n' > /second/probe
  chmod +x /first/probe /second/probe`;

/** A stand, and what a command finds in it without ns-tool. */
export interface Ground {
  readonly stand: Stand;
  readonly facts: Facts;
}

export async function makeGround(): Promise<Ground> {
  const stand = await Stand.make();
  await stand.shell(PREPARE);
  return { stand, facts: factsIn(await stand.shell(TELL)) };
}

/** Reads what {@link TELL} has printed. */
function factsIn(stdout: string): Facts {
  const lines = stdout.split('\n');
  const told = (key: string) =>
    lines.flatMap((line) =>
      line.startsWith(`${key} `)
        ? [
            line
              .slice(key.length + 1)
              .trim()
              .replace(/\s+/g, ' '),
          ]
        : [],
    );
  const status = (name: string) => {
    const line = told('status').find((line) => line.startsWith(`${name}:`));
    return line?.slice(name.length + 1).trim() ?? '';
  };
  const mounts = told('mountinfo').map((line) => line.split(' '));
  const ties = mounts.map((fields) => fields.slice(6, fields.indexOf('-')).join(' ').replace(/:\d+/g, ''));
  return {
    namespaces: [...stdout.matchAll(/ ([a-z]\w*) -> (\w+:\[\d+\])$/gm)].map(([, name, target]) => `${name} ${target}`),
    isPid1: told('pid')[0] === '1',
    uidMap: told('uid_map'),
    gidMap: told('gid_map'),
    setgroups: told('setgroups').join(),
    uids: status('Uid'),
    gids: status('Gid'),
    groups: status('Groups'),
    propagations: [...new Set(ties)].sort(),
    procOptions: mounts.findLast((fields) => fields[4] === '/proc')?.[5] ?? '',
    isAlone: told('process').join() === '/proc/1',
    clocks: told('timens_offsets'),
    root: directoryOf(told('root').map((path) => path.slice(1))),
    directory: directoryOf(told('directory')),
    descriptors: [...stdout.matchAll(/ (\d+) -> /g)].map(([, fd]) => fd as string),
    blockedSignals: status('SigBlk'),
    ignoredSignals: status('SigIgn'),
    words: lines.flatMap((line) => (line.startsWith('word ') ? [line.slice('word '.length)] : [])),
  };
}

function directoryOf(names: readonly string[]): Directory {
  return (['checkout', 'inner-root', 'inner-mnt'] as const).find((name) => names.includes(name)) ?? 'elsewhere';
}

/** A run in which something happens before the child is the command, and what must come of it. */
interface Interruption {
  readonly name: string;
  /** Null where the program gives no occasion. */
  run(program: readonly RecordedStep[]): Pick<Run, 'changes' | 'act' | 'pause'> | null;
  check(outcome: Outcome): void;
}

const isDeathSignal = ({ name, args }: RecordedStep) => name === 'prctl' && args[0] === PR_SET_PDEATHSIG;

const INTERRUPTIONS: readonly Interruption[] = [
  {
    name: 'a signal to the child before it is the command ends the child alone',
    run: (program) => ({
      changes: [{ stopBefore: program.findIndex(isDeathSignal) }],
      act: { when: 'stopped', signal: 'SIGHUP', to: 'child' },
    }),
    check({ status, signal, stdout, stderr }) {
      expect(stderr).toMatch(/: process \d+ was ended by SIGHUP before it became the command\n$/);
      expect({ status, signal, stdout }).toEqual({ status: 125, signal: null, stdout: '' });
    },
  },
  {
    name: 'no command is started if ns-tool has been killed before',
    run: (program) => ({
      changes: [{ stopBefore: program.findIndex(isDeathSignal) }],
      act: { when: 'stopped', signal: 'SIGKILL', to: 'ns-tool' },
    }),
    check: expectNoneLeft,
  },
  {
    name: 'nothing is left of a child that waits for ns-tool when that is killed',
    run(program) {
      const waiting = program.findIndex(({ name }) => name === 'read');
      if (waiting === -1) return null;
      const act = { when: 'stopped', signal: 'SIGKILL', to: 'ns-tool' } as const;
      // Killed while it pauses, ns-tool has not answered.
      return { changes: [{ stopBefore: waiting }], act, pause: 2000 };
    },
    check: expectNoneLeft,
  },
  {
    name: 'ns-tool hears of an error, however late it comes',
    run: (program) => ({
      changes: [{ pauseBefore: program.length - 1 }, { at: program.length - 1, fails: 'EBADF' }],
    }),
    check({ status, stderr }) {
      expect(stderr).toMatch(/: Bad file descriptor \(EBADF\)\n$/);
      expect(status).toBe(126);
    },
  },
];

function expectNoneLeft({ hasActed, left, stdout }: Outcome): void {
  expect({ hasActed, left, stdout }).toEqual({ hasActed: true, left: [], stdout: '' });
}

/** What is to be seen of a version of the product. */
interface Sight {
  readonly scenario: Scenario;
  /** What a command finds outside. */
  readonly outside: Facts;
  /** What the command has found, or null if it was not run. */
  readonly found: Facts | null;
  readonly outcome: Outcome;
  /** The outcomes of {@link INTERRUPTIONS}, if they were made. */
  readonly interrupted: ReadonlyMap<Interruption, Outcome>;
  readonly observed: Observed;
}

/**
 * Runs a version of the product, which is given as changes of what its child does.
 *
 * @param program the product's own; null if it is not known yet, and then nothing is interrupted.
 */
export async function look(
  { stand, facts: outside }: Ground,
  scenario: Scenario,
  program: readonly RecordedStep[] | null,
  changes: readonly Change[],
): Promise<Sight> {
  const { args, command, uid, through, env, pause, interrupted } = scenario;
  const [first, second, third] = WORDS;
  const run: Run = {
    args: ['unshare', ...args, ...(command ?? ['/bin/sh', '-c', PROBE, 'sh']), first, second],
    env: { WORD: third, ...env },
    ...(uid !== undefined && { uid }),
    ...(through !== undefined && { through }),
    ...(pause !== undefined && { pause }),
  };
  const interruptions = INTERRUPTIONS.flatMap((interruption) => {
    const interrupting = interrupted && program !== null ? interruption.run(program) : null;
    return interrupting === null ? [] : [{ interruption, interrupting }];
  });
  const runs: readonly Run[] = [
    { ...run, changes, act: { when: 'started', signal: 'SIGKILL', to: 'ns-tool' } },
    ...interruptions.map(({ interrupting: { changes: more = [], ...rest } }) => ({
      ...run,
      ...rest,
      changes: [...changes, ...more],
    })),
  ];
  const { outcomes, ...observed } = await supervise(stand, { runs, atOnce: 3 });
  const [outcome, ...others] = outcomes as [Outcome, ...Outcome[]];
  const found = outcome.hasActed ? factsIn(outcome.stdout) : null;
  const outcomeOf = new Map(interruptions.map(({ interruption }, i) => [interruption, others[i] as Outcome]));
  return { scenario, outside, found, outcome, interrupted: outcomeOf, observed };
}

export interface Check {
  readonly name: string;
  check(sight: Sight): void;
}

/** A check that the command has found some things as it should. */
function finds(name: string, ...keys: readonly (keyof Facts)[]): Check {
  const pick = (facts: Facts) => Object.fromEntries(keys.map((key) => [key, facts[key]]));
  return {
    name,
    check({ scenario, outside, found }) {
      expect(found && pick(found)).toEqual(pick({ ...outside, ...ALWAYS, ...scenario.inside }));
    },
  };
}

/** What must not have happened to the host. A stand in which it has happened is of no use for another run. */
export const unnoticed: Check = {
  name: 'the host notices nothing',
  check: ({ observed }) => expectUnnoticed(observed),
};

export const checks: readonly Check[] = [
  finds('the command is run, with its arguments and its environment', 'words'),
  {
    name: 'the kinds of namespace that are new are those that were asked for',
    check({ scenario, outside, found }) {
      const isNew = (link: string) => !outside.namespaces.includes(link);
      const newKinds = found?.namespaces.filter(isNew).map((link) => link.split(' ')[0]);
      expect(newKinds).toEqual(scenario.newKinds ?? []);
    },
  },
  finds('users and groups are mapped, and setgroups(2) denied', 'uidMap', 'gidMap', 'setgroups'),
  finds('it has the IDs that were asked for', 'uids', 'gids', 'groups'),
  finds('its mounts are tied to those outside as was asked for', 'propagations'),
  finds('its pid, and what proc shows', 'isPid1', 'procOptions', 'isAlone'),
  finds('its clocks', 'clocks'),
  finds('its root and working directory', 'root', 'directory'),
  finds('no descriptor is open but 0, 1 and 2', 'descriptors'),
  finds('no signal is blocked or ignored', 'blockedSignals', 'ignoredSignals'),
  {
    name: 'it dies with ns-tool',
    check: ({ outcome: { hasActed, left } }) => expect({ hasActed, left }).toEqual({ hasActed: true, left: [] }),
  },
  unnoticed,
  ...INTERRUPTIONS.map(
    (interruption): Check => ({
      name: interruption.name,
      check({ interrupted }) {
        const outcome = interrupted.get(interruption);
        if (outcome !== undefined) interruption.check(outcome);
      },
    }),
  ),
];
