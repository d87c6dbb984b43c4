/** Broken versions of `ns-tool run`: something is changed of what its child does. The contract must notice each. */
import { constants } from 'node:os';
import { CLONE_NEWNS, CLONE_NEWUSER, PR_CAPBSET_DROP, showCall } from '@ns-tool/syscalls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fails } from '../support/assertion.ts';
import { expectUnnoticed } from '../support/checks.ts';
import { representative } from '../support/child-faults.ts';
import { clonesOf, type Mutant, mutantsOf } from '../support/child-mutants.ts';
import { needsRoot } from '../support/privilege.ts';
import type { Start } from '../support/protocol.ts';
import { Stand } from '../support/stand.ts';
import { LEARNER, needsIdMapping } from '../support/subordinate-user.ts';
import { type Outcome, type RecordedStep, type Report, type Run, supervise } from '../support/supervised.ts';
import { burdened, checks, type Ground, isRun, RESTRICTED, type Scenario, sightOf } from './contract.ts';
import { isPrivate, MISTAKES, NOT_MISSED } from './mistakes.ts';
import { needsBusybox } from './rootfs.ts';
import { PREPARE, SCENARIOS } from './scenarios.ts';

const UNNOTICED = 'the host notices nothing';
const ALL = [isRun, ...checks];

/** A mutant, and the names of the checks that it fails. */
interface Tried extends Mutant {
  readonly failed: readonly string[];
}

const WHAT = 'every check of a container on every mutant';
describe.skipIf([needsRoot(WHAT), needsBusybox(WHAT)].some(Boolean))('the contract of a container notices', () => {
  const scenarios = SCENARIOS.filter(({ uid }) => uid !== LEARNER || !needsIdMapping(WHAT));
  const tried = new Map<Scenario, readonly Tried[]>();
  const plans = new Map<Scenario, { readonly printed: readonly string[]; readonly made: readonly string[] }>();

  // All in one go, so that one that hangs is waited for while others run.
  beforeAll(async () => {
    await using stand = await makeStand();
    const ground = await groundOf(stand);
    const originals = await runAll(
      stand,
      scenarios.map((scenario) => runOf(scenario)),
    );
    for (const [i, scenario] of scenarios.entries()) {
      expect(failedBy(scenario, ground, originals[i] as Outcome), `${scenario.name}: ${originals[i]?.stderr}`).toEqual(
        [],
      );
    }
    const reports = originals.map(({ report }) => report as Report);
    const { runs: planned } = await stand.runAll(scenarios.map(planOf), 4);
    for (const [i, scenario] of scenarios.entries()) {
      plans.set(scenario, { printed: callsIn(planned[i]?.stdout ?? ''), made: callsOf(reports[i] as Report) });
    }
    const mutants = scenarios.flatMap((scenario, i) =>
      mutantsWith(scenario, reports[i] as Report, reports.slice(0, i)).map((mutant) => ({
        scenario,
        mutant,
        report: reports[i] as Report,
      })),
    );
    const [harmful, harmless] = [true, false].map((harm) =>
      mutants.filter(({ mutant, report }) => harms(mutant, report) === harm),
    ) as [typeof mutants, typeof mutants];
    const add = (scenario: Scenario, mutant: Mutant, failed: readonly string[]) =>
      tried.set(scenario, [...(tried.get(scenario) ?? []), { ...mutant, failed }]);

    const outcomes = await runAll(
      stand,
      harmless.map(({ scenario, mutant }) => runOf(scenario, mutant.changes)),
    );
    for (const [i, { scenario, mutant }] of harmless.entries()) {
      add(scenario, mutant, failedBy(scenario, ground, outcomes[i] as Outcome));
    }
    const alone = harmful.map(({ scenario, mutant }) => failedAlone(scenario, mutant));
    for (const [i, { scenario, mutant }] of harmful.entries()) add(scenario, mutant, (await alone[i]) ?? []);
  }, 600_000);

  afterAll(() => console.log(matrix(tried)));

  for (const scenario of scenarios) {
    it(`every mutant, ${scenario.name}`, () => {
      const mutants = tried.get(scenario) ?? [];
      const named = (rows: readonly Tried[]) => rows.map(({ name, failed }) => [name, ...failed].join('; '));
      const missed = mutants.filter(({ failed, equivalent }) => failed.length === 0 && equivalent === undefined);
      expect(named(missed), 'no check notices').toEqual([]);
      const noticed = mutants.filter(({ failed, equivalent }) => failed.length > 0 && equivalent !== undefined);
      expect(named(noticed), 'not equivalent after all').toEqual([]);
      expect(mutants).not.toEqual([]);
    });
  }

  // Of a script without #! only the second program is known here.
  it.each(scenarios.filter(({ of }) => of === undefined))(
    'what --dry-run prints is what is done: $name',
    (scenario) => {
      const { printed, made } = plans.get(scenario) ?? {};
      expect(printed).toEqual(made);
    },
  );

  it('by each of its checks: some mutant fails it', () => {
    const failed = new Set([...tried.values()].flat().flatMap((mutant) => mutant.failed));
    expect([...ALL.map(({ name }) => name), UNNOTICED].filter((name) => !failed.has(name))).toEqual([]);
  });
});

