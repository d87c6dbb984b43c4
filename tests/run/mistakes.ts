/** What someone could do wrong with a step of a container, and what nobody could notice. */
import { existsSync } from 'node:fs';
import {
  AT_EMPTY_PATH,
  AT_RECURSIVE,
  FSMOUNT_CLOEXEC,
  FSOPEN_CLOEXEC,
  MNT_DETACH,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_NOSUID,
  MOUNT_ATTR_RDONLY,
  MOVE_MOUNT_F_EMPTY_PATH,
  MOVE_MOUNT_T_EMPTY_PATH,
  MS_BIND,
  MS_NODEV,
  MS_NOEXEC,
  MS_NOSUID,
  MS_PRIVATE,
  MS_RDONLY,
  MS_REC,
  MS_REMOUNT,
  MS_SHARED,
  MS_SLAVE,
  MS_STRICTATIME,
  O_CLOEXEC,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  OPEN_TREE_CLOEXEC,
  OPEN_TREE_CLONE,
  PR_CAPBSET_DROP,
  PR_SET_NO_NEW_PRIVS,
  RESOLVE_NO_MAGICLINKS,
  type SyscallName,
} from '@ns-tool/syscalls';
import {
  before,
  both,
  is,
  KINDS,
  type Matches,
  type Mistake,
  type Mistakes,
  type Original,
  withArg,
} from '../support/child-mutants.ts';
import type { RecordedStep } from '../support/supervised.ts';
import { RESTRICTED, type Scenario } from './contract.ts';

/** Why nobody could notice a mutant of a step; undefined if somebody could. */
type Reason = (step: RecordedStep, original: Original<Scenario>, at: number) => string | undefined;

const mountsOn =
  (target: string): Matches =>
  ({ name, args }) =>
    name === 'mount' && args[1] === target;
export const isPrivate = both(mountsOn('/'), ({ args }) => args[3] === (MS_REC | MS_PRIVATE));
const mountsType =
  (type: string): Matches =>
  ({ name, args }) =>
    name === 'mount' && args[2] === type;

const isResultOf = (arg: unknown, at: number) => (arg as { step?: number } | null)?.step === at;
/** The calls that use the result of a step. */
const usersOf = (program: readonly RecordedStep[], at: number) =>
  program.filter(({ args }) => args.some((arg) => isResultOf(arg, at)));

/** This kernel has no such file, and ENOENT is allowed. */
const isMissing: Reason = ({ name, args }) =>
  name === 'mount' && RESTRICTED.includes(String(args[1])) && !existsSync(String(args[1]))
    ? 'This kernel has no such file.'
    : undefined;

/** The directories and files on which something is mounted are there in most images. */
const THERE = ['/proc', '/sys', '/dev', 'etc', 'dev', 'tmp', 'home', 'ada', 'hostname', 'hosts', 'resolv.conf'];

const isThere: Reason = (step, { scenario, program }, at) => {
  const { name, args } = step;
  if (name !== 'mkdirat' && name !== 'mknodat' && name !== 'openat2') return undefined;
  const made = name === 'openat2' ? usersOf(program, at) : [step];
  const isMade = ({ name, args }: RecordedStep) =>
    (name === 'mkdirat' || name === 'mknodat') && THERE.includes(String(args[1]));
  if (made.length === 0 || !made.every(isMade)) return undefined;
  if (!scenario.isBare) return 'The image has it already.';
  const isEarlier = program
    .slice(0, at)
    .some((other) => other.name === 'mkdirat' && other.args[1] === made[0]?.args[1]);
  return isEarlier && (made[0] as RecordedStep).name === 'mkdirat' && String(args[1]) !== ''
    ? 'It has been made already.'
    : undefined;
};

const DROPS: readonly Reason[] = [
  isMissing,
  isThere,
  ({ name }, { scenario }) =>
    name === 'unlinkat' && scenario.of === undefined
      ? 'Nothing has been mounted before, so there is no mark.'
      : undefined,
  ({ name, args }) =>
    name === 'chdir' && args[0] === '/'
      ? 'The root is the working directory already, or paths are absolute until the last step that sets it.'
      : undefined,
  ({ name, args }) => (name === 'setresuid' && args[0] === 0 ? 'Whoever makes this container is user 0.' : undefined),
  ({ name }) => (name === 'close' ? 'It is close-on-exec.' : undefined),
  ({ name }) =>
    name === 'keyctl' ? 'What hides keys hides this; escapes.test.ts has a program that looks.' : undefined,
  ({ name, args }) =>
    name === 'prctl' && args[0] === PR_CAPBSET_DROP && Number(args[1]) > 40
      ? 'This kernel has no such capability.'
      : undefined,
  ({ name }, { program, scenario }, at) => {
    const isLast = (name === 'fchdir' || name === 'openat2') && program.findLastIndex(is(name)) === at;
    const isRoot = scenario.directory === undefined && scenario.refused === undefined;
    return isLast && isRoot ? 'The root is the working directory already.' : undefined;
  },
];

