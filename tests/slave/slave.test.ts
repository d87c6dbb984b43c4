import { describe, expect, it } from 'vitest';
import { expectUnnoticed } from '../support/checks.ts';
import { needsRoot } from '../support/privilege.ts';
import type { Start } from '../support/protocol.ts';
import { Stand } from '../support/stand.ts';
import { checks } from './checks.ts';

const slave = (...args: string[]): Start => ({ program: 'ns-tool', args: ['slave', ...args] });

describe.skipIf(needsRoot('ns-tool slave in a parent whose mounts are all shared'))('ns-tool slave', () => {
  for (const { name, check } of checks) {
    it(name, async () => {
      await check(await Stand.forTest(), (args) => ({ program: 'ns-tool', args }));
    });
  }

  it('starts $SHELL, or else /bin/sh, where no command is given', async () => {
    const stand = await Stand.forTest();
    const started = async (env: Record<string, string>) => {
      const { stdout, status } = await stand.run({ ...slave(), env });
      expect(status).toBe(0);
      return /Starting (\S+) inside/.exec(stdout)?.[1];
    };
    expect(await started({ SHELL: '/bin/bash' })).toBe('bash');
    expect(await started({ SHELL: '' })).toBe('sh');
    expect(await started({})).toBe('sh');
  });

  it('announces once for a script without #!, which takes two children, and reports on the second', async () => {
    const stand = await Stand.forTest();
    await stand.shell(`echo 'readlink /proc/self/ns/mnt' > /mnt/existing/script && chmod +x /mnt/existing/script`);
    const { stdout } = await stand.run(slave('--', '/mnt/existing/script'));
    expect(stdout.match(/Remounting \/ as/g)).toHaveLength(1);
    expect(stdout.match(/Starting script inside/g)).toHaveLength(1);
    const json = await stand.run(slave('--json', '--', '/mnt/existing/script'));
    expect(json.stderr).toBe(`mnt:[${JSON.parse(json.stdout).namespace.inside}]\n`);
  });

  it('--json and --trace go together', async () => {
    const { stdout, stderr } = await (await Stand.forTest()).run(slave('--json', '--trace', '--', 'true'));
    const { inside } = JSON.parse(stdout).namespace;
    expect(stderr).toMatch(
      new RegExp(`^readlinkat\\(AT_FDCWD, "/proc/self/ns/mnt", "mnt:\\[${inside}\\]", 32\\) = \\d+$`, 'm'),
    );
  });

  it('--trace shows also the steps of a child that fails, up to the one that failed', async () => {
    const { stderr } = await (await Stand.forTest()).run(slave('--trace', '--', '/mnt/existing/file'));
    const [before, failed, message] = stderr.trimEnd().split('\n').slice(-3);
    expect(before).toMatch(/^rt_sigprocmask\(.* = 0$/);
    expect(failed).toMatch(/^execve\("\/mnt\/existing\/file", .* = -1 EACCES \(Permission denied\)$/);
    expect(message).toBe('ns-tool: /mnt/existing/file: not executable');
  });

  describe('returns the status of its command', () => {
    const run = async (...command: string[]) => await (await Stand.forTest()).run(slave('--', ...command));

    it('its own', async () => expect(await run('sh', '-c', 'exit 42')).toMatchObject({ status: 42, stderr: '' }));
    it('128 + n if signal n ended it', async () => {
      expect(await run('sh', '-c', 'kill -KILL $$')).toMatchObject({ status: 128 + 9, signal: null });
    });
    it('127 if there is no such command', async () => {
      const stderr = 'ns-tool: no-such-command: command not found\n';
      expect(await run('no-such-command')).toMatchObject({ status: 127, stderr });
    });
    it('126 if it is not executable', async () => {
      const stderr = 'ns-tool: /mnt/existing/file: not executable\n';
      expect(await run('/mnt/existing/file')).toMatchObject({ status: 126, stderr });
    });
  });

  describe('asked to end while a command runs inside', () => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      it(`passes ${name} on and ends by it`, async () => {
        const stand = await Stand.forTest();
        const { signal, stdout, ...observed } = await stand.run({
          ...slave('--', 'sh', '-c', 'echo pid $$; exec sleep 30'),
          signal: { name, after: 'pid ' },
        });
        expect(signal).toBe(name);
        const pid = /^pid (\d+)$/m.exec(stdout)?.[1];
        expect(await stand.shell(`test -e /proc/${pid} && echo alive || true`)).toBe('');
        expectUnnoticed(observed);
      });
    }

    it('SIGKILL ends the command too', async () => {
      const stand = await Stand.forTest();
      const { signal, stdout, ...observed } = await stand.run({
        ...slave('--', 'sh', '-c', 'echo pid $$; exec sleep 30'),
        signal: { name: 'SIGKILL', after: 'pid ' },
      });
      expect(signal).toBe('SIGKILL');
      expectUnnoticed(observed);
      // It gets a signal of its own when ns-tool is gone, which may take a moment.
      const pid = /^pid (\d+)$/m.exec(stdout)?.[1];
      await stand.shell(`for i in $(seq 100); do test -e /proc/${pid} || exit 0; sleep 0.02; done; exit 1`);
    });
  });

  describe('--dry-run', () => {
    it('prints to an ordinary user the program that --trace shows to root, and changes nothing', async () => {
      const stand = await Stand.forTest();
      const command = ['--', '/bin/true'];
      const { stdout, stderr, status, ...observed } = await stand.run({
        ...slave('--dry-run', ...command),
        uid: 54321,
      });
      expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
      expectUnnoticed(observed);

      const planned = stdout.trimEnd().split('\n');
      expect(planned[0]).toBe('clone(CLONE_VM|CLONE_PIDFD|CLONE_VFORK|CLONE_NEWNS)');
      expect(planned).toContain('mount(NULL, "/mnt", NULL, MS_SLAVE, NULL)  /* or EINVAL, ENOENT, ENOTDIR, EACCES */');
      const traced = await stand.run(slave('--trace', ...command));
      const made = traced.stderr.trimEnd().split('\n');
      expect(made).toContain('mount(NULL, "/mnt", NULL, MS_SLAVE, NULL) = 0');
      expect(made.map((line) => line.replace(/ = \d+$/, ''))).toEqual(
        planned.map((line) => line.replace(/ {2}\/\* or .* \*\/$/, '')),
      );
      expect(stdout).not.toContain('rt_sigaction');
    });
  });
});

