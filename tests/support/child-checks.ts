/**
 * What a command promises of the process that it starts, as checks that any version of it can be held against: the product,
 * and every mutant (child-mutants.ts).
 *
 * One run shows most of it: the command tells what it finds, and then ns-tool is killed.
 */
import { PR_SET_PDEATHSIG } from '@ns-tool/syscalls';
import { expect } from 'vitest';
import type { Change } from './changes.ts';
import { expectUnnoticed } from './checks.ts';
import type { Observed } from './protocol.ts';
import { Stand } from './stand.ts';
import { type Outcome, type RecordedStep, type Run, STARTED, supervise } from './supervised.ts';

/** A command line, and what its command must find. */
export interface Scenario {
  /** The words before the command that is run. `@NAME` is what the ground has in its place: a pid. */
  readonly args: readonly string[];
  /** The command that is run; a shell that runs {@link PROBE} if left out. */
  readonly command?: readonly string[];
  readonly uid?: number;
  readonly through?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly pause?: number;
  /** Whether the runs of {@link INTERRUPTIONS} are made too. */
  readonly interrupted?: boolean;
  /** The namespaces that are not those outside, as a child of the command sees them, in the order of their names: {@link of}. */
  readonly elsewhere?: readonly string[];
  /** What else is not as outside. */
  readonly inside?: Partial<Facts>;
  /** What ns-tool says, where it must not run the command. */
  readonly refused?: RegExp;
}

/** These kinds of namespace of one owner: a process of the ground, or `new`. */
export const of = (owner: string, ...kinds: readonly string[]) => kinds.map((kind) => `${kind} of ${owner}`);

/** What a command finds. */
interface Facts {
  /** The links in /proc/self/ns of a child of the command: `pid pid:[4026531836]`. */
  readonly namespaces: readonly string[];
  readonly isPid1: boolean;
  /** In how many pid namespaces it is, from that of the proc that it sees on. */
  readonly pidDepth: number;
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

/** Directories, by a name in each. */
const DIRECTORIES = ['checkout', 'inner-root', 'inner-mnt', 'theirs'] as const;
type Directory = (typeof DIRECTORIES)[number] | 'elsewhere';

const WORDS = ['first word', 'second', 'word of the environment'] as const;
const NO_SIGNALS = '0'.repeat(16);

/** Whatever they are outside. */
const ALWAYS: Partial<Facts> = {
  descriptors: ['0', '1', '2', '3'],
  blockedSignals: NO_SIGNALS,
  ignoredSignals: NO_SIGNALS,
  words: WORDS,
};

/** The options of a mount of proc. */
export const PROC_OPTIONS = 'rw,nosuid,nodev,noexec,relatime';
/** Real, effective, saved and file system ID that are the same. */
export const four = (id: number) => Array(4).fill(id).join(' ');

/** Starts ns-tool with what a command must not get from it. Of signals that are ignored, Node leaves those from 32 on so. */
export const BURDENED = ['setpriv', '--groups', '7,8', 'sh', '-c', 'trap "" 64; exec "$@"', 'sh'];

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
  mkdir -p /other-root/usr /other-root/proc /other-root/inner-root /other-root/mnt/inner-mnt /first /second
  mount --bind /usr /other-root/usr
  mount --bind /proc /other-root/proc
  ln -s usr/bin usr/lib usr/lib64 /other-root
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
  readonly processes: Processes;
}

/** Processes of a ground, which commands have to do with. */
export interface Processes {
  /** What stands in the place of `@NAME`. */
  readonly words: Readonly<Record<string, string>>;
  /** To whom the namespaces belong that are not the stand's, by their ids: `net:[4026532281]`. */
  readonly owners: ReadonlyMap<string, string>;
  end(): Promise<void>;
}

const NONE: Processes = { words: {}, owners: new Map(), end: async () => {} };

