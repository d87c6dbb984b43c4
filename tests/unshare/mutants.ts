/** Broken versions of `ns-tool unshare`: the product's code, with something changed of what its child does. */
import {
  CLONE_NEWCGROUP,
  CLONE_NEWIPC,
  CLONE_NEWNET,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWUSER,
  CLONE_NEWUTS,
  CLONE_VFORK,
  CLONE_VM,
  F_SETFD,
  MS_PRIVATE,
  MS_REC,
  MS_SHARED,
  MS_SLAVE,
  MS_UNBINDABLE,
  PR_SET_PDEATHSIG,
} from '@ns-tool/syscalls';
import type { Change } from '../support/changes.ts';
import { representative } from '../support/child-faults.ts';
import type { RecordedStep, Report } from '../support/supervised.ts';

export interface Mutant {
  readonly name: string;
  readonly changes: readonly Change[];
  /** Why no test could ever tell it from the original. Without this, some check must turn red. */
  readonly equivalent?: string | undefined;
}

type Program = readonly RecordedStep[];
type Matches = (step: RecordedStep) => boolean;

/** A mistake that someone could make with a step. */
interface Mistake {
  readonly name: string;
  /** The steps with which it can be made; each is a mutant. */
  readonly matches: Matches;
  /** What is changed; null where that is nothing. */
  change(at: number, program: Program): Change | null;
  /** See {@link Mutant}. */
  readonly equivalent?: string | ((program: Program) => string | undefined);
}

const is =
  (name: RecordedStep['name']): Matches =>
  (step) =>
    step.name === name;
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
const isDeathSignal: Matches = ({ name, args }) => name === 'prctl' && args[0] === PR_SET_PDEATHSIG;
const isIdMap: Matches = ({ name, args }) => name === 'write' && /^\d+ \d+ \d+\n$/.test(String(args[1]));
const isOffset: Matches = ({ name, args }) => name === 'write' && String(args[1]).startsWith('monotonic');
const isDeny: Matches = ({ name, args }) => name === 'write' && args[1] === 'deny';
const isInheriting: Matches = ({ name, args }) => name === 'fcntl' && args[1] === F_SETFD;
const isAt =
  (mountPoint: string): Matches =>
  ({ args }) =>
    args[1] === mountPoint;
const both =
  (one: Matches, other: Matches): Matches =>
  (step) =>
    one(step) && other(step);
const executes =
  (file: string): Matches =>
  ({ name, args }) =>
    name === 'execve' && args[0] === file;
const resets =
  (signal: number): Matches =>
  ({ name, args }) =>
    name === 'rt_sigaction' && args[0] === signal;

/** Whether ns-tool and its child wait for each other by pipes, instead of CLONE_VFORK. */
const waits = (program: Program) => program.some(is('read'));

const drop = (at: number): Change => ({ drop: at });
const withArg =
  (place: number, value: unknown) =>
  (at: number): Change => ({ at, args: { [place]: value } });
const edited =
  (place: number, pattern: RegExp, replacement: string) =>
  (at: number, program: Program): Change =>
    withArg(place, String(program[at]?.args[place]).replace(pattern, replacement))(at);
/** Moves a step up, before the first that matches. */
const before = (matches: Matches) => (at: number, program: Program) => {
  const first = program.findIndex(matches);
  return first === -1 || first >= at ? null : { move: at, before: first };
};

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
  { name: 'the directory before the root', matches: is('chdir'), change: before(is('chroot')) },
  { name: 'another root', matches: is('chroot'), change: withArg(0, '/') },
  { name: 'another directory', matches: is('chdir'), change: withArg(0, '/proc') },
  ...(['setresgid', 'setgroups'] as const).map(
    (name): Mistake => ({
      name: `the user before ${name}`,
      matches: is('setresuid'),
      change: before(is(name)),
      equivalent: (program) =>
        waits(program)
          ? 'Only a change from user 0 costs capabilities: capabilities(7). The child is none of the users that are mapped.'
          : undefined,
    }),
  ),
  ...['real', 'effective', 'saved'].flatMap((which, place): Mistake[] => {
    const equivalent = 'execve(2) copies the effective ID to the saved one, whatever that was.';
    const rest = { change: withArg(place, 0), ...(which === 'saved' && { equivalent }) };
    return [
      { name: `the ${which} user left`, matches: is('setresuid'), ...rest },
      { name: `the ${which} group left`, matches: is('setresgid'), ...rest },
    ];
  }),
  { name: 'a group kept', matches: is('setgroups'), change: withArg(0, [7]) },
  { name: 'SIGTERM when ns-tool dies', matches: isDeathSignal, change: withArg(1, 15) },
  { name: 'that signal set before the user, who clears it', matches: isDeathSignal, change: before(is('setresuid')) },
  {
    name: 'the look at ns-tool before that signal is set',
    matches: isDeathSignal,
    change: (at) => ({ move: at + 1, before: at }),
  },
  { name: 'one descriptor forgotten', matches: is('close_range'), change: withArg(0, 4) },
  { name: 'most descriptors forgotten', matches: is('close_range'), change: withArg(1, 3) },
  {
    name: 'descriptors closed at once',
    matches: is('close_range'),
    change: withArg(2, 0),
    equivalent: (program) =>
      waits(program)
        ? undefined
        : 'No step after it needs one, and ns-tool stands still until execve(2) would close them.',
  },
  { name: 'SIGPIPE left ignored', matches: resets(13), change: drop },
  { name: 'another environment', matches: executes('/bin/sh'), change: withArg(2, ['PATH=/usr/bin']) },
  { name: 'a later directory of PATH first', matches: executes('/second/probe'), change: before(is('execve')) },
];

