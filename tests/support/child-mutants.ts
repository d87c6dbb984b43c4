/**
 * Broken versions of a command that starts a process: the product's code, with something changed of what its child does.
 * Every check (child-checks.ts) is held against each of them: some must turn red.
 */
import {
  CLONE_NEWCGROUP,
  CLONE_NEWIPC,
  CLONE_NEWNET,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWTIME,
  CLONE_NEWUSER,
  CLONE_NEWUTS,
  CLONE_VFORK,
  CLONE_VM,
  F_SETFD,
  PR_SET_PDEATHSIG,
} from '@ns-tool/syscalls';
import { afterAll, describe, expect, it } from 'vitest';
import { fails } from './assertion.ts';
import { type Change, MISTAKEN } from './changes.ts';
import {
  checks,
  endGround,
  type Ground,
  look,
  makeGround,
  type Processes,
  type Scenario,
  unnoticed,
} from './child-checks.ts';
import { representative } from './child-faults.ts';
import { needsRoot } from './privilege.ts';
import type { Stand } from './stand.ts';
import type { RecordedStep, Report } from './supervised.ts';

export interface Mutant {
  readonly name: string;
  readonly changes: readonly Change[];
  /** Why no test could ever tell it from the original. Without this, some check must turn red. */
  readonly equivalent?: string | undefined;
}

type Program = readonly RecordedStep[];
export type Matches = (step: RecordedStep) => boolean;

/** What the product does with a command line. */
export interface Original<S = Scenario> {
  readonly scenario: S;
  readonly program: Program;
}

/** See {@link Mutant}. */
export type Equivalent<S = Scenario> = string | undefined | ((original: Original<S>, at: number) => string | undefined);

/** A mistake that someone could make with a step. */
export interface Mistake<S = Scenario> {
  readonly name: string;
  /** The steps with which it can be made; each is a mutant. */
  readonly matches: Matches;
  /** What is changed; null where that is nothing. */
  change(at: number, original: Original<S>): Change | readonly Change[] | null;
  readonly equivalent?: Equivalent<S>;
}

/** What can be done wrong by a command, beside what every one can. */
export interface Mistakes<S = Scenario> {
  readonly mistakes: readonly Mistake<S>[];
  /** Steps that nobody could miss, and why. */
  readonly notMissed: readonly (readonly [Matches, Equivalent<S>])[];
}

/** A command, and what is special about it. */
export interface Suite extends Mistakes {
  readonly name: string;
  /** The first is of what every child does, and all of that is changed; the others add to it, and what they add is changed. */
  readonly scenarios: readonly Scenario[];
  /** Checks that no mutant fails, by their names, and why. */
  readonly neverFailed: Readonly<Record<string, string>>;
  /** Starts processes that the command lines name. */
  readonly start?: (stand: Stand) => Promise<Processes>;
}

export const is =
  (name: RecordedStep['name']): Matches =>
  (step) =>
    step.name === name;
export const both =
  (one: Matches, other: Matches): Matches =>
  (step) =>
    one(step) && other(step);
export const executes =
  (file: string): Matches =>
  ({ name, args }) =>
    name === 'execve' && args[0] === file;
const resets =
  (signal: number): Matches =>
  ({ name, args }) =>
    name === 'rt_sigaction' && args[0] === signal;
const isInheriting: Matches = ({ name, args }) => name === 'fcntl' && args[1] === F_SETFD;
export const isDeathSignal: Matches = ({ name, args }) => name === 'prctl' && args[0] === PR_SET_PDEATHSIG;

/** Whether ns-tool and its child wait for each other by pipes, instead of CLONE_VFORK. */
const waits = (program: Program) => program.some(is('read'));
const joinsUser: Matches = ({ name, args }) => name === 'setns' && ((args[1] as number) & CLONE_NEWUSER) !== 0;

const drop = (at: number): Change => ({ drop: at });
export const withArg =
  (place: number, value: unknown) =>
  (at: number): Change => ({ at, args: { [place]: value } });
export const edited =
  (place: number, pattern: RegExp, replacement: string) =>
  (at: number, { program }: Original<unknown>): Change =>
    withArg(place, String(program[at]?.args[place]).replace(pattern, replacement))(at);