/** Calls that are made for each capability: of these some are tried. */
const isOfCapability = ({ name, args }: RecordedStep) => name === 'prctl' && args[0] === PR_CAPBSET_DROP;

/** What serves the start of every child, the suites of unshare change. */
const isOfEveryChild = ({ name, aside }: RecordedStep) => aside || name === 'rt_sigaction';

/** A step without what differs from run to run. */
const shape = ({ name, args }: RecordedStep) =>
  JSON.stringify([name, args])
    .replace(/\{"step":\d+\}/g, 'r')
    .replace(/\b[0-9a-f]{12}\b|(?<=\/run\/)\d+/g, 'ID');

function mutantsWith(scenario: Scenario, report: Report, before: readonly Report[]): readonly Mutant[] {
  const { program, cloneFlags } = report;
  const known = new Set(before.flatMap((other) => other.program.map(shape)));
  const isChanged = (step: RecordedStep) =>
    !isOfEveryChild(step) && (scenario.changes?.(step) ?? !known.has(shape(step)));
  const places = [...program.keys()].filter((at) => isChanged(program[at] as RecordedStep));
  const some = representative(program);
  const leftOut = places.filter((at) => !isOfCapability(program[at] as RecordedStep) || some.includes(at));
  const isOther = (other: Report) => ((other.cloneFlags ^ cloneFlags) & CLONE_NEWUSER) !== 0;
  return [
    ...oneOfAlike(mutantsOf({ mistakes: MISTAKES, notMissed: NOT_MISSED }, { scenario, program }, places, leftOut)),
    ...(before.every(isOther) ? clonesOf(report) : []),
  ];
}

/** Of mutants that are equivalent for the same reason, one of each mistake with each call. */
function oneOfAlike(mutants: readonly Mutant[]): readonly Mutant[] {
  const seen = new Set<string>();
  return mutants.filter(({ name, equivalent }) => {
    const kind = `${name.replace(/\(.*/, '')} ${equivalent}`;
    const isFirst = !seen.has(kind);
    seen.add(kind);
    return isFirst || equivalent === undefined;
  });
}

/** Whether a mutant may do harm to its stand: it does not leave the mount namespace, or not at once. */
function harms({ changes }: Mutant, { program }: Report): boolean {
  return changes.some((change) => {
    if ('cloneWithout' in change) return change.cloneWithout === CLONE_NEWNS;
    const at = 'drop' in change ? change.drop : 'at' in change ? change.at : 'move' in change ? change.move : 0;
    const step = program[at] as RecordedStep;
    return (
      isPrivate(step) || step.name === 'umount2' || ['/dev/fd/9', '/proc/self/fd/9'].includes(String(step.args[1]))
    );
  });
}

function failedBy(scenario: Scenario, ground: Ground, outcome: Outcome): readonly string[] {
  const sight = sightOf(scenario, ground, outcome);
  const applicable = scenario.refused === undefined ? ALL : [isRun];
  return applicable.filter(({ check }) => fails(() => check(sight))).map(({ name }) => name);
}

/** In a stand of its own, which may be of no use afterwards. */
async function failedAlone(scenario: Scenario, { changes }: Mutant): Promise<readonly string[]> {
  await using stand = await makeStand();
  const ground = await groundOf(stand);
  try {
    const { outcomes, ...observed } = await supervise(stand, { runs: [runOf(scenario, changes)], atOnce: 1 });
    const failed = failedBy(scenario, ground, outcomes[0] as Outcome);
    return fails(() => expectUnnoticed(observed)) ? [...failed, UNNOTICED] : failed;
  } catch {
    return [UNNOTICED];
  }
}

