import { afterAll, describe, expect, it } from 'vitest';
import { isAssertion } from '../support/assertion.ts';
import { checks } from '../support/checks.ts';
import { mutants } from '../support/mutants.ts';
import { needsRoot } from '../support/privilege.ts';
import { Stand } from '../support/stand.ts';

/** The names of the checks that a version of the tool fails. */
async function failedChecks(env: Record<string, string>): Promise<string[]> {
  const failed: string[] = [];
  for (const { name, check } of checks) {
    const stand = await Stand.make();
    try {
      await check(stand, (args) => ({ program: 'under-test', args, env }));
    } catch (error) {
      if (!isAssertion(error)) throw error;
      failed.push(name);
    } finally {
      await stand.dispose();
    }
  }
  return failed;
}

/** The result as a table: a line for each version, a column for each check. */
function matrix(failedBy: ReadonlyMap<string, readonly string[]>): string {
  const legend = checks.map(({ name }, i) => `${'|'.repeat(i)}${i < 9 ? i + 1 : String.fromCharCode(88 + i)} ${name}`);
  const rows = [...failedBy].map(([mutant, failed]) => {
    return `${checks.map(({ name }) => (failed.includes(name) ? 'x' : '.')).join('')}  ${mutant}`;
  });
  return ['mutant x check; x: the check is red', ...legend, ...rows].join('\n');
}

describe.skipIf(needsRoot('every check of ns-tool mount on every mutant'))('the suite notices', () => {
  const failedBy = new Map<string, readonly string[]>();
  afterAll(() => console.log(matrix(failedBy)));

  it.concurrent('nothing wrong with the product itself', async () => {
    expect(await failedChecks({})).toEqual([]);
  });

  for (const { name, equivalent } of mutants) {
    it.concurrent(equivalent === undefined ? name : `nothing of "${name}", which no one could`, async () => {
      const failed = await failedChecks({ MUTANT: name });
      failedBy.set(name, failed);
      if (equivalent === undefined) expect(failed, `no check notices: ${name}`).not.toEqual([]);
      else expect(failed, `not equivalent after all: ${equivalent}`).toEqual([]);
    });
  }
});
