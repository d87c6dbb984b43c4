/** What `ns-tool slave` promises, as checks that any version of it can be held against: the product, and every mutant. */
import { parseMounts } from '@ns-tool/mount-table';
import { expect } from 'vitest';
import { type Check, expectUnnoticed, type Tool } from '../support/checks.ts';
import type { Stand } from '../support/stand.ts';

const CLOSING = 'inside a mount namespace. You can safely unmount any mount point but /.\n';

/** What a command prints when `ns-tool slave` runs it, without what comes before. */
async function inside(stand: Stand, tool: Tool, script: string) {
  const observed = await stand.run(tool(['slave', '--', 'sh', '-c', script]));
  expect(observed.stderr).toBe('');
  expect(observed.status).toBe(0);
  const [, output] = observed.stdout.split(`Starting sh ${CLOSING}`);
  return { ...observed, output: output ?? '' };
}

/** The mount points of the stand, in the order of its table. */
async function mountPoints(stand: Stand): Promise<string[]> {
  const table = await stand.shell('cat /proc/self/mounts');
  return parseMounts(Buffer.from(table)).map(({ mountPoint }) => mountPoint);
}

/** Every line of a mountinfo is that of a slave, which is no peer of anything. */
function expectSlaves(mountinfo: string): void {
  const lines = mountinfo.trimEnd().split('\n');
  expect(lines.filter((line) => !/ master:\d+ /.test(line))).toEqual([]);
  expect(lines.filter((line) => / shared:\d+ /.test(line))).toEqual([]);
}

