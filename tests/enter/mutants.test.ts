import { randomBytes } from 'node:crypto';
import {
  AT_FDCWD,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWUSER,
  CLONE_PARENT,
  CLONE_PARENT_SETTID,
  CLONE_VFORK,
  CLONE_VM,
} from '@ns-tool/syscalls';
import { BURDENED, four, of, PROC_OPTIONS, type Processes, type Scenario } from '../support/child-checks.ts';
import {
  before,
  describeMutants,
  is,
  isDeathSignal,
  KINDS,
  type Matches,
  type Mistake,
  type Original,
  withArg,
} from '../support/child-mutants.ts';
import type { Stand } from '../support/stand.ts';
import type { RecordedStep } from '../support/supervised.ts';
import { AS_USER, endResidents, STAY, startResidents, USER } from './residents.ts';

/** How a shell of a resident tells its pid. */
const READY = STAY.slice(0, STAY.lastIndexOf(';'));

/** Residents that are special to these tests. @param name that of the process `target`. */
const residents = (name: string) => ({
  /** In namespaces of each kind, an ordinary user's; proc shows it, and its root and working directory are its own. */
  target: `${AS_USER} unshare -muinpCTUrf --boottime 100 sh -c '${READY}
    for proc in /proc /other-root/proc; do mount -t proc -o nosuid,nodev,noexec proc $proc; done
    exec chroot /other-root sh -c "cd /mnt && exec /${name} 1000"'`,
  /** With a root and a working directory of its own, and nothing else. */
  placed: `sh -c '${READY}; exec chroot /other-root sh -c "cd /mnt && exec sleep 1000"'`,
  /** In a user namespace of an ordinary user, with many IDs. */
  many: `${AS_USER} unshare -U sh -c '${STAY}'`,
});

async function start(stand: Stand): Promise<Processes> {
  // On the whole machine, there is no other of this name.
  const name = `target-${randomBytes(4).toString('hex')}`;
  await stand.shell(`ln -s usr/bin/sleep /other-root/${name}`);
  const { pids, known } = await startResidents(stand, residents(name));
  await stand.shell(`for map in gid_map uid_map; do echo 0 100000 65536 > /proc/${pids.many}/$map; done`);
  const owners = new Map(known.split(' ').map((word) => word.split('=') as [string, string]));
  return { words: { ...pids, name }, owners, end: () => endResidents(stand) };
}

const MAPPED = { uidMap: ['0 100000 65536'], gidMap: ['0 100000 65536'] };
const OF_USER = { uidMap: [`0 ${USER} 1`], gidMap: [`0 ${USER} 1`], setgroups: 'deny' };
/** What is found in the mount namespace of the target. */
const IN_TARGET = { propagations: [''], procOptions: PROC_OPTIONS };

/** Starts ns-tool as an ordinary user, in groups. */
const AS_USER_IN_GROUPS = ['setpriv', '--reuid', String(USER), '--regid', String(USER), '--groups', '7,8'];

