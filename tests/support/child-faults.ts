/**
 * Whatever goes wrong at any step of a child: what must hold for every command that starts one.
 *
 * Every step of every command line fails once; and the child, or ns-tool itself, is killed before every step and after the
 * last.
 */
import { constants } from 'node:os';
import { errnoMessage, errnoNumber } from '@ns-tool/syscalls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failureBeside, oneOfFailures } from './changes.ts';
import { expectUnnoticed } from './checks.ts';
import { needsRoot } from './privilege.ts';
import type { Observed } from './protocol.ts';
import { Stand } from './stand.ts';
import { type Act, hasStarted, type Outcome, type RecordedStep, type Run, STARTED, supervise } from './supervised.ts';

/** A command line, without the command that it runs. */
export interface CommandLine {
  readonly args: readonly string[];
  readonly uid?: number;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether the command is the first process of a pid namespace, which SIGTERM does not end: pid_namespaces(7). */
  readonly isInit?: boolean;
  /** Whether the child makes another one, which becomes the command. */
  readonly forks?: boolean;
  /** What one step may miss, the next one misses too; so an error of one alone, which is allowed, is not how things are. */
  readonly missesInPairs?: boolean;
}

/** Says that it runs, and goes on until it is killed. */
const COMMAND = ['/bin/sh', '-c', `echo ${STARTED}; exec sleep 30`];

/** Ends ns-tool as soon as the command runs. */
const KILL_WHEN_STARTED: Act = { when: 'started', signal: 'SIGKILL', to: 'ns-tool' };

/** As many processes as keep two processors busy. */
const AT_ONCE = 4;

/** How long the runs of a command line may take, on processors that are busy with others; in milliseconds. */
const PATIENCE = 300_000;

/** Of steps that are alike, so many are tried. */
const MANY = 6;

/** A run in which something goes wrong, and what must come of it. */
interface Fault {
  /** Where. */
  readonly at: string;
  readonly run: Omit<Run, 'args' | 'uid' | 'env'>;
  readonly expected: Partial<Outcome>;
  /** What is on standard error. */
  readonly stderr: RegExp;
  /** Whether the command is run all the same; left out where it may be. */
  readonly starts?: boolean;
}

type Program = readonly RecordedStep[];

/** Something that can go wrong, by what must then hold. */
interface Kind {
  readonly title: string;
  readonly faults: (program: Program) => readonly Fault[];
  /** The command lines that it can go wrong with: all if left out. */
  readonly concerns?: (commandLine: CommandLine) => boolean;
}

const ENDED_BY_SIGKILL = { status: null, signal: 'SIGKILL' } as const;
const CHILD_KILLED = { status: 128 + constants.signals.SIGKILL, signal: null };
const NOT_STARTED = { status: 125, signal: null };

const KINDS: readonly Kind[] = [
  {
    title: 'a step that fails is named',
    faults: (program) => representative(program).map((at) => failing(program, at)),
  },
  {
    title: 'an error that is allowed changes nothing',
    faults: (program) => representative(program).flatMap((at) => failingAsAllowed(program, at)),
    concerns: ({ missesInPairs = false }) => !missesInPairs,
  },
  {
    title: 'a child that is killed is told of, before it is the command and afterwards',
    faults: (program) => killing(program, forkIn(program) === -1 ? 'first child' : 'child'),
  },
  {
    title: 'a child does not go on if the one is killed that has made it',
    faults: (program) => afterFork(program, killing(program, 'first child')),
    concerns: ({ forks = false }) => forks,
  },
  {
    title: 'nothing outlives ns-tool, whenever it is killed',
    faults: (program) => interrupting(program, 'SIGKILL', 'ns-tool', ENDED_BY_SIGKILL),
  },
  {
    title: 'nothing outlives ns-tool, whenever it is asked to end',
    faults: (program) => interrupting(program, 'SIGTERM', 'ns-tool', { status: null, signal: 'SIGTERM' }),
    concerns: ({ isInit = false }) => !isInit,
  },
];

