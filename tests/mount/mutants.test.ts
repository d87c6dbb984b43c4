import { afterAll, describe, expect, it } from 'vitest';
import { isAssertion } from '../support/assertion.ts';
import { checks } from '../support/checks.ts';
import { mutants } from '../support/mutants.ts';
import { needsRoot } from '../support/privilege.ts';
import { Stand } from '../support/stand.ts';

/** The name of the first check that a version of the tool fails: one is enough, and each takes a world of its own. */
async function failedCheck(env: Record<string, string>): Promise<string | undefined> {
  for (const { name, check } of checks) {
    const stand = await Stand.make();
    try {
      await check(stand, (args) => ({ program: 'under-test', args, env }));
    } catch (error) {
      if (!isAssertion(error)) throw error;
      return name;
    } finally {
      await stand.dispose();
    }
  }
  return undefined;
}

describe.skipIf(needsRoot('the checks of ns-tool mount on every mutant'))('the suite notices', () => {
  const noticedBy: string[] = [];
  afterAll(() => console.log(['the mutants, and the check that notices each', ...noticedBy.sort()].join('\n')));

  it.concurrent('nothing wrong with the product itself', async () => {
    expect(await failedCheck({})).toBeUndefined();
  });

  for (const { name, equivalent } of mutants) {
    it.concurrent(equivalent === undefined ? name : `nothing of "${name}", which no one could`, async () => {
      const failed = await failedCheck({ MUTANT: name });
      noticedBy.push(`${name}: ${failed ?? equivalent}`);
      if (equivalent === undefined) expect(failed, `no check notices: ${name}`).toBeDefined();
      else expect(failed, `not equivalent after all: ${equivalent}`).toBeUndefined();
    });
  }
});
