/**
 * What `ns-tool mount` promises, as checks that any version of it can be held against.
 *
 * The suite runs each on the product, where it must pass, and on every mutant, of which each must fail at least one.
 */

import { lastMountedAt, parseMounts } from '@ns-tool/mount-table';
import { expect } from 'vitest';
import type { Observed, Start } from './protocol.ts';
import type { Stand } from './stand.ts';

/** Starts the version that is checked. */
export type Tool = (args: readonly string[]) => Start;

export interface Check {
  readonly name: string;
  check(stand: Stand, tool: Tool): Promise<void>;
}

const TARGET = '/mnt/test_mount';
const RULE = '-'.repeat(54);

/** Nothing that the host could notice has happened, at any instant. */
export function expectUnnoticed({ mountEvent, fileEvents, before, after }: Observed): void {
  expect(mountEvent, 'a mount event in the parent').toBe(false);
  expect(fileEvents, 'files made or removed in the parent').toEqual([]);
  expect(after).toEqual(before);
}

/** What a command prints when `ns-tool mount` runs it. Its own output is cut off. */
async function inside(stand: Stand, tool: Tool, script: string, ...options: string[]): Promise<string> {
  const { stdout, stderr, status } = await stand.run(tool(['mount', ...options, '--', 'sh', '-c', script]));
  expect(stderr).toBe('');
  expect(status).toBe(0);
  const from = stdout.indexOf('parent namespace!\n') + 'parent namespace!\n'.length;
  return stdout.slice(from, stdout.lastIndexOf('Cleanup: '));
}

/** A script that leaves a process behind, and waits until that has begun. */
const STAYS_BEHIND = 'sleep 30 >/dev/null 2>&1 & until grep -q sleep /proc/$!/comm; do :; done; echo pid $!';

/** The process that such a script left behind. */
function backgroundPid(stdout: string): number {
  const pid = /^pid (\d+)$/m.exec(stdout)?.[1];
  expect(pid, 'the command inside has not run').toBeDefined();
  return Number(pid);
}

/** The table that the tool printed between its two rules. */
function printedTable(stdout: string): string {
  return stdout.split(`${RULE}\n`)[1] ?? '';
}

