import { spawnSync } from 'node:child_process';
import { errnoNumber } from '@ns-tool/syscalls';
import { describe, expect, it } from 'vitest';
import { expectUnnoticed } from '../support/checks.ts';
import { needsRoot } from '../support/privilege.ts';
import type { Start } from '../support/protocol.ts';
import { Stand } from '../support/stand.ts';

interface Case {
  readonly name: string;
  readonly start: Omit<Start, 'program'> & Partial<Pick<Start, 'program'>>;
  readonly prepare?: string;
  readonly status: number;
  /** Both lines on standard error, whole. */
  readonly stderr: string | RegExp;
}

const cases: readonly Case[] = [
  {
    name: 'an ordinary user is told of sudo',
    start: { args: ['mount'], uid: 54321 },
    status: 1,
    stderr:
      'ns-tool: unshare(CLONE_NEWNS): Operation not permitted (EPERM)\n' +
      'A mount namespace takes root (CAP_SYS_ADMIN); run it with sudo: sudo ns-tool mount, or without: ns-tool mount --user\n',
  },
  {
    name: 'root without CAP_SYS_ADMIN is told of the container',
    start: { args: ['mount'], through: ['setpriv', '--bounding-set', '-sys_admin', '--inh-caps', '-sys_admin'] },
    status: 1,
    stderr:
      'ns-tool: unshare(CLONE_NEWNS): Operation not permitted (EPERM)\n' +
      'You are root, but without CAP_SYS_ADMIN, as in a container. Start the container with it: docker run --cap-add SYS_ADMIN …\n',
  },
  {
    name: 'root whose unshare is forbidden otherwise is told of seccomp',
    start: {
      program: 'under-test',
      args: ['mount'],
      env: { FAULT: JSON.stringify({ at: 'unshare', errno: errnoNumber('EPERM') }) },
    },
    status: 1,
    stderr:
      /^ns-tool: unshare\(CLONE_NEWNS\): Operation not permitted \(EPERM\)\nYou are root with CAP_SYS_ADMIN, so a seccomp filter .*\n$/,
  },
  {
    name: 'a target that is a file',
    start: { args: ['mount', '--target', '/mnt/existing/file'] },
    status: 1,
    stderr:
      'ns-tool: openat(AT_FDCWD, "/mnt/existing/file", O_RDONLY|O_CLOEXEC|O_PATH|O_DIRECTORY): Not a directory (ENOTDIR)\n' +
      'A mount point for a tmpfs is a directory, but a part of /mnt/existing/file is a file; choose another --target.\n',
  },
  {
    name: 'a target below a file',
    start: { args: ['mount', '--target', '/mnt/existing/file/a/b'] },
    status: 1,
    stderr:
      /^ns-tool: openat\(.*ENOTDIR\)\n.* a part of \/mnt\/existing\/file\/a\/b is a file; choose another --target\.\n$/,
  },
  {
    name: 'a target behind a symbolic link that leads nowhere',
    prepare: 'ln -s nowhere /mnt/dangling',
    start: { args: ['mount', '--target', '/mnt/dangling/a'] },
    status: 1,
    stderr:
      /^ns-tool: mkdirat\(\d+, "dangling", 0755\): File exists \(EEXIST\)\nA part of \/mnt\/dangling\/a is a symbolic link that leads nowhere; .*\n$/,
  },
  {
    name: 'a target behind symbolic links in a circle',
    prepare: 'ln -s circle /mnt/circle',
    start: { args: ['mount', '--target', '/mnt/circle/a'] },
    status: 1,
    stderr: /^ns-tool: openat\(.*ELOOP\)\nThe symbolic links of \/mnt\/circle\/a lead in a circle; .*\n$/,
  },
  {
    name: 'a target with a name that is too long',
    start: { args: ['mount', '--target', `/mnt/${'x'.repeat(256)}`] },
    status: 1,
    stderr: /^ns-tool: openat\(.*ENAMETOOLONG\)\nA name may have 255 bytes .*\n$/,
  },
  {
    name: 'a relative target',
    start: { args: ['mount', '--target', 'mnt/x'] },
    status: 2,
    stderr: 'error: --target must be an absolute path: mnt/x\nFrom here that would be: --target /mnt/x\n',
  },
  {
    name: 'an empty target',
    start: { args: ['mount', '--target', ''] },
    status: 2,
    stderr: 'error: --target is empty\nGive an absolute path: --target /mnt/test_mount\n',
  },
  {
    name: 'the root as target',
    start: { args: ['mount', '--target', '/mnt/..'] },
    status: 2,
    stderr: 'error: --target must not be /\nA mount on / would not be seen by anyone whose root it is.\n',
  },
  {
    name: 'a size that smuggles in another option',
    start: { args: ['mount', '--size', '1m,mode=777'] },
    status: 2,
    stderr: /^error: --size: not a size: "1m,mode=777"\n/,
  },
  {
    name: 'permissions that are none',
    start: { args: ['mount', '--mode', '0888'] },
    status: 2,
    stderr: /^error: --mode: not permission bits: "0888"\n/,
  },
  {
    name: 'an unknown command, with the near miss',
    start: { args: ['moutn'] },
    status: 2,
    stderr: 'error: unknown command: moutn\nDid you mean mount?\n',
  },
  {
    name: 'an unknown command far from any',
    start: { args: ['frobnicate'] },
    status: 2,
    stderr: 'error: unknown command: frobnicate\nTry: ns-tool --help\n',
  },
  {
    name: 'an unknown option, with the near miss',
    start: { args: ['mount', '--targte=/mnt/x'] },
    status: 2,
    stderr: 'error: unknown option: --targte\nDid you mean --target?\n',
  },
  {
    name: 'no command at all',
    start: { args: [] },
    status: 2,
    stderr: 'error: no command given\nTry: ns-tool --help\n',
  },
  {
    name: 'a command without the two dashes',
    start: { args: ['mount', 'sh'] },
    status: 2,
    stderr: 'error: unexpected argument: sh\nA command to run comes after two dashes: ns-tool mount -- sh\n',
  },
  {
    name: 'an option without its value',
    start: { args: ['mount', '--target'] },
    status: 2,
    stderr: 'error: --target needs a value\nTry: ns-tool mount --help\n',
  },
  {
    name: 'a kernel without tmpfs, where the mount point is there',
    start: {
      program: 'under-test',
      args: ['mount', '--target', '/mnt/existing'],
      env: { FAULT: JSON.stringify({ at: 'mount("tmpfs"', errno: errnoNumber('ENODEV') }) },
    },
    status: 1,
    stderr:
      /^ns-tool: mount\("tmpfs", "\/mnt\/existing", "tmpfs", MS_NOSUID\|MS_NODEV, NULL\): No such device \(ENODEV\)\nThis kernel has no tmpfs; .*\n$/,
  },
  {
    name: 'a kernel without tmpfs, where the mount point is missing',
    start: {
      program: 'under-test',
      args: ['mount'],
      env: { FAULT: JSON.stringify({ at: 'fsopen', errno: errnoNumber('ENODEV') }) },
    },
    status: 1,
    stderr: /^ns-tool: fsopen\("tmpfs", FSOPEN_CLOEXEC\): No such device \(ENODEV\)\nThis kernel has no tmpfs; .*\n$/,
  },
  {
    name: 'a kernel before Linux 5.2, where the mount point is missing',
    start: {
      program: 'under-test',
      args: ['mount'],
      env: { FAULT: JSON.stringify({ at: 'fsopen', errno: errnoNumber('ENOSYS') }) },
    },
    status: 1,
    stderr: /^ns-tool: fsopen\(.*ENOSYS\)\n.*takes Linux 5\.2\. Make it first: mkdir -p \/mnt\/test_mount\n$/,
  },
  {
    name: 'not Linux',
    start: { args: ['mount'], nodeOptions: ['--require', '/checkout/tests/support/pretend-macos.cjs'] },
    status: 1,
    stderr: `ns-tool: @ns-tool/syscalls needs Linux on x86-64 or arm64; this is darwin on ${process.arch}\nUse a Linux machine, real or virtual, with one of these processors.\n`,
  },
];

