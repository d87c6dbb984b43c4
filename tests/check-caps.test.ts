import { CAPABILITIES } from '@ns-tool/syscalls';
import { describe, expect, it } from 'vitest';
import { effectiveCapabilities } from '../packages/ns-tool/src/capabilities/capabilities.ts';
import { whyNoUserNamespace } from '../packages/ns-tool/src/capabilities/user-namespace-limits.ts';
import { needsRoot } from './support/privilege.ts';
import { Stand } from './support/stand.ts';

const KINDS = ['mount', 'uts', 'ipc', 'net', 'pid', 'user', 'cgroup', 'time'];

describe('capabilities', () => {
  it('are named by their bits in CapEff', () => {
    expect(effectiveCapabilities('CapPrm:\t0000000000000000\nCapEff:\t0000000000200001\n')).toEqual([
      'CAP_CHOWN',
      'CAP_SYS_ADMIN',
    ]);
    expect(effectiveCapabilities('CapEff:\t0000000000000000\n')).toEqual([]);
  });

  it('that are newer than the table are called by their number', () => {
    expect(effectiveCapabilities('CapEff:\t0000030000000000\n')).toEqual(['CAP_CHECKPOINT_RESTORE', 'CAP_41']);
  });
});

describe('the settings that forbid user namespaces', () => {
  const read = (settings: Record<string, string>) => (name: string) => settings[name] ?? null;

  it('are named, each with what it means', () => {
    expect(whyNoUserNamespace(read({ 'user/max_user_namespaces': '0' }))).toBe(
      '/proc/sys/user/max_user_namespaces is 0: none is allowed',
    );
    expect(
      whyNoUserNamespace(
        read({ 'kernel/unprivileged_userns_clone': '0', 'kernel/apparmor_restrict_unprivileged_userns': '1' }),
      ),
    ).toMatch(/unprivileged_userns_clone is 0: .*; .*apparmor_restrict_unprivileged_userns is 1: /);
  });

  it('are none where all allow them, or do not exist', () => {
    expect(whyNoUserNamespace(read({}))).toBe('');
    expect(whyNoUserNamespace(read({ 'user/max_user_namespaces': '9', 'kernel/unprivileged_userns_clone': '1' }))).toBe(
      '',
    );
  });
});

describe.skipIf(needsRoot('ns-tool check-caps'))('ns-tool check-caps', () => {
  const start = { program: 'ns-tool', args: ['check-caps'] } as const;
  const json = { program: 'ns-tool', args: ['check-caps', '--json'] } as const;

  it('names the same capabilities as capsh and the headers', async () => {
    const stand = await Stand.forTest();
    const header = await stand.shell(
      "sed -nE 's/^#define (CAP_[A-Z_]+)\\s+[0-9]+$/\\1/p' /usr/include/linux/capability.h 2>/dev/null || true",
    );
    // Without the header there is nothing to compare with; where it is newer, it has more.
    const known = header.split('\n').filter((name) => name !== '' && name !== 'CAP_LAST_CAP');
    if (known.length > 0) expect(CAPABILITIES.slice(0, known.length)).toEqual(known.slice(0, CAPABILITIES.length));
    const last = Number(await stand.shell('cat /proc/sys/kernel/cap_last_cap'));
    expect(CAPABILITIES.length).toBeLessThanOrEqual(Math.max(last + 1, 41));
  });

  it('lists exactly the capabilities that it has', async () => {
    const stand = await Stand.forTest();
    const { stdout, stderr, status } = await stand.run({
      ...start,
      through: ['setpriv', '--bounding-set', '-all,+chown,+sys_admin', '--inh-caps', '-all'],
    });
    expect(stderr).toBe('');
    expect(stdout).toMatch(
      /^Effective capabilities:\n {2}CAP_CHOWN\n {2}CAP_SYS_ADMIN\nCAP_SYS_ADMIN: yes\nNamespace creation:\n/,
    );
    expect(status).toBe(0);
  });

  it('says yes for root to every kind', async () => {
    const stand = await Stand.forTest();
    const { stdout } = await stand.run(start);
    const creation = stdout.split('Namespace creation:\n')[1];
    expect(creation).toBe(KINDS.map((kind) => `  ${`${kind}:`.padEnd(8)}yes\n`).join(''));
  });

  it('says no to an ordinary user, and why, and that a user namespace helps', async () => {
    const stand = await Stand.forTest();
    const { stdout, status } = await stand.run({ ...start, uid: 54321 });
    expect(stdout).toMatch(/^Effective capabilities:\n {2}none\nCAP_SYS_ADMIN: no\nNamespace creation:\n/);
    for (const kind of KINDS.filter((kind) => kind !== 'user')) {
      expect(stdout).toMatch(
        new RegExp(
          `^  ${kind}: +no \\((?:clone|unshare): Operation not permitted \\(EPERM\\): it takes CAP_SYS_ADMIN\\); in a user namespace of your own: yes$`,
          'm',
        ),
      );
    }
    expect(stdout).toMatch(/^ {2}user: {3}yes$/m);
    expect(status).toBe(0);
  });

  it('says no to user namespaces where the limit is 0, and names the limit', async () => {
    const stand = await Stand.forTest();
    const limit = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"';
    const { stdout, status } = await stand.run({
      ...json,
      through: ['unshare', '--user', '--map-root-user', 'sh', '-c', limit, 'sh'],
    });
    const { namespaces } = JSON.parse(stdout);
    const user = namespaces.find(({ kind }: { kind: string }) => kind === 'user');
    expect(user).toMatchObject({ possible: false, possibleInUserNamespace: false });
    expect(user.reason).toMatch(
      /^clone: No space left on device \(ENOSPC\); \/proc\/sys\/user\/max_user_namespaces is 0: none is allowed$/,
    );
    expect(status).toBe(0);
  });

  it('--json says the same as data', async () => {
    const stand = await Stand.forTest();
    const { stdout } = await stand.run({ ...json, uid: 54321 });
    const { capabilities, capSysAdmin, namespaces } = JSON.parse(stdout);
    expect({ capabilities, capSysAdmin }).toEqual({ capabilities: [], capSysAdmin: false });
    const possible = namespaces.map(({ kind, possible }: { kind: string; possible: boolean }) => [kind, possible]);
    expect(possible).toEqual(KINDS.map((kind) => [kind, kind === 'user']));
  });
});