/** What a suite does in its stand, as shell scripts. */
interface Scripts {
  readonly prepare?: string;
  readonly cleanUp?: string;
}

/** Declares the tests of a command. */
export function describeFaults(name: string, commandLines: readonly CommandLine[], scripts: Scripts = {}): void {
  const { prepare = 'true', cleanUp = 'true' } = scripts;
  const counted: string[] = [];
  describe.skipIf(needsRoot(`a fault at every step of the children of ${name}`))(
    `whatever happens at any step of a child of ${name}`,
    () => {
      let stand: Stand;
      beforeAll(async () => {
        stand = await Stand.make();
        await stand.shell(prepare);
      });
      afterAll(async () => {
        console.log(['steps, runs with a fault, command line', ...counted].join('\n'));
        await stand.shell(cleanUp).finally(() => stand.dispose());
      });

      for (const commandLine of commandLines) {
        const kinds = KINDS.filter(({ concerns }) => concerns?.(commandLine) ?? true);
        describe(shownAs(commandLine), () => {
          const complaints = new Map<string, readonly string[]>();
          let observed: Observed;
          beforeAll(async () => {
            const program = await programOf(stand, commandLine);
            const tried = kinds.flatMap(({ title, faults }) => faults(program).map((fault) => ({ title, fault })));
            const runs = tried.map(({ fault }) => whole(commandLine, fault.run));
            const { outcomes, ...rest } = await supervise(stand, { runs, atOnce: AT_ONCE });
            observed = rest;
            for (const [i, { title, fault }] of tried.entries()) {
              complaints.set(title, [...(complaints.get(title) ?? []), ...complaintsOf(fault, outcomes[i] as Outcome)]);
            }
            const numbers = [program.length, runs.length].map((number) => String(number).padStart(4));
            counted.push(`${numbers.join(' ')}  ${shownAs(commandLine)}`);
          }, PATIENCE);

          it('the host notices nothing', () => expectUnnoticed(observed));
          for (const { title } of kinds) it(title, () => expect(complaints.get(title)).toEqual([]));
        });
      }
    },
  );
}

function shownAs({ args, uid }: CommandLine): string {
  return `${uid === undefined ? '' : 'as a user: '}ns-tool ${args.join(' ')}`;
}

/** The program of the child of a command line, when nothing goes wrong. */
async function programOf(stand: Stand, commandLine: CommandLine): Promise<Program> {
  const runs = [whole(commandLine, { act: KILL_WHEN_STARTED })];
  const { outcomes, ...observed } = await supervise(stand, { runs, atOnce: 1 });
  const [outcome] = outcomes as [Outcome];
  expect(outcome).toMatchObject({ hasActed: true, signal: 'SIGKILL', left: [] });
  expectUnnoticed(observed);
  const program = outcome.report?.program ?? [];
  // The resets of signals alone are 62.
  expect(program.length).toBeGreaterThan(62);
  return program;
}

function whole({ args, uid, env }: CommandLine, run: Fault['run']): Run {
  return { args: [...args, ...COMMAND], ...(uid !== undefined && { uid }), ...(env !== undefined && { env }), ...run };
}

/** A step fails with an error that is not allowed there. The error of an execve(2) is told in the words of a shell. */
function failing(program: Program, at: number): Fault {
  const { name, shown, allowed } = program[at] as RecordedStep;
  const isExecve = name === 'execve';
  const fails = failureBeside(allowed);
  const told = `${errnoMessage(errnoNumber(fails))} \\(${fails}\\)`;
  return {
    at: shown,
    run: { changes: [{ at, fails }] },
    expected: { status: isExecve ? 126 : 125, signal: null },
    stderr: isExecve ? new RegExp(`^ns-tool: /bin/sh: ${told}\n$`) : new RegExp(`^ns-tool: ${name}\\(.*\\): ${told}\n`),
    starts: false,
  };
}

