import { afterAll, describe, expect, it } from 'vitest';
import { isAssertion } from '../support/assertion.ts';
import { MISTAKEN } from '../support/changes.ts';
import { needsRoot } from '../support/privilege.ts';
import type { RecordedStep, Report } from '../support/supervised.ts';
import { checks, type Ground, look, makeGround, type Scenario, scenarios, unnoticed } from './checks.ts';
import { general, type Mutant, mutantsOf, ownSteps } from './mutants.ts';

/** The ground of many runs: made anew once a mutant has left a trace in it. */
class LastingGround implements AsyncDisposable {
  private ground: Ground | undefined;

  async get(): Promise<Ground> {
    this.ground ??= await makeGround();
    return this.ground;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.ground?.stand.dispose();
    this.ground = undefined;
  }
}

/** The names of the checks that a version fails. */
async function failedChecks(
  lasting: LastingGround,
  scenario: Scenario,
  program: readonly RecordedStep[],
  changes: Mutant['changes'],
): Promise<readonly string[]> {
  const failed = await lookAndCheck(await lasting.get(), scenario, program, changes);
  if (failed.includes(unnoticed.name)) await lasting[Symbol.asyncDispose]();
  return failed;
}

async function lookAndCheck(ground: Ground, ...version: [Scenario, readonly RecordedStep[], Mutant['changes']]) {
  try {
    const sight = await look(ground, ...version);
    return checks.filter(({ check }) => fails(() => check(sight))).map(({ name }) => name);
  } catch (error) {
    // A stand whose /proc is covered, for one, can do nothing any more.
    if (error instanceof Error && !error.message.includes(MISTAKEN)) return [unnoticed.name];
    throw error;
  }
}

function fails(check: () => void): boolean {
  try {
    check();
    return false;
  } catch (error) {
    if (!isAssertion(error)) throw error;
    return true;
  }
}

/** What the product does by itself. */
async function reportOf(lasting: LastingGround, scenario: Scenario): Promise<Report> {
  const { outcome } = await look(await lasting.get(), scenario, null, []);
  expect(outcome.report).not.toBeNull();
  return outcome.report as Report;
}

interface Tried extends Mutant {
  readonly failed: readonly string[];
}

const commandLine = ({ args, command }: Scenario) => ['unshare', ...args, ...(command ?? [])].join(' ');

/** The result as a table: a line for each mutant, a column for each check. */
function matrix(tried: ReadonlyMap<string, readonly Tried[]>): string {
  const legend = checks.map(({ name }, i) => `${'|'.repeat(i)}${i < 9 ? i + 1 : String.fromCharCode(88 + i)} ${name}`);
  const rows = [...tried].flatMap(([scenario, mutants]) => [
    scenario,
    ...mutants.flatMap(({ name, failed, equivalent }) => [
      `${checks.map((check) => (failed.includes(check.name) ? 'x' : '.')).join('')}  ${name.slice(0, 100)}`,
      ...(equivalent === undefined ? [] : [`${' '.repeat(checks.length)}  equivalent: ${equivalent}`]),
    ]),
  ]);
  return ['mutant x check; x: the check is red', ...legend, ...rows].join('\n');
}

/** All mutants with one command line. For the first, all that every child does is changed; for the others, what they add. */
async function mutantsWith(lasting: LastingGround, scenario: Scenario, report: Report): Promise<readonly Mutant[]> {
  const [first] = scenarios as [Scenario];
  if (scenario === first) return [...mutantsOf(report, [...report.program.keys()]), ...general];
  return mutantsOf(report, ownSteps(report.program, (await reportOf(lasting, first)).program));
}

/** Holds every check against every mutant, on several grounds at once. */
async function tryAll(
  mutants: readonly Mutant[],
  scenario: Scenario,
  { program }: Report,
  atOnce: number,
): Promise<readonly Tried[]> {
  const tried: Tried[] = [];
  const waiting = [...mutants.entries()];
  const work = async () => {
    await using lasting = new LastingGround();
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [i, mutant] = next;
      tried[i] = { ...mutant, failed: await failedChecks(lasting, scenario, program, mutant.changes) };
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return tried;
}

describe.skipIf(needsRoot('every check of ns-tool unshare on every mutant'))('the suite notices', () => {
  const all = new Map<string, readonly Tried[]>(scenarios.map((scenario) => [commandLine(scenario), []]));
  afterAll(() => console.log(matrix(all)));

  for (const scenario of scenarios) {
    it.concurrent(`every mutant of ns-tool ${commandLine(scenario)}, and nothing wrong with itself`, async () => {
      await using lasting = new LastingGround();
      const report = await reportOf(lasting, scenario);
      expect(await failedChecks(lasting, scenario, report.program, [])).toEqual([]);

      const mutants = await mutantsWith(lasting, scenario, report);
      const tried = await tryAll(mutants, scenario, report, scenario.interrupted ? 3 : 1);
      all.set(commandLine(scenario), tried);
      expect(tried).not.toEqual([]);
      const named = (rows: readonly Tried[]) => rows.map(({ name }) => name);
      const missed = tried.filter(({ failed, equivalent }) => failed.length === 0 && equivalent === undefined);
      expect(named(missed), 'no check notices').toEqual([]);
      const noticed = tried.filter(({ failed, equivalent }) => failed.length > 0 && equivalent !== undefined);
      expect(named(noticed), 'not equivalent after all').toEqual([]);
    });
  }

  it('each of its checks is needed: some mutant fails it', () => {
    const failed = new Set([...all.values()].flat().flatMap((mutant) => mutant.failed));
    expect(checks.map(({ name }) => name).filter((name) => !failed.has(name))).toEqual([]);
  });
});