/** @param start starts processes in the stand. */
export async function makeGround(start: (stand: Stand) => Promise<Processes> = async () => NONE): Promise<Ground> {
  const stand = await Stand.make();
  await stand.shell(PREPARE);
  const processes = await start(stand);
  return { stand, facts: factsIn(await stand.shell(TELL)), processes };
}

export async function endGround({ stand, processes }: Ground): Promise<void> {
  await processes.end().finally(() => stand.dispose());
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
    pidDepth: status('NSpid').split(' ').length,
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
  return DIRECTORIES.find((name) => names.includes(name)) ?? 'elsewhere';
}

/** A run in which something happens to the child or to ns-tool, and what must come of it. */
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
    name: 'ns-tool ends as the command does, and not before',
    run: () => ({ act: { when: 'started', signal: 'SIGKILL', to: 'child' } }),
    check({ hasActed, status, signal, left }) {
      expect({ hasActed, status, signal, left }).toEqual({ hasActed: true, status: 137, signal: null, left: [] });
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
export interface Sight {
  readonly scenario: Scenario;
  readonly ground: Ground;
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
  ground: Ground,
  scenario: Scenario,
  program: readonly RecordedStep[] | null,
  changes: readonly Change[],
): Promise<Sight> {
  const { args, command, uid, through, env, pause, interrupted } = scenario;
  const { stand, processes } = ground;
  const inPlace = (word: string) => word.replace(/@([a-z]+)/g, (_, name: string) => processes.words[name] as string);
  const [first, second, third] = WORDS;
  const run: Run = {
    args: [...args.map(inPlace), ...(command ?? ['/bin/sh', '-c', PROBE, 'sh']), first, second],
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
  return { scenario, ground, found, outcome, interrupted: outcomeOf, observed };
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
    check({ scenario, ground, found }) {
      const expected = pick({ ...ground.facts, ...ALWAYS, ...scenario.inside });
      expect(found && pick(found)).toEqual(scenario.refused === undefined ? expected : null);
    },
  };
}

function elsewhereIn({ namespaces }: Facts, { facts, processes }: Ground): string[] {
  const links = namespaces.filter((link) => !facts.namespaces.includes(link));
  return links.flatMap((link) => {
    const [kind = '', id = ''] = link.split(' ');
    return of(processes.owners.get(id) ?? 'new', kind);
  });
}

/** What must not have happened to the host. A stand in which it has happened is of no use for another run. */
export const unnoticed: Check = {
  name: 'the host notices nothing',
  check: ({ observed }) => expectUnnoticed(observed),
};

export const checks: readonly Check[] = [
  finds('the command is run, with its arguments and its environment', 'words'),
  {
    name: 'its namespaces are those outside, but for those that were asked for',
    check({ scenario: { elsewhere = [], refused }, ground, found }) {
      expect(found && elsewhereIn(found, ground)).toEqual(refused === undefined ? elsewhere : null);
    },
  },
  finds('users and groups are mapped, and setgroups(2) denied', 'uidMap', 'gidMap', 'setgroups'),
  finds('it has the IDs that were asked for', 'uids', 'gids', 'groups'),
  finds('its mounts are tied to those outside as was asked for', 'propagations'),
  finds('its pid, and what proc shows', 'isPid1', 'pidDepth', 'procOptions', 'isAlone'),
  finds('its clocks', 'clocks'),
  finds('its root and working directory', 'root', 'directory'),
  finds('no descriptor is open but 0, 1 and 2', 'descriptors'),
  finds('no signal is blocked or ignored', 'blockedSignals', 'ignoredSignals'),
  {
    name: 'it dies with ns-tool',
    check({ scenario, outcome: { hasActed, left } }) {
      expect({ hasActed, left }).toEqual({ hasActed: scenario.refused === undefined, left: [] });
    },
  },
  {
    name: 'what cannot be is refused, and told of',
    check({ scenario: { refused }, outcome: { status, stderr } }) {
      if (refused === undefined) return;
      expect(stderr).toMatch(refused);
      expect(status).toBe(125);
    },
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
