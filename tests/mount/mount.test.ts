import { describe, it } from 'vitest';
import { checks } from '../support/checks.ts';
import { needsRoot } from '../support/privilege.ts';
import { Stand } from '../support/stand.ts';

describe.skipIf(needsRoot('ns-tool mount in a parent whose mounts are all shared'))('ns-tool mount', () => {
  for (const { name, check } of checks) {
    it(name, async () => {
      await check(await Stand.forTest(), (args) => ({ program: 'ns-tool', args }));
    });
  }
});
