/** The command: what it says of the propagation that there is, of several processes, and of mistakes. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Namespace } from '../mount-table/namespaces.ts';
import { expectUnnoticed } from '../support/checks.ts';
import { needsRoot } from '../support/privilege.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { Stand } from '../support/stand.ts';

const program = fileURLToPath(new URL('../../packages/ns-tool/dist/bin/ns-tool.cjs', import.meta.url));

/** Runs the command here, in a locale with more than ASCII. */
function mounts(...args: readonly string[]) {
  return run({}, ...args);
}

function run(env: NodeJS.ProcessEnv, ...args: readonly string[]) {
  const { PATH } = process.env;
  const { stdout, stderr, status } = spawnSync(process.execPath, [program, 'mounts', ...args], {
    encoding: 'utf8',
    env: { PATH, LC_ALL: 'C.UTF-8', ...env },
    cwd: folder,
    maxBuffer: 1e9,
  });
  return { stdout, stderr, status };
}

const folder = scratchDirectory();

/** A file with a table, in short: `id parent mountPoint [optional fields]`. */
function saved(name: string, ...lines: readonly string[]): string {
  const path = join(folder, name);
  const rows = lines.map((line) => {
    const [id, parent, mountPoint, ...fields] = line.split(' ');
    return [id, parent, `0:${id}`, '/', mountPoint, 'rw', ...fields, '-', 'tmpfs', `s${id}`, 'rw'].join(' ');
  });
  writeFileSync(path, rows.map((row) => `${row}\n`).join(''));
  return path;
}

describe('ns-tool mounts of a saved table', () => {
  const file = () =>
    saved('table', '20 1 / shared:3', '21 20 /a master:3', '22 21 /a shared:5 master:3', '23 20 /b unbindable');

  it('is a tree with the propagation of each mount', () => {
    expect(mounts('-F', file())).toEqual({
      stdout:
        'TARGET         SOURCE FSTYPE OPTIONS PROPAGATION\n' +
        '/              s20    tmpfs  rw      shared:3\n' +
        '├─/a (covered) s21    tmpfs  rw      slave of 3\n' +
        '│ └─/a         s22    tmpfs  rw      shared:5, slave of 3\n' +
        '└─/b           s23    tmpfs  rw      unbindable\n',
      stderr: '',
      status: 0,
    });
  });

  it('is a list, marked as well; and of columns that are chosen nothing but what was asked for', () => {
    expect(mounts('-lF', file(), '-n').stdout).toMatch(/^\/a \(covered\) +s21 /m);
    expect(mounts('-F', file(), '-ln', '-o', 'TARGET').stdout).toBe('/\n/a\n/a\n/b\n');
    expect(mounts('-F', file(), '-lno', 'TARGET,COVERED').stdout).toBe('/\n/a     covered\n/a\n/b\n');
  });

  it('is data with the numbers by themselves', () => {
    const { filesystems } = JSON.parse(mounts('-F', file(), '-J', '/a').stdout);
    expect(filesystems).toEqual([
      {
        target: '/a',
        source: 's21',
        fstype: 'tmpfs',
        options: 'rw',
        propagation: 'private,slave',
        group: null,
        master: 3,
        covered: true,
      },
      {
        target: '/a',
        source: 's22',
        fstype: 'tmpfs',
        options: 'rw',
        propagation: 'shared,slave',
        group: 5,
        master: 3,
        covered: false,
      },
    ]);
    expect(mounts('-F', file(), '-rn', '/b').stdout).toBe('/b s23 tmpfs rw private,unbindable   0\n');
    expect(mounts('-F', file(), '-P', '-o', 'MASTER,COVERED', '/a').stdout).toBe(
      'MASTER="3" COVERED="1"\nMASTER="3" COVERED="0"\n',
    );
  });

  it('is filtered by propagation', () => {
    const ids = (...args: readonly string[]) =>
      mounts('-F', file(), '-lno', 'ID', ...args)
        .stdout.split('\n')
        .filter(Boolean);
    expect(ids('--propagation', 'shared')).toEqual(['20', '22']);
    expect(ids('--propagation', 'slave')).toEqual(['21', '22']);
    expect(ids('--propagation', 'unbindable,slave')).toEqual(['21', '22', '23']);
    expect(ids('--propagation', 'shared', '-T', '/a')).toEqual(['22']);
    expect(ids('/a/b/c')).toEqual(['22']);
    expect(ids('/a', '-R')).toEqual(['21', '22']);
    expect(ids('--', '/b')).toEqual(['23']);
  });

  it('has colours if they are forced, and no terminal to fit', () => {
    const { stdout } = run({ FORCE_COLOR: '1', COLUMNS: '20' }, '-F', file());
    expect(stdout).toContain('\x1b[36mshared:3\x1b[39m');
    expect(stdout).toContain('\x1b[35mshared:5\x1b[39m, \x1b[36mslave of 3\x1b[39m');
    expect(stdout).not.toContain('receives');
  });

  it('gives the same group the same colour in every table', () => {
    const { stdout } = run({ FORCE_COLOR: '1' }, '-N', `${process.pid}`, '-N', 'self');
    expect(stdout).toMatch(new RegExp(`^\\x1b\\[1mpid ${process.pid}\\x1b\\[22m\\n`));
    expect(stdout).toContain('\n\n\x1b[1mself\x1b[22m\n');
  });

  it('takes the last of an option that counts once', () => {
    expect(mounts('-F', '/nowhere', '-F', file(), '-o', 'X', '-no', 'ID', '-t', 'x', '-t', 'tmpfs').stdout).toBe(
      '20\n21\n22\n23\n',
    );
  });

  it('is drawn by --graph', () => {
    const graph = join(folder, 'graph.dot');
    const { stdout, status } = mounts('-F', file(), '--graph', graph);
    expect({ stdout, status }).toEqual({ stdout: '', status: 0 });
    // As long as there is but a stand-in for it.
    if (existsSync(graph)) expect(readFileSync(graph, 'utf8')).toContain('graph');
  });

  it('of 20,000 mounts that lie on each other is no longer than it must be', () => {
    const stack = saved('stack', ...Array.from({ length: 20_000 }, (_, i) => `${20 + i} ${19 + i} /`));
    const { stdout } = mounts('-F', stack);
    expect(stdout.split('\n')).toHaveLength(20_002);
    expect(stdout.length).toBeLessThan(20_002 * 300);
    expect(mounts('-F', stack, '-J').stdout.length).toBeLessThan(20_000 * 2000);
  });
});