const KINDS = {
  CLONE_NEWNS,
  CLONE_NEWCGROUP,
  CLONE_NEWUTS,
  CLONE_NEWIPC,
  CLONE_NEWUSER,
  CLONE_NEWPID,
  CLONE_NEWNET,
};

/** The mutants of the product with one command line, which do to these steps what should not be done to them. */
export function mutantsOf({ program, cloneFlags }: Report, places: readonly number[]): readonly Mutant[] {
  const drops = representative(program)
    .filter((at) => places.includes(at))
    .map((at) => {
      const step = program[at] as RecordedStep;
      return { name: `without ${step.shown}`, changes: [drop(at)], equivalent: whyNotMissed(step) };
    });
  const mistakes = MISTAKES.flatMap(({ name, matches, change, equivalent }) =>
    places.flatMap((at) => {
      const step = program[at] as RecordedStep;
      const made = matches(step) ? change(at, program) : null;
      if (made === null) return [];
      const why = typeof equivalent === 'function' ? equivalent(program) : equivalent;
      return [{ name: `${name}: ${step.shown}`, changes: [made], equivalent: why }];
    }),
  );
  const kinds = Object.entries(KINDS)
    .filter(([, flag]) => (cloneFlags & flag) !== 0)
    .map(([name, flag]) => ({ name: `clone without ${name}`, changes: [{ cloneWithout: flag }] }));
  return [...drops, ...mistakes, ...kinds];
}

/** Which steps to change with a command line: what it adds to those that every child makes. */
export function ownSteps(program: Program, common: Program): readonly number[] {
  const all = [...program.keys()];
  const isCommon = (step: RecordedStep | undefined) => common.some(({ shown }) => shown === step?.shown);
  // Another command, and how it is found.
  if (!program.some(executes('/bin/sh'))) return all.filter((at) => program[at]?.name === 'execve');
  // The setting up of the descriptors is the first that is always the same. Where the two wait, what is before is not.
  const setup = all.slice(0, program.findIndex(isInheriting));
  return waits(program) ? setup : setup.filter((at) => !isCommon(program[at]));
}

/** Mutants of what is the same with every command line. */
export const general: readonly Mutant[] = [
  { name: 'clone with CLONE_NEWUTS', changes: [{ cloneWith: CLONE_NEWUTS }] },
  { name: 'clone without CLONE_VFORK', changes: [{ cloneWithout: CLONE_VFORK }] },
  {
    name: 'clone without CLONE_VM',
    changes: [{ cloneWithout: CLONE_VM }],
    equivalent:
      'The child then has a copy of the memory: slower, but its program and the results lie in a shared mapping.',
  },
];

/** Steps that nobody could miss, and why. */
const NOT_MISSED: readonly (readonly [Matches, string])[] = [
  [
    ({ name, args }) => name === 'close' && typeof args[0] === 'object',
    "The file was opened close-on-exec, and what is open until execve(2) is in nobody's way.",
  ],
  [executes('/none/probe'), 'No such file is there, and with ENOENT the next one is tried.'],
  [executes('/second/probe'), 'It is never come to: the file before is there.'],
];

function whyNotMissed(step: RecordedStep): string | undefined {
  return NOT_MISSED.find(([matches]) => matches(step))?.[1];
}