/** Moves a step up, before the last that matches. */
export const before =
  (matches: Matches) =>
  (at: number, { program }: Original<unknown>): Change | null => {
    const other = program.slice(0, at).findLastIndex(matches);
    return other === -1 ? null : { move: at, before: other };
  };

/** What can be done wrong by every command. */
const MISTAKES: readonly Mistake<unknown>[] = [
  { name: 'the directory before the root', matches: is('chdir'), change: before(is('chroot')) },
  { name: 'another root', matches: is('chroot'), change: withArg(0, '/') },
  { name: 'another directory', matches: is('chdir'), change: withArg(0, '/proc') },
  ...(['setresgid', 'setgroups'] as const).map(
    (name): Mistake<unknown> => ({
      name: `the user before ${name}`,
      matches: is('setresuid'),
      change: before(is(name)),
      equivalent: ({ program }) =>
        waits(program) || program.some(joinsUser)
          ? 'Only a change from user 0 costs capabilities: capabilities(7). The child is none of the users that are mapped.'
          : undefined,
    }),
  ),
  ...['real', 'effective', 'saved'].flatMap((which, place): Mistake<unknown>[] => {
    const equivalent = 'execve(2) copies the effective ID to the saved one, whatever that was.';
    const rest = { change: withArg(place, -1), ...(which === 'saved' && { equivalent }) };
    return [
      { name: `the ${which} user left`, matches: is('setresuid'), ...rest },
      { name: `the ${which} group left`, matches: is('setresgid'), ...rest },
    ];
  }),
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
    equivalent: ({ program }) =>
      waits(program)
        ? undefined
        : 'No step after it needs one, and ns-tool stands still until execve(2) would close them.',
  },
  { name: 'SIGPIPE left ignored', matches: resets(13), change: drop },
  { name: 'another environment', matches: executes('/bin/sh'), change: withArg(2, ['PATH=/usr/bin']) },
];

/** The flags of clone(2) and setns(2). */
export const KINDS = {
  CLONE_NEWNS,
  CLONE_NEWCGROUP,
  CLONE_NEWUTS,
  CLONE_NEWIPC,
  CLONE_NEWUSER,
  CLONE_NEWPID,
  CLONE_NEWNET,
  CLONE_NEWTIME,
};

/**
 * The mutants of the product with one command line, which do to these steps what should not be done to them.
 *
 * @param leftOut which of them are left out.
 */
export function mutantsOf<S>(
  suite: Mistakes<S>,
  original: Original<S>,
  places: readonly number[],
  leftOut: readonly number[] = representative(original.program),
): readonly Mutant[] {
  const { program } = original;
  const why = (equivalent: Equivalent<S>, at: number) =>
    typeof equivalent === 'function' ? equivalent(original, at) : equivalent;
  const drops = leftOut
    .filter((at) => places.includes(at))
    .map((at) => {
      const step = program[at] as RecordedStep;
      const reasons = suite.notMissed.flatMap(([matches, reason]) => (matches(step) ? [why(reason, at)] : []));
      return { name: `without ${step.shown}`, changes: [drop(at)], equivalent: reasons.find(Boolean) };
    });
  const mistakes = suite.mistakes.flatMap(({ name, matches, change, equivalent }) =>
    places.flatMap((at) => {
      const step = program[at] as RecordedStep;
      const made = matches(step) ? change(at, original) : null;
      return made === null
        ? []
        : [{ name: `${name}: ${step.shown}`, changes: [made].flat(), equivalent: why(equivalent, at) }];
    }),
  );
  return [...drops, ...mistakes];
}

/** Mutants that differ in how the child is made. */
export function clonesOf({ cloneFlags }: Report): readonly Mutant[] {
  const kinds = Object.entries(KINDS)
    .filter(([, flag]) => (cloneFlags & flag) !== 0)
    .map(([name, flag]) => ({ name: `clone without ${name}`, changes: [{ cloneWithout: flag }] }));
  const sharing = { name: 'clone with CLONE_VM', changes: [{ cloneWith: CLONE_VM }] };
  // Without either, others may stop the child: what comes of sharing memory with it then, joining.test.ts shows.
  return (cloneFlags & (CLONE_VM | CLONE_VFORK)) === CLONE_VFORK ? [...kinds, sharing] : kinds;
}