export const NOT_MISSED: Mistakes<Scenario>['notMissed'] = [
  [
    () => true,
    (original, at) => {
      const step = original.program[at] as RecordedStep;
      return DROPS.map((reason) => reason(step, original, at)).find(Boolean);
    },
  ],
];

/** The flags of calls, by the places of their arguments. */
const FLAGS: Partial<
  Record<
    SyscallName,
    readonly (readonly [place: number, field: string | null, flags: Readonly<Record<string, number>>])[]
  >
> = {
  unshare: [[0, null, KINDS]],
  mount: [[3, null, { MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND, MS_REC, MS_STRICTATIME }]],
  umount2: [[1, null, { MNT_DETACH }]],
  open_tree: [[2, null, { OPEN_TREE_CLONE, OPEN_TREE_CLOEXEC, AT_RECURSIVE }]],
  move_mount: [[4, null, { MOVE_MOUNT_F_EMPTY_PATH, MOVE_MOUNT_T_EMPTY_PATH }]],
  fsopen: [[1, null, { FSOPEN_CLOEXEC }]],
  fsmount: [
    [1, null, { FSMOUNT_CLOEXEC }],
    [2, null, { MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC }],
  ],
  mount_setattr: [
    [2, null, { AT_EMPTY_PATH, AT_RECURSIVE }],
    [3, 'set', { MOUNT_ATTR_RDONLY, MOUNT_ATTR_NODEV }],
  ],
  openat: [[2, null, { O_PATH, O_DIRECTORY, O_NOFOLLOW, O_CLOEXEC }]],
  openat2: [
    [2, 'flags', { O_PATH, O_DIRECTORY, O_CLOEXEC }],
    [2, 'resolve', { RESOLVE_NO_MAGICLINKS }],
  ],
};

/** Why nobody could notice that a flag is missing. */
function unnoticedFlag(flag: string, step: RecordedStep, { scenario }: Original<Scenario>): string | undefined {
  const { name, args } = step;
  if (flag.endsWith('CLOEXEC')) return 'All descriptors but 0, 1 and 2 become close-on-exec.';
  if (flag === 'MS_REC') return isPrivate(step) ? undefined : 'Nothing is mounted below in a proc that is new.';
  if (flag === 'AT_RECURSIVE' && name === 'open_tree' && !['/run/data', '/run/place', '/sys'].includes(String(args[1])))
    return 'A file has nothing below it.';
  if (flag === 'RESOLVE_NO_MAGICLINKS' && scenario.refused === undefined) return 'No link of /proc is on this path.';
  if (flag === 'O_PATH' && scenario.name !== 'a fifo in place of /etc/hosts')
    return 'It can be opened for reading, too.';
  if (flag === 'O_DIRECTORY' && (scenario.refused === undefined || name === 'openat2')) return 'It is a directory.';
  if (flag === 'O_NOFOLLOW' && scenario.refused === undefined) return 'It is no link.';
  return undefined;
}

function withoutFlag(
  flags: number,
  flag: string,
  place: number,
  field: string | null,
  name: SyscallName,
): Mistake<Scenario> {
  const valueIn = ({ args }: RecordedStep) =>
    Number(field === null ? args[place] : (args[place] as Record<string, number> | undefined)?.[field]);
  return {
    name: `without ${flag}`,
    matches: both(is(name), (step) => (valueIn(step) & flags) === flags),
    change(at, { program }) {
      const step = program[at] as RecordedStep;
      const value = valueIn(step) & ~flags;
      return withArg(place, field === null ? value : { ...(step.args[place] as object), [field]: value })(at);
    },
    equivalent: (original, at) => {
      const step = original.program[at] as RecordedStep;
      return isMissing(step, original, at) ?? unnoticedFlag(flag, step, original);
    },
  };
}

const MISSING_FLAGS = Object.entries(FLAGS).flatMap(([name, places]) =>
  places.flatMap(([place, field, flags]) =>
    Object.entries(flags).map(([flag, bits]) => withoutFlag(bits, flag, place, field, name as SyscallName)),
  ),
);

/** The same with another text in an argument; nothing where that does not have it. The bundle is another in each run. */
const rewritten =
  (place: number, pattern: string, by: string): Mistake<Scenario>['change'] =>
  (at, { program }) =>
    new RegExp(pattern).test(String(program[at]?.args[place])) ? { at, edits: place, pattern, by } : null;

