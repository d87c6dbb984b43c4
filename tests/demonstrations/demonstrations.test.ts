import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { expectUnnoticed } from '../support/checks.ts';
import { needsRoot } from '../support/privilege.ts';
import { Stand } from '../support/stand.ts';
import { checkFacts, kinds, namespacesMade } from './checks.ts';

const ORDINARY = 54321;

describe.skipIf(needsRoot('the demonstrations of namespaces'))('ns-tool', () => {
  for (const kind of kinds) {
    const { name, link, call, title, ask, answer } = kind;
    const rootless = name === 'user' ? [] : ['--user'];

    describe(name, () => {
      it('shows what the kernel shows to a command inside, in a namespace that is new', async () => {
        const stand = await Stand.forTest();
        await checkFacts(
          stand,
          kind,
          (args) => ({ program: 'ns-tool', args: [name, ...args] }),
          namespacesMade(kind, false),
        );
      });

      it(`does so ${name === 'user' ? '' : 'with --user '}for an ordinary user`, async () => {
        const stand = await Stand.forTest();
        const tool = (args: readonly string[]) =>
          ({ program: 'ns-tool', args: [name, ...rootless, ...args], uid: ORDINARY }) as const;
        await checkFacts(stand, kind, tool, namespacesMade(kind, name !== 'user'));
      });

      it('shows of outside what the kernel shows there', async () => {
        const stand = await Stand.forTest();
        const { stdout } = await stand.run({ program: 'ns-tool', args: [name, '--json'] });
        expect(answer(JSON.parse(stdout).outside)).toBe(await stand.shell(ask));
      });

      it('prints what is inside, what is outside, and that nothing has changed there', async () => {
        const stand = await Stand.forTest();
        const { stdout, stderr, status, ...observed } = await stand.run({ program: 'ns-tool', args: [name] });
        const outside = (await stand.shell(`readlink /proc/self/ns/${link}`)).trim();
        expect(stderr).toBe('');
        expect(stdout).toMatch(new RegExp(`^${title} namespace created successfully!\n`));
        expect(stdout).toContain(`namespace\n  outside: ${outside}\n  inside:  ${link}:[`);
        expect(stdout).toMatch(new RegExp(`\nOutside, nothing has changed: ${link}:.*\n$`));
        expect(stdout).toContain(outside);
        expect(status).toBe(0);
        expectUnnoticed(observed);
      });

      it('runs a command inside, after the demonstration, and returns its status', async () => {
        const stand = await Stand.forTest();
        const { stdout, status } = await stand.run({
          program: 'ns-tool',
          args: [name, '--', 'sh', '-c', 'echo run; exit 7'],
        });
        expect(stdout).toMatch(/created successfully!\n(.*\n)*run\nOutside, nothing has changed: .*\n$/);
        expect(status).toBe(7);
      });

      it('--trace shows what the child does, with results and without its signals', async () => {
        const stand = await Stand.forTest();
        const { stderr, status } = await stand.run({ program: 'ns-tool', args: [name, '--trace'] });
        expect(stderr).toMatch(/^clone\(.*\) = \d+\n/);
        expect(stderr).toMatch(new RegExp(`^${call}\\(.*CLONE_NEW${link.toUpperCase()}.*\\) = \\d+$`, 'm'));
        expect(stderr).toMatch(/^execve\("\/bin\/sh", .*\) = 0$/m);
        expect(stderr).not.toContain('rt_sigaction');
        expect(status).toBe(0);
      });

      it('--dry-run shows the same calls without root, and makes none', async () => {
        const stand = await Stand.forTest();
        const start = { program: 'ns-tool', args: [name, '--dry-run'] } as const;
        const { stdout, stderr, status, ...observed } = await stand.run({ ...start, uid: ORDINARY });
        expect(stderr).toBe('');
        expect(stdout).toMatch(/^clone\(.*\)\n/);
        expect(stdout).toMatch(new RegExp(`^${call}\\(.*CLONE_NEW${link.toUpperCase()}.*\\)$`, 'm'));
        expect(stdout).toContain('execve("/bin/sh"');
        expect(stdout).not.toContain('successfully');
        expect(status).toBe(0);
        expectUnnoticed(observed);
      });

      it('--help shows an example', async () => {
        const stand = await Stand.forTest();
        const { stdout, status } = await stand.run({ program: 'ns-tool', args: [name, '--help'], uid: ORDINARY });
        expect(stdout).toContain(`ns-tool ${name} -- sh`);
        expect(status).toBe(0);
      });

      // The user namespace's own demonstration takes no root, so there is nothing to tell.
      if (name === 'user') return;
      it('tells an ordinary user of sudo and of --user', async () => {
        const stand = await Stand.forTest();
        const { stdout, stderr, status } = await stand.run({ program: 'ns-tool', args: [name], uid: ORDINARY });
        expect(stdout).toBe('');
        expect(stderr).toMatch(/^ns-tool: \w+\(.*\): Operation not permitted \(EPERM\)\n.*\n$/);
        expect(stderr).toContain(`ns-tool: ${call}(`);
        expect(stderr).toContain(`sudo ns-tool ${name}; or make a user namespace first`);
        expect(stderr).toContain(`ns-tool ${name} --user\n`);
        expect(status).toBe(1);
      });
    });
  }

  it('ipc: queues and shared memory of outside are not inside, and stay', async () => {
    const stand = await Stand.forTest();
    const made = 'ipcmk -Q >&2; ipcmk -Q >&2; ipcmk -S 3 >&2; ipcmk -M 4096 >&2; "$@"; ipcs >&2';
    const { stdout, stderr } = await stand.run({
      program: 'ns-tool',
      args: ['ipc', '--json'],
      through: ['unshare', '--ipc', 'sh', '-c', made, 'sh'],
    });
    const { outside, inside } = JSON.parse(stdout);
    expect(outside).toEqual({ messageQueues: 2, semaphoreSets: 1, sharedMemorySegments: 1 });
    expect(inside).toEqual({ messageQueues: 0, semaphoreSets: 0, sharedMemorySegments: 0 });
    expect(stderr.match(/^0x/gm)).toHaveLength(4);
  });

  it('net: addresses are those that are up', async () => {
    const stand = await Stand.forTest();
    const start = { program: 'ns-tool', args: ['net', '--json'], through: ['unshare', '--net'] } as const;
    expect(JSON.parse((await stand.run(start)).stdout).outside).toEqual({ interfaces: ['lo'], addresses: [] });

    const { stdout } = await stand.run({ program: 'ns-tool', args: ['net', '--json'] });
    const known = Object.values(networkInterfaces()).flatMap((addresses = []) => addresses);
    const ipv4 = known.filter(({ family }) => family === 'IPv4').map(({ address }) => address);
    expect(JSON.parse(stdout).outside.addresses.toSorted()).toEqual(ipv4.toSorted());
  });

  it('user: an ordinary user is root inside, with all capabilities, and has none outside', async () => {
    const stand = await Stand.forTest();
    const { stdout } = await stand.run({ program: 'ns-tool', args: ['user', '--json'], uid: ORDINARY });
    const all = Number(await stand.shell('cat /proc/sys/kernel/cap_last_cap')) + 1;
    expect(JSON.parse(stdout)).toMatchObject({
      outside: { userId: ORDINARY, groupId: ORDINARY, capabilities: 0 },
      inside: { userId: 0, groupId: 0, uidMap: `0 ${ORDINARY} 1`, capabilities: all },
    });
  });

  it('clone: one call makes what pid makes by two', async () => {
    const stand = await Stand.forTest();
    const steps = async (name: string) => {
      const { stdout } = await stand.run({ program: 'ns-tool', args: [name, '--dry-run'] });
      return [...stdout.matchAll(/^(\w+)\(/gm)].map(([, call]) => call);
    };
    const [, ...byPid] = await steps('pid');
    const [, ...byClone] = await steps('clone');
    expect(byPid.slice(0, 2)).toEqual(['unshare', 'clone']);
    expect(byClone[0]).toBe('clone3');
    expect(byClone.slice(1)).toEqual(byPid.slice(2));
  });

  it('pid: it is one process with two pids', async () => {
    const stand = await Stand.forTest();
    const { stdout, stderr } = await stand.run({ program: 'ns-tool', args: ['pid', '--json', '--trace'] });
    const { outside } = JSON.parse(stdout);
    expect(stderr).toContain(` = ${outside.pid}\n`);
    expect(outside.parentPid).toBeGreaterThan(1);
    expect(outside.processes).toBeGreaterThan(1);
  });

  for (const [what, command, status] of [
    ['is missing', '/nonexistent', 127],
    ['is not executable', '/etc/passwd', 126],
    ['is ended by a signal', 'kill -TERM $$', 143],
  ] as const) {
    it(`returns ${status} for a command that ${what}`, async () => {
      const stand = await Stand.forTest();
      const words = status === 143 ? ['sh', '-c', command] : [command];
      expect((await stand.run({ program: 'ns-tool', args: ['uts', '--', ...words] })).status).toBe(status);
    });
  }

  it('returns 125 for a command if there is no namespace for it', async () => {
    const stand = await Stand.forTest();
    expect((await stand.run({ program: 'ns-tool', args: ['uts', '--', 'true'], uid: ORDINARY })).status).toBe(125);
  });

  it('names the limit where no namespace is left', async () => {
    const stand = await Stand.forTest();
    const limit = 'echo 0 > /proc/sys/user/max_uts_namespaces && exec "$@"';
    const { stderr, status } = await stand.run({
      program: 'ns-tool',
      args: ['uts'],
      through: ['unshare', '--user', '--map-root-user', 'sh', '-c', limit, 'sh'],
    });
    expect(stderr).toMatch(/^ns-tool: clone\(.*\): No space left on device \(ENOSPC\)\n.*max_uts_namespaces.*\n$/);
    expect(status).toBe(1);
  });

  it('refuses --json with --dry-run, and --user with user', async () => {
    const stand = await Stand.forTest();
    for (const args of [
      ['uts', '--json', '--dry-run'],
      ['user', '--user'],
    ]) {
      const { stderr, status } = await stand.run({ program: 'ns-tool', args });
      expect(stderr).toMatch(/^error: /);
      expect(status).toBe(2);
    }
  });
});