/** Those of every child. */
const generalOf = ({ cloneFlags }: Report): readonly Mutant[] => [
  { name: 'clone with CLONE_NEWUTS', changes: [{ cloneWith: CLONE_NEWUTS }] },
  ...((cloneFlags & CLONE_VFORK) === 0
    ? []
    : [{ name: 'clone without CLONE_VFORK', changes: [{ cloneWithout: CLONE_VFORK }] }]),
  {
    name: 'clone without CLONE_VM',
    changes: [{ cloneWithout: CLONE_VM }],
    equivalent:
      'The child then has a copy of the memory: slower, but its program and the results lie in a shared mapping.',
  },
];

/** Which steps to change with a command line: what it adds to those that every child makes. */
function ownSteps({ program, scenario }: Original, common: Program): readonly number[] {
  const all = [...program.keys()];
  const isCommon = (step: RecordedStep | undefined) => common.some(({ shown }) => shown === step?.shown);
  // Another command, and how it is found.
  if (!program.some(executes('/bin/sh'))) return all.filter((at) => program[at]?.name === 'execve');
  // The setting up of the descriptors is the first that is always the same. What is before, an interruption can tell.
  const setup = all.slice(0, program.findIndex(isInheriting));
  return scenario.interrupted ? setup : setup.filter((at) => !isCommon(program[at]));
}

/** A child that is asked for nothing. */
const PLAIN: Scenario = { args: ['unshare'] };

/** Some grounds for many runs: made when they are needed, and made anew once a mutant has left a trace in one. */
class Grounds {
  /** Null for one that is not made yet. */
  private readonly idle: (Ground | null)[];
  private readonly waiting: (() => void)[] = [];

  constructor(
    atOnce: number,
    private readonly make: () => Promise<Ground>,
  ) {
    this.idle = Array(atOnce).fill(null);
  }

  /** Lends a ground, as soon as one is idle. It is used again if what is done with it says that it is as it was. */
  async lend<T>(use: (ground: Ground) => Promise<T>, isAsBefore: (result: T) => boolean): Promise<T> {
    while (this.idle.length === 0) await new Promise<void>((resolve) => this.waiting.push(resolve));
    // One that is made already, if there is one.
    const at = this.idle.findLastIndex((ground) => ground !== null);
    const [lent = null] = this.idle.splice(at, 1);
    let returned: Ground | null = null;
    try {
      const ground = lent ?? (await this.make());
      returned = ground;
      const result = await use(ground);
      if (isAsBefore(result)) return result;
      returned = null;
      await endGround(ground);
      return result;
    } finally {
      this.idle.push(returned);
      this.waiting.shift()?.();
    }
  }

  /** Ends all of them. None may be lent. */
  async end(): Promise<void> {
    await Promise.all(this.idle.map((ground) => ground && endGround(ground)));
  }
}

/** The names of the checks that a version fails. */
async function failedChecks(
  ground: Ground,
  { scenario, program }: Original,
  changes: Mutant['changes'],
): Promise<readonly string[]> {
  try {
    const sight = await look(ground, scenario, program, changes);
    return checks.filter(({ check }) => fails(() => check(sight))).map(({ name }) => name);
  } catch (error) {
    // A stand whose /proc is covered, for one, can do nothing any more.
    if (error instanceof Error && !error.message.includes(MISTAKEN)) return [unnoticed.name];
    throw error;
  }
}

/** What the product does by itself. The pids of processes of the ground, which differ, are shown by their names. */
async function reportOf(ground: Ground, scenario: Scenario): Promise<Report> {
  const { outcome } = await look(ground, scenario, null, []);
  expect(outcome.report, outcome.stderr).not.toBeNull();
  const { program, cloneFlags } = outcome.report as Report;
  const names = new Map(Object.entries(ground.processes.words).map(([name, pid]) => [pid, `@${name}`]));
  const byName = (step: RecordedStep): RecordedStep => ({
    ...step,
    shown: step.shown.replace(/\d+/g, (number) => names.get(number) ?? number),
  });
  return { program: program.map(byName), cloneFlags };
}

interface Tried extends Mutant {
  readonly failed: readonly string[];
}