const SCENARIOS: readonly Scenario[] = [
  {
    args: ['enter', '-t', '@all', '-p'],
    through: BURDENED,
    interrupted: true,
    elsewhere: of('all', 'pid', 'pid_for_children'),
    inside: { groups: '7 8', pidDepth: 2 },
  },
  {
    args: ['enter', '@name'],
    through: BURDENED,
    elsewhere: of(
      'target',
      ...['cgroup', 'ipc', 'mnt', 'net', 'pid', 'pid_for_children', 'time', 'time_for_children', 'user', 'uts'],
    ),
    inside: {
      ...IN_TARGET,
      ...OF_USER,
      groups: '',
      clocks: ['monotonic 0 0', 'boottime 100 0'],
      root: 'inner-root',
      directory: 'inner-root',
    },
  },
  { args: ['enter', '-t', '@all', '-m', '-u'], elsewhere: of('all', 'mnt', 'uts'), inside: { propagations: [''] } },
  { args: ['enter', '--net=/proc/@all/ns/net'], elsewhere: of('all', 'net') },
  {
    args: ['enter', '--net=/proc/@all/ns/uts'],
    refused: /^ns-tool: setns\(.*, CLONE_NEWNET\): Invalid argument \(EINVAL\)\n/,
  },
  {
    args: ['enter', '-t', '@free', '-U'],
    through: BURDENED,
    elsewhere: of('free', 'user'),
    inside: { ...MAPPED, groups: '' },
  },
  {
    args: ['enter', '-t', '@free', '-U', '--preserve-credentials'],
    through: BURDENED,
    elsewhere: of('free', 'user'),
    inside: { ...MAPPED, uids: four(65534), gids: four(65534), groups: '65534 65534' },
  },
  {
    args: ['enter', '--user=/proc/@free/ns/user', '--net=/proc/@all/ns/net', '--preserve-credentials'],
    elsewhere: [...of('all', 'net'), ...of('free', 'user')],
    inside: { ...MAPPED, uids: four(65534), gids: four(65534), groups: '' },
  },
  { args: ['enter', '-t', '@placed', '-r', '-w'], inside: { root: 'inner-root', directory: 'inner-mnt' } },
  { args: ['enter', '-t', '@placed', '-r'], inside: { root: 'inner-root' } },
  { args: ['enter', '-t', '@placed', '-r', '-W', '/mnt'], inside: { root: 'inner-root', directory: 'inner-mnt' } },
  {
    args: ['enter', '-t', '@target', '-m', '-p', '-w'],
    elsewhere: of('target', 'mnt', 'pid', 'pid_for_children'),
    inside: { ...IN_TARGET, directory: 'inner-mnt' },
  },
  {
    args: ['enter', '-t', '@all', '-m', '-W', '/mnt/existing'],
    elsewhere: of('all', 'mnt'),
    inside: { propagations: [''], directory: 'theirs' },
  },
  { args: ['enter', '-t', '@all', '-F', '-p'], elsewhere: of('all', 'pid', 'pid_for_children') },
  {
    args: ['enter', '-t', '@target', '-U', '-F', '-p', '--preserve-credentials'],
    uid: USER,
    elsewhere: of('target', 'pid', 'pid_for_children', 'user'),
    inside: { ...OF_USER, groups: '' },
  },
  {
    args: ['enter', '-t', '@all', '-u', '-S', String(USER), '-G', '54322'],
    through: BURDENED,
    elsewhere: of('all', 'uts'),
    inside: { uids: four(USER), gids: four(54322), groups: '' },
  },
  {
    args: ['enter', '-t', '@many', '-U'],
    through: AS_USER_IN_GROUPS,
    elsewhere: of('many', 'user'),
    inside: { ...MAPPED, groups: '' },
  },
  {
    args: [
      'enter',
      ...['--user=/proc/@target/ns/user', '-t', '@target', '-m', '-p', '--net=/proc/@target/ns/net'],
      '--preserve-credentials',
    ],
    uid: USER,
    elsewhere: of('target', 'mnt', 'net', 'pid', 'pid_for_children', 'user'),
    inside: { ...IN_TARGET, ...OF_USER, groups: '' },
  },
];

type Program = Original['program'];

/** The flags of setns(2) and clone(2). */
const flagsOf = ({ name, args }: RecordedStep) => Number(args[name === 'setns' ? 1 : 0]);
const joins =
  (flag: number): Matches =>
  (step) =>
    step.name === 'setns' && (flagsOf(step) & flag) !== 0;
const isFork = is('clone');
const opens =
  (pattern: RegExp): Matches =>
  ({ name, args }) =>
    name === 'openat' && args[0] === AT_FDCWD && pattern.test(String(args[1]));

/** The step whose result an argument of this one is. */
const sourceOf = (program: Program, { args }: RecordedStep) => {
  const of = args.find((arg): arg is { step: number } => typeof arg === 'object' && arg !== null && 'step' in arg);
  return of && program[of.step];
};

/** Moves a step behind the last that matches, which comes later. */
const after =
  (matches: Matches): Mistake['change'] =>
  (at, { program }) => {
    const other = program.findLastIndex(matches);
    return other > at ? { move: at, before: other + 1 } : null;
  };
/** Moves a step up, before the first that matches. */
const beforeFirst =
  (matches: Matches): Mistake['change'] =>
  (at, { program }) => {
    const other = program.slice(0, at).findIndex(matches);
    return other === -1 ? null : { move: at, before: other };
  };

/** Moves the opening of something to where it is used, where another mount namespace is joined between. */
const openedLate: Mistake['change'] = (at, { program }) => {
  const use = program.findIndex((step) => sourceOf(program, step) === program[at]);
  return program.slice(at, use).some(joins(CLONE_NEWNS)) ? { move: at, before: use } : null;
};

const FORK_FLAGS = { CLONE_PARENT, CLONE_PARENT_SETTID, CLONE_VFORK, CLONE_VM };

