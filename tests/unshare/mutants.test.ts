import { MS_PRIVATE, MS_REC, MS_SHARED, MS_SLAVE, MS_UNBINDABLE } from '@ns-tool/syscalls';
import { BURDENED, four, of, PROC_OPTIONS, type Scenario } from '../support/child-checks.ts';
import {
  before,
  both,
  describeMutants,
  edited,
  executes,
  is,
  type Matches,
  type Mistake,
  type Suite,
  withArg,
} from '../support/child-mutants.ts';

const USER = 54321;
const OWN_PROC = { isPid1: true, isAlone: true, procOptions: PROC_OPTIONS };

/** The first is of what every child does; the others add to it. */
const SCENARIOS: readonly Scenario[] = [
  { args: ['unshare'], through: BURDENED, interrupted: true, inside: { groups: '7 8' } },
  { args: ['unshare', '-m'], elsewhere: of('new', 'mnt'), inside: { propagations: [''] } },
  {
    args: ['unshare', '-Urm'],
    uid: USER,
    elsewhere: of('new', 'mnt', 'user'),
    inside: {
      uidMap: [`0 ${USER} 1`],
      gidMap: [`0 ${USER} 1`],
      setgroups: 'deny',
      groups: '',
      propagations: [''],
    },
  },
  {
    args: ['unshare', '-U', '--setgroups=deny'],
    elsewhere: of('new', 'user'),
    inside: { uidMap: [], gidMap: [], setgroups: 'deny', uids: four(65534), gids: four(65534) },
  },
  {
    args: ['unshare', '--map-users=1000,0,10', '--map-groups=2000,0,10', '-S', '5', '-G', '6'],
    through: BURDENED,
    // So that a child that does not wait goes on before it has IDs.
    pause: 100,
    interrupted: true,
    elsewhere: of('new', 'user'),
    inside: { uidMap: ['0 1000 10'], gidMap: ['0 2000 10'], uids: four(5), gids: four(6), groups: '' },
  },
  { args: ['unshare', '-p'], elsewhere: of('new', 'pid', 'pid_for_children') },
  {
    args: ['unshare', '-T', '--monotonic=100', '--boottime=200'],
    elsewhere: of('new', 'time', 'time_for_children'),
    inside: { clocks: ['monotonic 100 0', 'boottime 200 0'] },
  },
  {
    args: ['unshare', '-muinpCf', '--mount-proc'],
    elsewhere: of('new', 'cgroup', 'ipc', 'mnt', 'net', 'pid', 'pid_for_children', 'uts'),
    inside: { propagations: [''], ...OWN_PROC },
  },
  {
    args: ['unshare', '-pf', '--mount-proc', '--propagation=unchanged'],
    elsewhere: of('new', 'mnt', 'pid', 'pid_for_children'),
    inside: { propagations: ['', 'shared'], ...OWN_PROC },
  },
  { args: ['unshare', '-m', '--propagation=slave'], elsewhere: of('new', 'mnt'), inside: { propagations: ['master'] } },
  { args: ['unshare', '-R', '/other-root'], inside: { root: 'inner-root', directory: 'inner-root' } },
  { args: ['unshare', '-R', '/other-root', '-w', '/mnt'], inside: { root: 'inner-root', directory: 'inner-mnt' } },
  {
    args: ['unshare', '-S', String(USER), '-G', '54322'],
    through: BURDENED,
    inside: { uids: four(USER), gids: four(54322), groups: '' },
  },
  { args: ['unshare'], command: ['probe'], env: { PATH: '/none:/first:/second' } },
];

const isMountOf =
  (type: string): Matches =>
  ({ name, args }) =>
    name === 'mount' && args[2] === type;
const setsPropagation =
  (flag: number): Matches =>
  ({ name, args }) =>
    name === 'mount' && args[3] === (MS_REC | flag);
const isPrivate = setsPropagation(MS_PRIVATE);
const isSlave = setsPropagation(MS_SLAVE);
const isIdMap: Matches = ({ name, args }) => name === 'write' && /^\d+ \d+ \d+\n$/.test(String(args[1]));
const isOffset: Matches = ({ name, args }) => name === 'write' && String(args[1]).startsWith('monotonic');
const isDeny: Matches = ({ name, args }) => name === 'write' && args[1] === 'deny';
const isAt =
  (mountPoint: string): Matches =>
  ({ args }) =>
    args[1] === mountPoint;

const MISTAKES: readonly Mistake[] = [
  { name: 'private without MS_REC', matches: both(isPrivate, isAt('/')), change: withArg(3, MS_PRIVATE) },
  {
    name: 'private without MS_REC',
    matches: both(isPrivate, isAt('/proc')),
    change: withArg(3, MS_PRIVATE),
    equivalent:
      'Where a new mount on /proc appears too is decided by /proc alone, and what lies below is covered by it.',
  },
  { name: 'slave instead of private', matches: isPrivate, change: withArg(3, MS_REC | MS_SLAVE) },
  { name: 'shared instead of private', matches: isPrivate, change: withArg(3, MS_REC | MS_SHARED) },
  { name: 'unbindable instead of private', matches: isPrivate, change: withArg(3, MS_REC | MS_UNBINDABLE) },
  { name: 'another mount made private', matches: isPrivate, change: withArg(1, '/mnt') },
  { name: 'private instead of slave', matches: isSlave, change: withArg(3, MS_REC | MS_PRIVATE) },
  { name: 'slave without MS_REC', matches: isSlave, change: withArg(3, MS_SLAVE) },
  { name: 'proc without its flags', matches: isMountOf('proc'), change: withArg(3, 0) },
  { name: 'proc somewhere else', matches: isMountOf('proc'), change: withArg(1, '/mnt') },
  { name: 'another filesystem for proc', matches: isMountOf('proc'), change: withArg(2, 'sysfs') },
  { name: 'proc before the propagation', matches: isMountOf('proc'), change: before(is('mount')) },
  { name: 'mapped to another ID inside', matches: isIdMap, change: edited(1, /^\d+/, '3') },
  { name: 'another ID mapped', matches: isIdMap, change: edited(1, / \d+ /, ' 4 ') },
  { name: 'another clock put forward', matches: isOffset, change: edited(1, /monotonic 100/, 'monotonic 0') },
  { name: 'setgroups(2) allowed', matches: isDeny, change: withArg(1, 'allow') },
  { name: 'a group kept', matches: is('setgroups'), change: withArg(0, [7]) },
  { name: 'a later directory of PATH first', matches: executes('/second/probe'), change: before(is('execve')) },
];

const NOT_MISSED: Suite['notMissed'] = [
  [
    ({ name, args }) => name === 'close' && typeof args[0] === 'object',
    "The file was opened close-on-exec, and what is open until execve(2) is in nobody's way.",
  ],
  [executes('/none/probe'), 'No such file is there, and with ENOENT the next one is tried.'],
  [executes('/second/probe'), 'It is never come to: the file before is there.'],
];

describeMutants({
  name: 'ns-tool unshare',
  scenarios: SCENARIOS,
  mistakes: MISTAKES,
  notMissed: NOT_MISSED,
  neverFailed: { 'what cannot be is refused, and told of': 'No command line here is refused.' },
});