describe.skipIf(needsRoot('the errors of ns-tool mount, in a stand of their own'))(
  'ns-tool mount says what is wrong and what to do',
  () => {
    for (const { name, start, prepare, status, stderr } of cases) {
      it(name, async () => {
        const stand = await Stand.forTest();
        if (prepare !== undefined) await stand.shell(prepare);
        const observed = await stand.run({ program: 'ns-tool', ...start });
        if (typeof stderr === 'string') expect(observed.stderr).toBe(stderr);
        else expect(observed.stderr).toMatch(stderr);
        expect(observed.stdout).toBe('');
        expect(observed.status).toBe(status);
        expectUnnoticed(observed);
      });
    }
  },
);

describe.skipIf(needsRoot('a busy mount of ns-tool mount'))('a mount that is still in use', () => {
  it('is an error that names the process, also where the target leads through a symbolic link', async () => {
    const stand = await Stand.forTest();
    const script = 'cd /mnt/link/new && { sleep 30 >/dev/null 2>&1 & echo $! > /mnt/existing/pid; }';
    const args = ['mount', '--target', '/mnt/link/new', '--', 'sh', '-c', script];
    const { stderr, status } = await stand.run({ program: 'ns-tool', args });
    const pid = (await stand.shell('cat /mnt/existing/pid; kill "$(cat /mnt/existing/pid)"')).trim();
    expect(stderr).toMatch(
      new RegExp(
        `^ns-tool: umount2\\("/mnt/neighbour/new", 0\\): .*\\n\\w+ \\(pid ${pid}\\) has its working directory there\\.`,
      ),
    );
    expect(status).toBe(125);
  });
});