const changesUser: Matches = ({ name, args }) => name === 'setresuid' && args[0] !== 0;

export const MISTAKES: readonly Mistake<Scenario>[] = [
  ...MISSING_FLAGS,
  {
    name: 'slave instead of private',
    matches: isPrivate,
    change: withArg(3, MS_REC | MS_SLAVE),
    equivalent: ({ scenario }) =>
      scenario.mounts?.['/mnt/neighbour/made'] ? undefined : 'No mount in this container comes from the host.',
  },
  { name: 'shared instead of private', matches: isPrivate, change: withArg(3, MS_REC | MS_SHARED) },
  {
    name: 'the old root unmounted once paths of the image have been looked up',
    matches: is('umount2'),
    change: (at, { program }) => ({ move: at, before: program.findIndex(({ args }) => args[1] === '/proc') }),
    equivalent: ({ scenario }) =>
      scenario.mounts?.['/mnt/neighbour/made'] ? undefined : 'No link of this image leads above its root.',
  },
  {
    name: 'the overlay without its second layer',
    matches: mountsType('overlay'),
    change: rewritten(4, 'lowerdir=[^:,]*:', 'lowerdir='),
  },
  {
    name: 'the layers the other way round',
    matches: mountsType('overlay'),
    change: rewritten(4, 'lowerdir=([^:,]*):([^:,]*)', 'lowerdir=$2:$1'),
  },
  {
    name: 'the marks of an overlay where a user cannot set them',
    matches: mountsType('overlay'),
    change: rewritten(4, ',userxattr', ''),
  },
  {
    name: 'an overlay that is synchronous',
    matches: mountsType('overlay'),
    change: rewritten(4, ',volatile', ''),
    equivalent: 'It takes longer to unmount, and else is the same.',
  },
  ...['mode=755', 'size=64k'].map(
    (option): Mistake<Scenario> => ({
      name: `/dev without ${option}`,
      matches: both(mountsType('tmpfs'), ({ args }) => String(args[4]).includes(option)),
      change: rewritten(4, `${option},?`, ''),
    }),
  ),
  ...['ptmxmode=0666,', 'mode=0620', ',gid=5'].map(
    (option): Mistake<Scenario> => ({
      name: `/dev/pts without ${option}`,
      matches: both(mountsType('devpts'), ({ args }) => String(args[4]).includes(option)),
      change: rewritten(4, `(?<![a-z])${option}`, ''),
    }),
  ),
  {
    name: 'a device that only its owner may use',
    matches: ({ name, args }) => name === 'mknodat' && Number(args[3]) !== 0,
    change: (at, { program }) => withArg(2, Number(program[at]?.args[2]) & ~0o66)(at),
  },
  {
    name: 'another device',
    matches: ({ name, args }) => name === 'mknodat' && Number(args[3]) !== 0,
    change: (at, { program }) => withArg(3, Number(program[at]?.args[3]) === 0x103 ? 0x105 : 0x103)(at),
  },
  {
    name: 'a directory that only its owner may enter',
    matches: is('mkdirat'),
    change: withArg(2, 0o700),
    equivalent: ({ program, scenario }, at) =>
      scenario.isBare && ['new', 'directory'].includes(String(program[at]?.args[1]))
        ? undefined
        : 'It is there already, or covered by a mount.',
  },
  { name: 'another host name', matches: is('sethostname'), change: withArg(0, 'host') },
  { name: 'another link', matches: is('symlinkat'), change: withArg(0, '/dev/null') },
  { name: 'a group kept', matches: is('setgroups'), change: withArg(0, [7]) },
  ...['real', 'effective'].flatMap((which, place): Mistake<Scenario>[] => [
    { name: `the ${which} user left`, matches: changesUser, change: withArg(place, -1) },
    { name: `the ${which} group left`, matches: is('setresgid'), change: withArg(place, -1) },
  ]),
  ...(['setresgid', 'setgroups'] as const).map(
    (name): Mistake<Scenario> => ({ name: `the user before ${name}`, matches: changesUser, change: before(is(name)) }),
  ),
  {
    name: 'the capabilities before the user',
    matches: is('capset'),
    change: before(changesUser),
  },
  { name: 'another mask', matches: is('umask'), change: withArg(0, 0o27) },
  { name: 'another mask while files are made', matches: is('umask'), change: before(is('openat2')) },
  {
    name: 'privileges by execve(2)',
    matches: ({ name, args }) => name === 'prctl' && args[0] === PR_SET_NO_NEW_PRIVS,
    change: withArg(1, 0),
  },
];