const MISTAKES: readonly Mistake[] = [
  ...Object.entries(KINDS).map(
    ([kind, flag]): Mistake => ({
      name: `without ${kind}`,
      matches: joins(flag),
      change(at, { program, scenario }) {
        const step = program[at] as RecordedStep;
        const isFile = sourceOf(program, step)?.name === 'openat';
        // Without any, a file of any kind will do: what is of the right kind is entered all the same.
        return isFile && scenario.refused === undefined ? null : withArg(1, flagsOf(step) & ~flag)(at);
      },
    }),
  ),
  { name: 'the user namespace first', matches: joins(CLONE_NEWUSER), change: beforeFirst(is('setns')) },
  { name: 'the pid namespace first', matches: joins(CLONE_NEWPID), change: beforeFirst(joins(CLONE_NEWUSER)) },
  { name: 'the user namespace last', matches: joins(CLONE_NEWUSER), change: after(is('setns')) },
  { name: 'the namespaces of another process', matches: is('pidfd_open'), change: withArg(0, process.pid) },
  { name: 'opened after joining', matches: is('openat'), change: openedLate },
  { name: 'opened in the new root', matches: opens(/^\.$/), change: after(is('chroot')) },
  { name: 'the directory before the root', matches: is('fchdir'), change: before(is('chroot')) },
  {
    name: 'the directory before joining',
    matches: is('chdir'),
    change: before(joins(CLONE_NEWNS)),
    equivalent: ({ program }, at) => whyIsThere(program, at),
  },
  { name: 'groups never dropped', matches: is('setgroups'), change: dropsAll },
  { name: 'the user before joining', matches: is('setresuid'), change: before(joins(CLONE_NEWUSER)) },
  { name: 'the group before joining', matches: is('setresgid'), change: before(joins(CLONE_NEWUSER)) },
  {
    name: 'a group kept',
    matches: is('setgroups'),
    change: withArg(0, [7]),
    equivalent: (original, at) =>
      isLastSetgroups(original, at) && !deniesSetgroups(original) ? undefined : whyDroppedAnyway(original, at),
  },
  { name: 'the fork before joining', matches: isFork, change: before(joins(CLONE_NEWPID)) },
  { name: 'that signal set before the fork, where it is lost', matches: isDeathSignal, change: before(isFork) },
  ...Object.entries(FORK_FLAGS).map(
    ([name, flag]): Mistake => ({
      name: `without ${name}`,
      matches: isFork,
      // What comes of it, interruptions show best.
      change: (at, { program, scenario }) =>
        scenario.interrupted ? withArg(0, flagsOf(program[at] as RecordedStep) & ~flag)(at) : null,
      ...(flag === CLONE_VM && {
        equivalent:
          'The second child then has a copy of the memory: slower, but the program, its results and the stack lie in a shared mapping.',
      }),
    }),
  ),
];

function isLastSetgroups({ program }: Original, at: number): boolean {
  return program.findLastIndex(is('setgroups')) === at;
}

/** Whether it is denied in the user namespace that is entered. */
function deniesSetgroups({ scenario }: Original): boolean {
  return scenario.inside?.setgroups === 'deny';
}

/** Why a setgroups(2) is not missed where there are two. */
function whyDroppedAnyway(original: Original, at: number): string | undefined {
  const { program } = original;
  if (program.filter(is('setgroups')).length < 2) return undefined;
  if (isLastSetgroups(original, at)) return 'The groups have been dropped before joining.';
  return deniesSetgroups(original) ? undefined : 'They are dropped again in the user namespace, which allows it.';
}

/** Leaves out this one and all before. */
function dropsAll(at: number, { program }: Original) {
  const places = [...program.entries()].flatMap(([at, { name }]) => (name === 'setgroups' ? [at] : []));
  return places.length > 1 && places.at(-1) === at ? places.map((drop) => ({ drop })) : null;
}

/** Why a chdir(2) to the root is not missed. */
function whyIsThere(program: Program, at: number): string | undefined {
  const isThere = program.slice(0, at).some(is('chroot')) && program[at]?.args[0] === '/';
  return isThere ? 'By fchdir(2) before chroot(2), it is there already.' : undefined;
}

describeMutants({
  name: 'ns-tool enter',
  scenarios: SCENARIOS,
  mistakes: MISTAKES,
  notMissed: [
    [is('setgroups'), whyDroppedAnyway],
    [is('chdir'), ({ program }, at) => whyIsThere(program, at)],
  ],
  neverFailed: {
    'the host notices nothing': 'Nothing is mounted, and no file is made.',
    'nothing is left of a child that waits for ns-tool when that is killed': 'It never waits.',
  },
  start,
});