function failingAsAllowed(program: Program, at: number): Fault[] {
  const { allowed, shown } = program[at] as RecordedStep;
  const fails = oneOfFailures(allowed);
  if (fails === undefined) return [];
  return [
    {
      at: shown,
      run: { changes: [{ at, fails }], act: KILL_WHEN_STARTED },
      expected: { ...ENDED_BY_SIGKILL, hasActed: true },
      stderr: /^$/,
      starts: true,
    },
  ];
}

/** A signal before each step, and one when the command runs. */
function interrupting(
  program: Program,
  signal: Act['signal'],
  to: Act['to'],
  expected: Partial<Outcome>,
): readonly Fault[] {
  const rest = { expected: { ...expected, hasActed: true }, stderr: /^$/ };
  const stops = representative(program).map((at) => ({
    at: `before ${program[at]?.shown}`,
    run: { changes: [{ stopBefore: at }], act: { when: 'stopped', signal, to } as const },
    // Another signal finds the command, if it is that quick.
    ...(signal === 'SIGKILL' && { starts: false }),
    ...rest,
  }));
  const last = { at: 'when the command runs', run: { act: { when: 'started', signal, to } as const }, starts: true };
  return [...stops, { ...last, ...rest }];
}

/** The end of the child. Right before execve(2), nobody can tell any more whether it was the command. */
function killing(program: Program, to: Act['to']): readonly Fault[] {
  return interrupting(program, 'SIGKILL', to, CHILD_KILLED).map((fault) => {
    const [change] = fault.run.changes ?? [];
    const stop = change !== undefined && 'stopBefore' in change ? program[change.stopBefore] : undefined;
    if (stop === undefined || stop.name === 'execve') return fault;
    const stderr =
      /^ns-tool: \/bin\/sh was not started: process \d+ was ended by SIGKILL before it became the command\n$/;
    return { ...fault, expected: { ...NOT_STARTED, hasActed: true }, stderr };
  });
}

/** Where a child makes another one; -1 if it does not. Then what is younger is newuidmap(1), which ns-tool runs meanwhile. */
function forkIn(program: Program): number {
  return program.findIndex(({ name }) => name === 'clone' || name === 'clone3');
}

/** Of these, those while two children run: the first waits until the second is the command. */
function afterFork(program: Program, faults: readonly Fault[]): readonly Fault[] {
  const fork = forkIn(program);
  return faults.filter(({ run }) => run.changes?.some((change) => 'stopBefore' in change && change.stopBefore > fork));
}

/** Which steps are tried: of those that are alike, such as the resets of all signals, the first and the last. */
export function representative(program: Program): number[] {
  const kinds = program.map(({ name, args, allowed }) => `${name} ${allowed} ${name === 'write' ? args[0] : ''}`);
  return [...program.keys()].filter((at) => {
    const kind = kinds[at] as string;
    const isMany = kinds.filter((other) => other === kind).length > MANY;
    return !isMany || at === kinds.indexOf(kind) || at === kinds.lastIndexOf(kind);
  });
}

/** What is wrong with how a run has ended. */
function complaintsOf({ at, expected, stderr, starts }: Fault, outcome: Outcome): string[] {
  const { hung, left } = outcome;
  const started = hasStarted(outcome.stdout, outcome.stderr);
  const complaints = [
    ...(hung ? ['did not end'] : []),
    ...(left.length > 0 ? [`left behind: ${left.join(', ')}`] : []),
    ...(starts === undefined || starts === started ? [] : [`the command was ${started ? '' : 'not '}run`]),
    ...Object.entries(expected).flatMap(([key, value]) => {
      const actual = outcome[key as keyof Outcome];
      return actual === value ? [] : [`${key} is ${actual}, not ${value}`];
    }),
    ...(stderr.test(outcome.stderr.replace(`${STARTED}\n`, '')) ? [] : [`said ${JSON.stringify(outcome.stderr)}`]),
  ];
  return complaints.map((complaint) => `${at}: ${complaint}`);
}