describe.skipIf(needsRoot('the errors of ns-tool slave, in a stand of their own'))(
  'ns-tool slave says what is wrong and what to do',
  () => {
    const clone = 'ns-tool: clone(CLONE_VM|CLONE_PIDFD|CLONE_VFORK|CLONE_NEWNS): Operation not permitted (EPERM)\n';

    it('an ordinary user is told of sudo', async () => {
      const observed = await (await Stand.forTest()).run({ ...slave(), uid: 54321 });
      expect(observed.stderr).toBe(
        `${clone}A mount namespace takes root (CAP_SYS_ADMIN); run it with sudo: sudo ns-tool slave\n`,
      );
      expect(observed).toMatchObject({ status: 125, stdout: '' });
      expectUnnoticed(observed);
    });

    it('root without CAP_SYS_ADMIN is told of the container', async () => {
      const through = ['setpriv', '--bounding-set', '-sys_admin', '--inh-caps', '-sys_admin'];
      const observed = await (await Stand.forTest()).run({ ...slave('--', 'true'), through });
      expect(observed.stderr).toMatch(/You are root, but without CAP_SYS_ADMIN, as in a container\. .*\n$/);
      expect(observed.stderr.startsWith(clone)).toBe(true);
      expect(observed).toMatchObject({ status: 125, stdout: '' });
    });

    it('a step that fails in the child names its call, and no command is started', async () => {
      const stand = await Stand.forTest();
      // A root directory that is no mount point, with everything that a program needs below it.
      await stand.shell(
        `mkdir /jail && cd / && for name in *; do
           if [ -L "$name" ]; then cp -P "$name" /jail
           elif [ -d "$name" ] && [ "$name" != jail ]; then
             mkdir "/jail/$name" && mount --rbind "/$name" "/jail/$name"; fi; done`,
      );
      const observed = await stand.run({
        ...slave('--', 'echo', 'command was run'),
        through: ['chroot', '/jail'],
      });
      expect(observed.stderr).toMatch(
        /^ns-tool: mount\(NULL, "\/", NULL, MS_REC\|MS_SLAVE, NULL\): Invalid argument \(EINVAL\)\nThe root directory is not a mount point here, .*\n$/,
      );
      expect(observed.stdout).toContain('Remounting /node as slave...\n');
      expect(observed.stdout).not.toMatch(/Starting|command was run/);
      expect(observed.status).toBe(125);
      expectUnnoticed(observed);
    });

    it('--dry-run and --json exclude each other', async () => {
      const observed = await (await Stand.forTest()).run(slave('--dry-run', '--json'));
      expect(observed).toMatchObject({ status: 2, stdout: '' });
      expect(observed.stderr).toBe('error: --dry-run prints system calls, not JSON\nTry: ns-tool slave --help\n');
    });
  },
);