describe('a path', () => {
  it('is looked up as the kernel does it, where it is ours: with symbolic links, and from the working directory', () => {
    const target = (word: string) => mounts('-no', 'TARGET', word).stdout;
    symlinkSync('/proc/self', join(folder, 'link'));
    mkdirSync(join(folder, 'directory'), { recursive: true });
    expect(target('link/fd')).toBe('/proc\n');
    expect(target('/proc/../proc/self')).toBe('/proc\n');
    expect(target('directory')).toBe(target(folder));
  });
});

describe('mistakes', () => {
  it.each<[string[], string, string]>([
    [['-o', 'TARGT'], 'unknown column: TARGT', 'Did you mean TARGET?'],
    [['-o', 'sorce,ID'], 'unknown column: sorce', 'Did you mean SOURCE?'],
    [['-o', 'zzzzzzzz'], 'unknown column: zzzzzzzz', 'There are: TARGET, SOURCE,'],
    [['--propagation', 'slaves'], 'unknown propagation: slaves', 'Did you mean slave?'],
    [['--propagation', 'sharedshared'], 'unknown propagation: sharedshared', 'There are: shared, slave, private'],
    [['--pid', '1e3'], 'not a pid: "1e3"', 'Give the number of a process: --pid 1'],
    [['--pid', '1', '--pid', '0'], 'not a pid: "0"', ''],
    [['-F', 'x', '--pid', '1'], '--tab-file is a table already, and takes no --pid', 'Try: ns-tool mounts --help'],
    [['-J', '-r'], '--json and --raw are two formats', 'Give one of them.'],
    [['-P', '-r'], '--raw and --pairs are two formats', ''],
    [['--watch', '-o', 'ID'], '--watch prints changes, and takes no --output', ''],
    [['--watch', '-F', 'x'], '--watch prints changes, and takes no --tab-file', ''],
    [['--watch', '--interval', '0'], '--interval: not a number of seconds above 0: "0"', 'For example: --interval 0.5'],
    [['--watch', '--interval', '1e3'], '--interval: not a number of seconds above 0: "1e3"', ''],
    [['--watch', '--interval', '-1'], '--interval: not a number of seconds above 0: "-1"', ''],
    [['--watch', '--interval', '.'], '--interval: not a number of seconds above 0: "."', ''],
    [['--interval', '1'], '--interval says how often --watch looks', 'ns-tool mounts --watch --interval 1'],
    [['/a', '-T', '/b'], 'two paths', 'Give one: ns-tool mounts /b'],
    [['/a', '/b'], 'unexpected argument: /b', 'Try: ns-tool mounts --help'],
    [['--type', 'x'], 'unknown option: --type', 'Did you mean --types?'],
    [['-Z'], 'unknown option: -Z', ''],
    [['-o'], '--o', ''],
  ])('%j end with status 2', (args, message, hint) => {
    const { stdout, stderr, status } = mounts(...args);
    expect(stderr).toContain(`error: ${message}`);
    expect(stderr.split('\n')[1]).toContain(hint);
    expect({ stdout, status }).toEqual({ stdout: '', status: 2 });
  });

  it.each<[string[], string, string]>([
    [
      ['-F', '/nowhere'],
      'openat(AT_FDCWD, "/nowhere"',
      'Give a pid, or a file that cat /proc/PID/mountinfo has filled.',
    ],
    [['-F', '/etc/passwd'], '/etc/passwd: mount table, line 1, column 1: expected the mount ID', 'A saved table is'],
    [['--pid', '4194305'], 'openat(AT_FDCWD, "/proc/4194305/mountinfo"', 'There is no process 4194305 with mounts'],
    [['--watch', '--pid', '4194305'], 'openat(AT_FDCWD, "/proc/4194305/mountinfo"', 'There is no process'],
    [['-t', 'proc', '--propagation', 'unbindable'], 'there is no mount of type proc, that is unbindable', 'The types'],
    [['-T', '/proc', '-t', 'ext4'], 'there is no mount at /proc, of type ext4', 'The types here are: '],
    [['-F', '/dev/null'], 'there are no mounts', ''],
  ])('%j end with status 1', (args, message, hint) => {
    const { stdout, stderr, status } = mounts(...args);
    expect(stderr).toContain(`ns-tool: ${message}`);
    expect(stderr.split('\n')[1]).toContain(hint);
    expect({ stdout, status }).toEqual({ stdout: '', status: 1 });
  });

  it('has a help with examples', () => {
    const { stdout, status } = run({}, '--help');
    expect(stdout).toContain('ns-tool mounts -R /sys');
    expect(status).toBe(0);
  });
});