export const checks: readonly Check[] = [
  {
    name: 'lesson 04: the mount is in the output, and the parent has the same mounts before and after',
    async check(stand, tool) {
      const mounts = () => stand.shell('cat /proc/self/mounts');
      const before = await mounts();
      const { status, stdout } = await stand.run(tool(['mount']));
      expect(status).toBe(0);
      expect(stdout).toContain('tmpfs');
      expect(stdout).toContain(TARGET);
      const after = await mounts();
      expect(after, 'Mount leaked to parent namespace!').toBe(before);
      expect(after).not.toContain(TARGET);
    },
  },
  {
    name: 'lesson 04: the output shows a tmpfs',
    async check(stand, tool) {
      const { status, stdout } = await stand.run(tool(['mount']));
      expect(status).toBe(0);
      expect(stdout).toContain('tmpfs');
      expect(stdout).toContain(TARGET);
      expect(stdout).toContain('type tmpfs');
    },
  },
  {
    name: 'prints the documented text, and nothing on standard error',
    async check(stand, tool) {
      const { status, stdout, stderr } = await stand.run(tool(['mount']));
      const table = printedTable(stdout);
      const { options } = lastMountedAt(parseMounts(Buffer.from(table)), TARGET) ?? { options: [] };
      expect(stderr).toBe('');
      expect(stdout).toBe(
        [
          'Mount namespace created successfully!',
          'Root mount made private (MS_PRIVATE | MS_REC)',
          `tmpfs mounted at: ${TARGET}`,
          '',
          'Mount table inside namespace (/proc/self/mounts):',
          RULE,
          `${table}${RULE}`,
          `tmpfs on ${TARGET} type tmpfs (${options.join(',')})`,
          'Note: This mount is NOT visible in the parent namespace!',
          `Cleanup: unmounted and removed ${TARGET}`,
          '',
        ].join('\n'),
      );
      expect(status).toBe(0);
    },
  },
  {
    name: 'prints the table that a process inside reads, byte for byte',
    async check(stand, tool) {
      const { stdout } = await stand.run(tool(['mount', '--', 'cat', '/proc/self/mounts']));
      const table = printedTable(stdout);
      expect(table).toContain(` ${TARGET} tmpfs `);
      expect(stdout.split(table)).toHaveLength(3);
    },
  },
  {
    name: 'no name in the table drives the terminal: what the kernel leaves as it is, is escaped as the kernel does',
    async check(stand, tool) {
      await stand.shell(`mount -t tmpfs "$(printf 'red\\033[31m\\nline')" /mnt/neighbour`);
      const { stdout } = await stand.run(tool(['mount']));
      expect(printedTable(stdout)).toContain('\nred\\033[31m\\012line /mnt/neighbour tmpfs ');
      expect(stdout).not.toContain('\x1b');
    },
  },
  {
    name: 'the parent sees no mount event while it runs',
    async check(stand, tool) {
      expect((await stand.run(tool(['mount']))).mountEvent).toBe(false);
    },
  },
  {
    name: 'no file of the parent is made, changed or removed, at any instant',
    async check(stand, tool) {
      const { fileEvents, before, after } = await stand.run(tool(['mount']));
      expect(fileEvents).toEqual([]);
      expect(after.files).toEqual(before.files);
    },
  },
  {
    name: 'a mount point that was there stays as it was, and is hidden inside',
    async check(stand, tool) {
      const { status, stdout, ...observed } = await stand.run(
        tool(['mount', '--target', '/mnt/existing', '--', 'ls', '-A', '/mnt/existing']),
      );
      expectUnnoticed(observed);
      expect(stdout).toMatch(/parent namespace!\nCleanup: unmounted \/mnt\/existing, which was there before\n$/);
      expect(status).toBe(0);
    },
  },
  {
    name: 'the tmpfs has exactly the flags nosuid and nodev, and one mount is added to the table',
    async check(stand, tool) {
      const outside = parseMounts(Buffer.from(await stand.shell('cat /proc/self/mounts')));
      const { status, stdout } = await stand.run(tool(['mount', '--target', '/mnt/existing', '--json']));
      expect(status).toBe(0);
      const { mounts, mount } = JSON.parse(stdout);
      expect(mounts.slice(0, -1)).toEqual(outside);
      expect(mounts.at(-1)).toEqual(mount);
      expect(mount).toMatchObject({ source: 'tmpfs', type: 'tmpfs', mountPoint: '/mnt/existing' });
      const variable = ['seclabel', 'inode64'];
      const options = mount.options.filter((option: string) => !variable.includes(option));
      expect(options).toEqual(['rw', 'nosuid', 'nodev', 'relatime']);
    },
  },
  {
    name: 'inside, no mount is a peer or a slave of another',
    async check(stand, tool) {
      const mountinfo = await inside(stand, tool, 'cat /proc/self/mountinfo');
      expect(mountinfo).toContain(TARGET);
      expect(mountinfo).not.toMatch(/ (shared|master|propagate_from):/);
    },
  },
  {
    name: 'inside is another mount namespace, and no other kind of namespace changes',
    async check(stand, tool) {
      const list = 'for n in /proc/self/ns/*; do echo "$n $(readlink $n)"; done';
      const parse = (text: string) =>
        Object.fromEntries(
          text
            .trim()
            .split('\n')
            .map((line) => line.split(' ')),
        );
      const outside = parse(await stand.shell(list));
      const within = parse(await inside(stand, tool, list));
      expect(within['/proc/self/ns/mnt']).toMatch(/^mnt:\[\d+\]$/);
      expect(within['/proc/self/ns/mnt']).not.toBe(outside['/proc/self/ns/mnt']);
      expect({ ...within, '/proc/self/ns/mnt': null }).toEqual({ ...outside, '/proc/self/ns/mnt': null });
    },
  },
  {
    name: '--json names both namespaces as the kernel does',
    async check(stand, tool) {
      const { status, stdout, stderr } = await stand.run(
        tool(['mount', '--json', '--', 'readlink', '/proc/self/ns/mnt']),
      );
      expect(status).toBe(0);
      const { namespace, mountPoint } = JSON.parse(stdout);
      expect(`mnt:[${namespace.outside}]`).toBe((await stand.shell('readlink /proc/self/ns/mnt')).trim());
      expect(`mnt:[${namespace.inside}]`).toBe(stderr.trim());
      expect(mountPoint).toBe(TARGET);
    },
  },
  {
    name: 'what is written inside is nowhere outside',
    async check(stand, tool) {
      const observed = await stand.run(
        tool(['mount', '--', 'sh', '-c', `echo secret > ${TARGET}/file && cat ${TARGET}/file`]),
      );
      expect(observed.status).toBe(0);
      expect(observed.stdout).toContain('secret\n');
      expectUnnoticed(observed);
      expect(await stand.shell(`ls ${TARGET} 2>&1 || true`)).toContain('No such file');
    },
  },
  {
    name: 'at the end the mount and its mount point are gone inside too',
    async check(stand, tool) {
      // A process that stays behind keeps the namespace, so that one can look into it afterwards.
      for (const target of [TARGET, '/mnt/existing', '/brand/new']) {
        const { stdout, status } = await stand.run(
          tool(['mount', '--target', target, '--', 'sh', '-c', `${STAYS_BEHIND}`]),
        );
        expect(status).toBe(0);
        const pid = backgroundPid(stdout);
        const left = await stand.mountsOf(pid);
        const list = (root: string) => stand.shell(`cd ${root} && ls -A . mnt mnt/existing 2>&1 || true`);
        const files = await list(`/proc/${pid}/root`);
        await stand.shell(`kill ${pid}`);
        const table = printedTable(stdout).split('\n');
        expect(left.split('\n')).toEqual(table.filter((line) => !line.includes(` ${target} `)));
        expect(left.split('\n')).toHaveLength(table.length - 1);
        expect(files).toBe(await list('/'));
      }
    },
  },
  {
    name: 'a process that stays in the mount is an error that names it',
    async check(stand, tool) {
      const script = `cd ${TARGET} && ${STAYS_BEHIND}`;
      const { stdout, stderr, status, ...observed } = await stand.run(tool(['mount', '--', 'sh', '-c', script]));
      const pid = backgroundPid(stdout);
      await stand.shell(`kill ${pid}`);
      expect(stderr).toContain(`umount2("${TARGET}", 0): Device or resource busy (EBUSY)`);
      expect(stderr).toContain(`sleep (pid ${pid}) has its working directory there`);
      expect(status).toBe(125);
      expectUnnoticed(observed);
    },
  },
  {
    name: 'the neighbours of a missing mount point stay visible and writable inside',
    async check(stand, tool) {
      await stand.shell(
        'mkdir -p /mnt/neighbour/below && mount -t tmpfs below /mnt/neighbour/below && echo deep > /mnt/neighbour/below/file',
      );
      const output = await inside(
        stand,
        tool,
        'cat /mnt/neighbour/file /mnt/link/below/file; readlink /mnt/link; echo new > /mnt/neighbour/written; stat -c %a /mnt',
      );
      expect(output).toBe('still heredeep\nneighbour\n755\n');
      expect(await stand.shell('cat /mnt/neighbour/written')).toBe('new\n');
    },
  },
  {
    name: 'beside a missing mount point nothing can be written that would be lost',
    async check(stand, tool) {
      const output = await inside(stand, tool, 'touch /mnt/lost 2>&1 || true');
      expect(output).toContain('Read-only file system');
    },
  },
  {
    name: 'a target of several missing levels, also below /, appears inside only',
    async check(stand, tool) {
      for (const target of ['/mnt/a/b/c', '/brand/new']) {
        const { status, stdout, stderr, ...observed } = await stand.run(
          tool(['mount', '--target', target, '--', 'stat', '-f', '-c', '%n is %T', target]),
        );
        expect(stderr).toBe('');
        expect(stdout).toContain(`${target} is tmpfs\n`);
        expect(status).toBe(0);
        expectUnnoticed(observed);
      }
    },
  },
  {
    name: '--size and --mode reach the tmpfs',
    async check(stand, tool) {
      const output = await inside(
        stand,
        tool,
        `stat -c %a ${TARGET}; df --output=size ${TARGET}`,
        '--size',
        '1m',
        '--mode',
        '0750',
      );
      expect(output).toMatch(/^750\n\s*1K-blocks\n\s*1024\n$/);
    },
  },
];