const commandLine = ({ args, command, uid }: Scenario) =>
  [...(uid === undefined ? [] : ['as a user:']), ...args, ...(command ?? [])].join(' ');

/** The result as a table: a line for each mutant, a column for each check. */
function matrix(tried: ReadonlyMap<string, readonly Tried[]>, neverFailed: Suite['neverFailed']): string {
  const legend = checks.map(({ name }, i) => `${'|'.repeat(i)}${i < 9 ? i + 1 : String.fromCharCode(88 + i)} ${name}`);
  const rows = [...tried].flatMap(([scenario, mutants]) => [
    scenario,
    ...mutants.flatMap(({ name, failed, equivalent }) => [
      `${checks.map((check) => (failed.includes(check.name) ? 'x' : '.')).join('')}  ${name.slice(0, 100)}`,
      ...(equivalent === undefined ? [] : [`${' '.repeat(checks.length)}  equivalent: ${equivalent}`]),
    ]),
  ]);
  const never = Object.entries(neverFailed).map(([name, why]) => `never red: ${name}. ${why}`);
  return ['mutant x check; x: the check is red', ...legend, ...rows, ...never].join('\n');
}

/** As many grounds as keep two processors busy. */
const AT_ONCE = 4;

/** How long the mutants of a command line may take, which wait for those of others; in milliseconds. */
const PATIENCE = 300_000;

/** Declares the tests of a command. */
export function describeMutants(suite: Suite): void {
  const { name, scenarios, neverFailed, start } = suite;
  describe.skipIf(needsRoot(`every check of ${name} on every mutant`))('the suite notices', () => {
    const grounds = new Grounds(AT_ONCE, () => makeGround(start));
    const all = new Map<string, readonly Tried[]>(scenarios.map((scenario) => [commandLine(scenario), []]));
    afterAll(async () => {
      console.log(matrix(all, neverFailed));
      await grounds.end();
    });

    const report = (scenario: Scenario) =>
      grounds.lend(
        (ground) => reportOf(ground, scenario),
        () => true,
      );
    const failedBy = (original: Original, changes: Mutant['changes']) =>
      grounds.lend(
        (ground) => failedChecks(ground, original, changes),
        (failed) => !failed.includes(unnoticed.name),
      );
    let plain: Promise<Report> | undefined;

    /** All mutants with one command line. */
    const mutantsWith = (original: Original, report: Report, plain: Report): readonly Mutant[] => {
      const clones = clonesOf(report);
      const whole = { ...suite, mistakes: [...MISTAKES, ...suite.mistakes] };
      if (original.scenario !== scenarios[0]) {
        return [...mutantsOf(whole, original, ownSteps(original, plain.program)), ...clones];
      }
      return [...mutantsOf(whole, original, [...original.program.keys()]), ...clones, ...generalOf(report)];
    };

    for (const scenario of scenarios) {
      it.concurrent(
        `every mutant of ns-tool ${commandLine(scenario)}, and nothing wrong with itself`,
        async () => {
          plain ??= report(PLAIN);
          const own = await report(scenario);
          const original = { scenario, program: own.program };
          expect(await failedBy(original, [])).toEqual([]);

          const mutants = mutantsWith(original, own, await plain);
          const tried = await Promise.all(
            mutants.map(async (mutant) => ({ ...mutant, failed: await failedBy(original, mutant.changes) })),
          );
          all.set(commandLine(scenario), tried);
          expect(tried).not.toEqual([]);
          const named = (rows: readonly Tried[]) => rows.map(({ name }) => name);
          const missed = tried.filter(({ failed, equivalent }) => failed.length === 0 && equivalent === undefined);
          expect(named(missed), 'no check notices').toEqual([]);
          const noticed = tried.filter(({ failed, equivalent }) => failed.length > 0 && equivalent !== undefined);
          expect(named(noticed), 'not equivalent after all').toEqual([]);
        },
        PATIENCE,
      );
    }

    it('each of its checks is needed: some mutant fails it, but for those that are known', () => {
      const failed = new Set([...all.values()].flat().flatMap((mutant) => mutant.failed));
      const others = checks.map(({ name }) => name).filter((name) => !failed.has(name));
      expect(others).toEqual(Object.keys(neverFailed));
    });
  });
}