describe.skipIf(needsRoot('ns-tool mounts of other processes'))('ns-tool mounts of other processes', () => {
  let inner: Namespace;
  beforeAll(async () => {
    inner = await Namespace.make();
    await inner.shell('mount -t tmpfs inner /mnt && mount --make-shared /mnt');
  });
  afterAll(() => inner?.dispose());

  it('shows the table of each, under its name', () => {
    const { stdout } = mounts('--pid', `${inner.pid}`, '--pid', 'self', '-o', 'TARGET,SOURCE', '-t', 'tmpfs');
    const [first = '', second = ''] = stdout.split('\n\n');
    expect(first).toMatch(new RegExp(`^pid ${inner.pid}\nTARGET +SOURCE\n`));
    expect(first).toMatch(/^\S*\/mnt +inner$/m);
    expect(second).toMatch(/^self\nTARGET +SOURCE\n/);
    expect(second).not.toContain('inner');
    expect(mounts('-n', '--pid', `${inner.pid}`, '--pid', 'self').stdout).not.toMatch(/^pid|^self|\n\n/m);
  });

  it('says in data which mount is whose', () => {
    const { filesystems } = JSON.parse(
      mounts('--task', `${inner.pid}`, '-N', `${process.pid}`, '-J', '-l', '--propagation', 'shared').stdout,
    );
    expect(filesystems).toContainEqual(
      expect.objectContaining({ tid: inner.pid, target: '/mnt', source: 'inner', propagation: 'shared' }),
    );
    expect(new Set(filesystems.map((mount: { tid: number }) => mount.tid)).has(0)).toBe(false);
    const [line] = mounts('--pid', `${inner.pid}`, '--pid', 'self', '-r', '/mnt').stdout.split('\n');
    expect(line).toBe('TID TARGET SOURCE FSTYPE OPTIONS PROPAGATION GROUP MASTER COVERED');
  });

  it('shows those where there is something to show', () => {
    const { stdout, status } = mounts('--pid', 'self', '--pid', `${inner.pid}`, 'inner', '-o', 'TARGET', '-l');
    expect(status).toBe(0);
    expect(stdout).toContain(`\npid ${inner.pid}\nTARGET\n/mnt\n`);
  });

  it('leaves no trace, and shows the stand what it has', async () => {
    const stand = await Stand.forTest();
    const { stdout, stderr, status, ...observed } = await stand.run({
      program: 'ns-tool',
      args: ['mounts', '-R', '/mnt', '-n', '-o', 'TARGET,GROUP'],
    });
    const group = /^(\d+ ){2}\S+ \S+ \/mnt \S+ shared:(\d+)/m.exec(await stand.shell('cat /proc/self/mountinfo'))?.[2];
    expect(stdout).toBe(`/mnt   ${group?.padStart(5)}\n`);
    expect([stderr, status]).toEqual(['', 0]);
    expectUnnoticed(observed);
  });
});