describe.skipIf(needsRoot('the status of commands run by ns-tool mount'))(
  'ns-tool mount returns the status of its command',
  () => {
    const run = async (...command: string[]) =>
      await (await Stand.forTest()).run({ program: 'ns-tool', args: ['mount', '--', ...command] });

    it('its own', async () => expect(await run('sh', '-c', 'exit 42')).toMatchObject({ status: 42, stderr: '' }));
    it('128 + n if signal n ended it', async () => {
      expect(await run('sh', '-c', 'kill -KILL $$')).toMatchObject({ status: 128 + 9, signal: null });
    });
    it('127 if there is no such command', async () => {
      expect(await run('no-such-command')).toMatchObject({
        status: 127,
        stderr: 'ns-tool: no-such-command: command not found\n',
      });
    });
    it('126 if it is not executable', async () => {
      expect(await run('/mnt/existing/file')).toMatchObject({
        status: 126,
        stderr: 'ns-tool: /mnt/existing/file: not executable\n',
      });
    });
  },
);

describe('ns-tool, without a privilege', () => {
  const command = new URL('../../packages/ns-tool/dist/bin/ns-tool.cjs', import.meta.url).pathname;
  const run = (...args: string[]) => spawnSync(process.execPath, [command, ...args], { encoding: 'utf8' });

  it('shows help with an example, on standard output', () => {
    const { stdout, stderr, status } = run('mount', '--help');
    expect(stdout).toContain('sudo ns-tool mount');
    expect(stdout).toContain('Examples:');
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  });

  it('lists its commands', () => {
    expect(run('--help').stdout).toContain('ns-tool mount');
  });

  it('ends quietly when its reader goes away', () => {
    const script = '{ sleep 0.2; "$0" "$1" mount --help; echo $? >&2; } | true';
    const { stderr } = spawnSync('sh', ['-c', script, process.execPath, command], { encoding: 'utf8' });
    expect(stderr).toBe('141\n');
  });

  it('does not lose an output that cannot be written', () => {
    const { stderr, status } = spawnSync('sh', ['-c', `exec "$0" "$1" --help > /dev/full`, process.execPath, command], {
      encoding: 'utf8',
    });
    expect(stderr).toMatch(/^ns-tool: cannot write the output: ENOSPC/);
    expect(status).toBe(1);
  });
});