export const checks: readonly Check[] = [
  {
    name: 'seed 002: announces every mount point in the order of the table, then the shell, and starts it',
    async check(stand, tool) {
      const expected = (await mountPoints(stand)).map((mountPoint) => `Remounting ${mountPoint} as slave...\n`);
      const { stdout, stderr, status } = await stand.run(tool(['slave', '--', 'echo', 'hello']));
      expect(stderr).toBe('');
      expect(stdout).toBe(`${expected.join('')}Starting echo ${CLOSING}hello\n`);
      expect(expected.length).toBeGreaterThan(5);
      expect(status).toBe(0);
    },
  },
  {
    name: 'inside, every mount is a slave and none is shared',
    async check(stand, tool) {
      const { output, ...observed } = await inside(stand, tool, 'cat /proc/self/mountinfo');
      expectSlaves(output);
      expect(output.split('\n')).toHaveLength(observed.before.mountTable.split('\n').length);
      expectUnnoticed(observed);
    },
  },
  {
    name: 'inside is another mount namespace, and no other kind of namespace changes',
    async check(stand, tool) {
      const list = 'for n in /proc/self/ns/*; do echo "$n $(readlink $n)"; done';
      const outside = (await stand.shell(list)).split('\n');
      const within = (await inside(stand, tool, list)).output.split('\n');
      const differing = within.filter((line) => !outside.includes(line));
      expect(differing).toEqual([expect.stringMatching(/^\/proc\/self\/ns\/mnt mnt:\[\d+\]$/)]);
      expect(within).toHaveLength(outside.length);
    },
  },
  {
    name: 'seed 002: whatever is unmounted inside stays mounted outside, and the host sees no mount event',
    async check(stand, tool) {
      await stand.shell('mkdir /mnt/neighbour/below && mount -t tmpfs below /mnt/neighbour/below');
      // The seed's loop, but for /proc, to look at the outcome. Nothing is sent to /dev/null, which would keep /dev busy.
      const script = `for m in $(awk '$2 !~ /^\\/(proc)?$/ { print $2 }' /proc/self/mounts | sort -r); do
          umount $m 2>&-; done; cat /proc/self/mounts`;
      const before = await stand.shell('cat /proc/self/mountinfo');
      const { output, ...observed } = await inside(stand, tool, script);
      expect(output).not.toMatch(/ \/mnt\/neighbour\/below | \/dev /);
      expectUnnoticed(observed);
      expect(await stand.shell('cat /proc/self/mountinfo')).toBe(before);
    },
  },
  {
    name: 'what the host mounts and unmounts meanwhile appears and vanishes inside',
    async check(stand, tool) {
      // ns-tool, which has stayed outside, is the parent of the shell.
      const host = 'nsenter --target $PPID --mount';
      const { output } = await inside(
        stand,
        tool,
        `${host} mount -t tmpfs host-made /mnt/existing; grep host-made /proc/self/mountinfo
         ${host} umount /mnt/existing; grep -c host-made /proc/self/mountinfo || true`,
      );
      expect(output).toMatch(/^\d+ .* \/mnt\/existing .* master:\d+ - tmpfs host-made .*\n0\n$/);
    },
  },
  {
    name: 'what is mounted inside does not appear outside',
    async check(stand, tool) {
      const script =
        'for d in /mnt/existing /dev /tmp; do mount -t tmpfs inner $d && grep -c inner /proc/self/mounts; done';
      const { output, ...observed } = await inside(stand, tool, script);
      expect(output).toBe('1\n2\n3\n');
      expectUnnoticed(observed);
    },
  },
  {
    name: 'mounts that others cover are slaves too, and can be unmounted as safely',
    async check(stand, tool) {
      await stand.shell(
        `mount -t tmpfs lower /mnt/existing && mount -t tmpfs upper /mnt/existing
         mkdir /mnt/neighbour/deep && mount -t tmpfs deep /mnt/neighbour/deep && mount -t tmpfs cover /mnt/neighbour`,
      );
      const script = `cat /proc/self/mountinfo; umount /mnt/existing && umount /mnt/existing &&
         umount /mnt/neighbour && umount /mnt/neighbour/deep`;
      const { output, ...observed } = await inside(stand, tool, script);
      expectSlaves(output);
      expect(output).toMatch(/ \/mnt\/neighbour\/deep .* tmpfs deep /);
      expectUnnoticed(observed);
    },
  },
  {
    name: 'names reach the kernel byte for byte, and the terminal without control characters',
    async check(stand, tool) {
      await stand.shell(`d=$(printf '/a b\\nc\\033\\377') && mkdir "$d" && mount -t tmpfs odd "$d"`);
      const { stdout, stderr, status } = await stand.run(
        tool(['slave', '--trace', '--', 'grep', ' odd ', '/proc/self/mountinfo']),
      );
      expect(status).toBe(0);
      expect(stdout).toContain('Remounting /a b\\012c\\033\\377 as slave...\n');
      expect(stderr).toContain('mount(NULL, "/a b\\nc\\33\\377", NULL, MS_SLAVE, NULL) = 0\n');
      expectSlaves(stdout.slice(stdout.indexOf(CLOSING) + CLOSING.length));
    },
  },
  {
    name: '--json names both namespaces as the kernel does, and every mount point with its result',
    async check(stand, tool) {
      await stand.shell(
        'mkdir /mnt/neighbour/deep && mount -t tmpfs deep /mnt/neighbour/deep && mount -t tmpfs cover /mnt/neighbour',
      );
      const expected = (await mountPoints(stand)).map((mountPoint) => ({
        mountPoint,
        error: mountPoint === '/mnt/neighbour/deep' ? 'ENOENT' : null,
      }));
      const command = ['readlink', '/proc/self/ns/mnt'];
      const { stdout, stderr, status } = await stand.run(tool(['slave', '--json', '--', ...command]));
      expect(status, stderr).toBe(0);
      const { namespace, ...rest } = JSON.parse(stdout);
      expect(rest).toEqual({ mounts: expected, command: { argv: command, status: 0 } });
      expect(`mnt:[${namespace.inside}]\n`).toBe(stderr);
      expect(`mnt:[${namespace.outside}]\n`).toBe(await stand.shell('readlink /proc/self/ns/mnt'));
    },
  },
];