async function makeStand(): Promise<Stand> {
  const stand = await Stand.make();
  await stand.shell(PREPARE);
  return stand;
}

async function groundOf(stand: Stand): Promise<Ground> {
  const existing = await stand.shell(`for file in ${RESTRICTED.join(' ')}; do [ ! -e $file ] || echo $file; done`);
  return {
    restricted: existing.split('\n').filter(Boolean),
    resolvConf: await stand.shell('cat /etc/resolv.conf 2>/dev/null || true'),
    sysMounts: (await stand.shell("sed -n 's/[^ ]* \\(\\/sys[^ ]*\\) .*/\\1/p' /proc/self/mounts"))
      .split('\n')
      .filter(Boolean),
    capabilities: (await stand.shell("sed -n 's/^CapPrm:\\s*//p' /proc/self/status")).trim(),
  };
}

function runOf({ args, uid, command = ['/bin/sh', '/probe'], of }: Scenario, changes: Mutant['changes'] = []): Run {
  return {
    args: ['run', ...args, ...command],
    through: burdened(uid === undefined),
    ...(uid !== undefined && { uid, env: { XDG_RUNTIME_DIR: `/run/${uid}` } }),
    ...(of !== undefined && { of }),
    changes,
    act: { when: 'started', signal: 'SIGKILL', to: 'ns-tool' },
  };
}

function planOf({ args, uid, command = ['/bin/sh', '/probe'] }: Scenario): Start {
  const user = uid !== undefined && { uid, env: { XDG_RUNTIME_DIR: `/run/${uid}` } };
  return { program: 'ns-tool', args: ['run', '--dry-run', ...args, ...command], ...user };
}

/**
 * The container has another ID in each run; a result has another name where steps come before that are not shown; and the
 * descriptors of the small program are known only once there are some.
 */
const withoutNames = (line: string) =>
  line
    .replace(/\b[0-9a-f]{12}\b/g, 'ID')
    .replace(/\br\d+\b/g, 'r')
    .replace(/^(dup3\(\d+, 3, 0\)|fcntl\(3, F_SETFD, 0\))$/, 'ANSWERS')
    .replace(/^execveat\(\d+/, 'execveat(FILE');

/** The calls that --dry-run prints: without the comments, and what names results and says which errors are allowed. */
function callsIn(printed: string): readonly string[] {
  const all = printed.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  // What follows does the small program, and not the child.
  const lines = all.slice(0, all.findIndex((line) => line.startsWith('execveat(')) + 1);
  return lines.map((line) => withoutNames(line.replace(/( = r\d+)?( {2}\/\* or [A-Z0-9, ]+ \*\/)?$/, '')));
}

/** Those that a child makes, and the one that makes it. */
function callsOf({ program, cloneFlags }: Report): readonly string[] {
  const shown = program.filter(({ aside }) => !aside).map(({ shown }) => shown);
  return [showCall('clone', [cloneFlags & ~constants.signals.SIGCHLD, null, null]), ...shown].map(withoutNames);
}

/** Runs that fit into an argument of the supervisor: execve(2). */
const MOST = 100;

/** Runs that the host does not notice. */
async function runAll(stand: Stand, runs: readonly Run[]): Promise<readonly Outcome[]> {
  const { outcomes, ...observed } = await supervise(stand, { runs: runs.slice(0, MOST), atOnce: 4 });
  expectUnnoticed(observed);
  return runs.length > MOST ? [...outcomes, ...(await runAll(stand, runs.slice(MOST)))] : outcomes;
}

/** The result as a table: a line for each mutant, a column for each check. */
function matrix(tried: ReadonlyMap<Scenario, readonly Tried[]>): string {
  const names = [...ALL.map(({ name }) => name), UNNOTICED];
  const legend = names.map((name, i) => `${'|'.repeat(i)}${i < 9 ? i + 1 : String.fromCharCode(88 + i)} ${name}`);
  const rows = [...tried].flatMap(([scenario, mutants]) => [
    scenario.name,
    ...mutants.flatMap(({ name, failed, equivalent }) => [
      `${names.map((check) => (failed.includes(check) ? 'x' : '.')).join('')}  ${name.slice(0, 110)}`,
      ...(equivalent === undefined ? [] : [`${' '.repeat(names.length)}  equivalent: ${equivalent}`]),
    ]),
  ]);
  const count = [...tried.values()].reduce((sum, mutants) => sum + mutants.length, 0);
  return [`${count} mutants x check; x: the check is red`, ...legend, ...rows].join('\n');
}
