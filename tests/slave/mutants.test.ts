import { AssertionError } from 'node:assert';
import { describe, expect, it } from 'vitest';
import { needsRoot } from '../support/privilege.ts';
import { Stand } from '../support/stand.ts';
import { checks } from './checks.ts';
import { mutants } from './mutants.ts';

/** The names of the checks that a version of the tool fails, by an assertion. */
async function failedChecks(env: Record<string, string>): Promise<string[]> {
  const failed: string[] = [];
  for (const { name, check } of checks) {
    await using stand = await Stand.make();
    try {
      await check(stand, (args) => ({ program: 'slave-under-test', args, env }));
    } catch (error) {
      // A crash of the stand proves nothing, but a mutant without a namespace may well cause one.
      if (isAssertion(error)) failed.push(name);
      else if (env.MUTANT === undefined) throw error;
    }
  }
  return failed;
}

function isAssertion(error: unknown): boolean {
  return error instanceof AssertionError || (error instanceof Error && error.name === 'AssertionError');
}

describe.skipIf(needsRoot('every check of ns-tool slave on every mutant'))('the suite notices', () => {
  it.concurrent('nothing wrong with the product itself', async () => {
    expect(await failedChecks({})).toEqual([]);
  });

  const failedBy = new Map<string, readonly string[]>();
  for (const { name } of mutants) {
    it.concurrent(name, async () => {
      const failed = await failedChecks({ MUTANT: name });
      failedBy.set(name, failed);
      expect(failed, `no check notices: ${name}`).not.toEqual([]);
    });
  }

  it('each of its checks is needed: some mutant fails it', () => {
    const noticed = new Set([...failedBy.values()].flat());
    expect(checks.map(({ name }) => name).filter((name) => !noticed.has(name))).toEqual([]);
  });
});
