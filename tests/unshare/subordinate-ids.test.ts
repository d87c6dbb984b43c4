/** Ranges of IDs for an ordinary user, who has them from /etc/subuid by newuidmap(1): beside unshare(1). */
import { beforeAll, describe, expect, it } from 'vitest';
import { needsRoot } from '../support/privilege.ts';
import { Stand } from '../support/stand.ts';
import { makeLearner, needsIdMapping, LEARNER as USER } from '../support/subordinate-user.ts';

const OURS = '/node/node /checkout/packages/ns-tool/dist/bin/ns-tool.cjs unshare';
const THEIRS = 'unshare';

const map = (...lines: readonly (readonly [number, number, number])[]) =>
  lines.map((line) => `${line.map((id) => String(id).padStart(10)).join(' ')}\n`).join('');

const WHAT = 'ranges of IDs for an ordinary user';

describe.skipIf([needsIdMapping(WHAT), needsRoot(WHAT)].some(Boolean))('unshare, for an ordinary user', () => {
  let stand: Stand;
  beforeAll(async () => {
    stand = await Stand.make();
    await stand.shell(makeLearner('200000:1000', '300000:500'));
    return () => stand.dispose();
  });
  const run = async (words: string) =>
    await stand.shell(
      `setpriv --reuid ${USER} --regid ${USER} --clear-groups ${words} cat /proc/self/uid_map /proc/self/gid_map 2>&1; echo $?`,
    );

  const same: readonly [string, string][] = [
    ['--map-auto', `${map([0, 200000, 1000])}${map([0, 300000, 500])}0\n`],
    ['--map-users=auto', `${map([0, 200000, 1000])}0\n`],
    ['--map-users=200000,0,10', `${map([0, 200000, 10])}0\n`],
    ['--map-groups=300100,5,10', `${map([5, 300100, 10])}0\n`],
    ['-r --map-auto', `${map([0, USER, 1], [1, 200000, 999])}${map([0, USER, 1], [1, 300000, 499])}0\n`],
    ['-c --map-auto', `${map([USER, USER, 1], [0, 200000, 1000])}${map([USER, USER, 1], [0, 300000, 500])}0\n`],
  ];
  for (const [options, printed] of same) {
    it(options, async () => {
      const sorted = (text: string) => text.split('\n').toSorted();
      expect(sorted(await run(`${THEIRS} ${options}`)), 'unshare(1)').toEqual(sorted(printed));
      expect(sorted(await run(`${OURS} ${options}`))).toEqual(sorted(printed));
    });
  }

  it('refuses a range of others, and says what is allowed', async () => {
    expect(await run(`${THEIRS} --map-users=100000,0,10`)).toMatch(/not allowed\n(.*\n)*1\n$/);
    expect(await run(`${OURS} --map-users=100000,0,10`)).toMatch(
      /^ns-tool: newuidmap: .* not allowed\n.*\/etc\/subuid.*\n125\n$/,
    );
  });

  it('says what maps a range where that is missing', async () => {
    expect(await run(`env PATH=/none ${OURS} --map-auto`)).toMatch(
      /^ns-tool: write\(.*\(EPERM\)\n.* newuidmap\(1\) and newgidmap\(1\), which are not in your PATH: install .* uidmap\.\n125\n$/,
    );
  });

  it('says that there is no range where there is none', async () => {
    const other = 'setpriv --reuid 54399 --regid 54399 --clear-groups';
    expect(await stand.shell(`${other} ${OURS} --map-auto true 2>&1; echo $?`)).toMatch(
      /^ns-tool: no range of IDs is yours in \/etc\/subuid\n.*--add-subuids.*\n125\n$/,
    );
  });
});
