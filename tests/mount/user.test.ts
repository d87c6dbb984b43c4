import { describe, expect, it } from 'vitest';
import { expectUnnoticed } from '../support/checks.ts';
import { needsRoot } from '../support/privilege.ts';
import { Stand } from '../support/stand.ts';

const ORDINARY = 54321;

describe.skipIf(needsRoot('ns-tool mount --user, in a stand of its own'))(
  'ns-tool mount --user, as an ordinary user',
  () => {
    const run = async (...args: string[]) =>
      await (await Stand.forTest()).run({ program: 'ns-tool', args: ['mount', '--user', ...args], uid: ORDINARY });

    it('does what ns-tool mount does for root, and the host notices nothing', async () => {
      const { status, stdout, stderr, ...observed } = await run();
      expect(stderr).toBe('');
      expect(stdout).toMatch(/^Mount namespace created successfully!\n/);
      expect(stdout).toMatch(/^tmpfs on \/mnt\/test_mount type tmpfs \(rw,nosuid,nodev,relatime\b.*\)$/m);
      expect(stdout).toMatch(/\nCleanup: unmounted and removed \/mnt\/test_mount\n$/);
      expect(status).toBe(0);
      expectUnnoticed(observed);
    });

    it('runs a command as root of a user namespace, with the files of the user', async () => {
      const script = 'id -u; cat /proc/self/uid_map; echo x > /mnt/test_mount/f; cat /mnt/neighbour/file; exit 5';
      const { status, stdout, stderr, ...observed } = await run('--', 'sh', '-c', script);
      expect(stderr).toBe('');
      expect(stdout).toMatch(/^0\n\s+0\s+54321\s+1\nstill here/m);
      expect(status).toBe(5);
      expectUnnoticed(observed);
    });

    it('takes a target of several missing levels below /, which only root could make', async () => {
      const { status, stdout, ...observed } = await run('--target', '/brand/new', '--', 'ls', '-d', '/brand/new');
      expect(stdout).toContain('parent namespace!\n/brand/new\nCleanup: ');
      expect(status).toBe(0);
      expectUnnoticed(observed);
    });

    it('leaves the words after the two dashes alone', async () => {
      const { stdout } = await run('--', 'echo', '--user', 'x');
      expect(stdout).toContain('\n--user x\n');
    });

    it('--dry-run shows how the user namespace is made, and makes none; --trace shows it with the rest', async () => {
      const dry = await run('--dry-run', '--size', '1m');
      expect(dry.stdout).toMatch(/^clone\(.*CLONE_NEWUSER\)\n[\s\S]*write\(r\d+, "0 54321 1\\n", 10\)\n/);
      expect(dry.stdout).toMatch(/\nexecve\("\/node\/node", \[.*"mount", "--size", "1m"\], .*\)\n$/);
      expect(dry).toMatchObject({ status: 0, stderr: '' });
      expectUnnoticed(dry);
      const { stderr } = await run('--trace');
      expect(stderr).toMatch(/^clone\(.*CLONE_NEWUSER\) = \d+\n[\s\S]*\nunshare\(CLONE_NEWNS\) = 0\n/);
    });

    it('--dry-run without --user is refused, since the calls depend on what is found', async () => {
      const stand = await Stand.forTest();
      const { stderr, status } = await stand.run({ program: 'ns-tool', args: ['mount', '--dry-run'], uid: ORDINARY });
      expect(stderr).toMatch(/^error: --dry-run is for --user.*\n.*--trace\n$/);
      expect(status).toBe(2);
    });

    it('says what is in the way where user namespaces are switched off', async () => {
      const stand = await Stand.forTest();
      // In a user namespace of its own, a limit of 0 forbids any further one.
      const script = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$0" "$@"';
      const { stderr, status } = await stand.run({
        program: 'ns-tool',
        args: ['mount', '--user'],
        through: ['unshare', '--user', '--map-root-user', 'sh', '-c', script],
      });
      expect(stderr).toMatch(
        /^ns-tool: clone\(CLONE_VM\|CLONE_PIDFD\|CLONE_VFORK\|CLONE_NEWUSER\): .*\(ENOSPC\)\n.*max_user_namespaces/,
      );
      expect(status).toBe(1);
    });
  },
);
