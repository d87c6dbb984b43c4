/** `ns-tool ls` as it is used. */
import { spawnSync } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { expectUnnoticed } from '../support/checks.ts';
import { needsRoot } from '../support/privilege.ts';
import type { Start } from '../support/protocol.ts';
import { Stand } from '../support/stand.ts';

const ls = (...args: string[]): Start => ({ program: 'ns-tool', args: ['ls', ...args] });

/** Starts the tool from a shell script, as `"$@"`. */
const from = (script: string) => ['bash', '-c', script, 'bash'];

/** The same in a pid namespace, with a proc of its own: there is nobody else. */
const alone = (script: string) => ['unshare', '-pf', '--mount-proc', ...from(`umount -a -l -t nsfs; ${script}`)];

/** A process in a UTS namespace of its own, with its pid in $pid. */
const RESIDENT =
  'unshare -u sleep 1000 >/dev/null 2>&1 & pid=$!; until [ "$(cat /proc/$pid/comm)" = sleep ]; do :; done';

const id = (link: string) => Number(/\d+/.exec(link)?.[0]);

interface Line {
  readonly ns: number;
  readonly nprocs: number;
  readonly [column: string]: unknown;
}

const namespacesIn = (stdout: string) => (JSON.parse(stdout) as { namespaces: Line[] }).namespaces;

describe.skipIf(needsRoot('ns-tool ls'))('ns-tool ls', () => {
  it('lists its own namespaces, unnoticed', async () => {
    const stand = await Stand.forTest();
    const { stdout, status, ...observed } = await stand.run(ls('-lno', 'TYPE,NS'));
    for (const type of ['mnt', 'net', 'ipc', 'user', 'pid', 'uts', 'cgroup']) {
      const own = id(await stand.shell(`readlink /proc/self/ns/${type}`));
      expect(stdout.match(new RegExp(`^${type} +${own}$`, 'm')), type).not.toBeNull();
    }
    expect(status).toBe(0);
    expectUnnoticed(observed);
  });

  it('lists a namespace that only a mount keeps, and where', async () => {
    const stand = await Stand.forTest();
    await stand.shell('mkdir /kept && cd /kept && touch "a b" c && unshare --net="a b" true && mount --bind "a b" c');
    const ns = Number(await stand.shell('stat -c %i "/kept/a b"'));
    const { stdout: table } = await stand.run(ls('-t', 'net'));
    expect(table).toMatch(/^ +NS TYPE NPROCS +PID USER +NETNSID +NSFS +COMMAND\n/);
    const line = table.split('\n').find((line) => line.startsWith(`${ns} `));
    expect(line).toMatch(/^\d+ net +0 +unassigned +\/kept\/a b,\/kept\/c +kept by \/kept\/a b$/);
    const { stdout } = await stand.run(ls('-Jl', '-o', '+PATH,NSFS'));
    expect(namespacesIn(stdout).find((line) => line.ns === ns)).toEqual({
      ns,
      type: 'net',
      nprocs: 0,
      pid: null,
      user: null,
      command: null,
      path: '/kept/a b',
      nsfs: '/kept/a b\n/kept/c',
      keptby: '/kept/a b',
    });
  });

  it('lists a namespace that only a descriptor keeps, and which', async () => {
    const stand = await Stand.forTest();
    const { stdout } = await stand.run({
      ...ls('-t', 'uts', '-o', '+PATH'),
      through: alone(`${RESIDENT}; exec 7</proc/$pid/ns/uts; readlink /proc/$pid/ns/uts; kill $pid; wait; "$@"`),
    });
    const [link = '', , , kept = '', ...more] = stdout.split('\n');
    expect(kept).toMatch(new RegExp(`^${id(link)} uts +0 +kept by fd 7 of PID 1 +/proc/1/fd/7$`));
    expect(more).toEqual(['']);
  });

  it('shows a command in one line, with its control characters escaped', async () => {
    const stand = await Stand.forTest();
    const { stdout } = await stand.run({
      ...ls('-t', 'uts'),
      through: alone(
        `unshare -u bash -c $'exec -a "a b)\\n(\\e[31m\\x7f" sleep 1000' >/dev/null & until grep -qx sleep /proc/$!/comm; do :; done; "$@"`,
      ),
    });
    expect(stdout.split('\n')[2]).toMatch(/^\d+ uts +1 +\d+ root `-a b\)\\012\(\\033\[31m\\177 1000$/);
  });

  it('draws user and pid namespaces as they were made', async () => {
    const stand = await Stand.forTest();
    // Outer: a user namespace that nobody stays in. Inner: a user namespace, and in it a pid namespace.
    const made = `
      mkfifo /mnt/neighbour/wait
      unshare -Ur bash -c '
        readlink /proc/self/ns/user > /mnt/neighbour/outer
        exec unshare -Urpf bash -c "
          readlink /proc/self/ns/user > /mnt/neighbour/inner; readlink /proc/self/ns/pid_for_children > /mnt/neighbour/pid
          echo > /mnt/neighbour/wait; exec sleep 1000"' >/dev/null 2>&1 &
      read < /mnt/neighbour/wait; cat /mnt/neighbour/outer /mnt/neighbour/inner /mnt/neighbour/pid
      readlink /proc/self/ns/user /proc/self/ns/pid; "$@"; exit $?`;
    const nodes = (lines: readonly Line[]): object =>
      Object.fromEntries(lines.map(({ ns, nprocs, children = [] }) => [`${ns} ${nprocs}`, nodes(children as Line[])]));
    for (const [words, expected] of [
      [['--tree', '-t', 'user', '-t', 'pid'], 'owner'],
      [['-Tparent', '-t', 'pid', '-t', 'user'], 'parent'],
      [['-T', '-t', 'pid'], 'owner'],
    ] as const) {
      await stand.shell('rm -f /mnt/neighbour/wait');
      const { stdout } = await stand.run({ ...ls('-J', ...words), through: alone(made) });
      const [outer = '', inner = '', pid = '', user = '', own = ''] = stdout.split('\n').map(id);
      const tree = nodes(namespacesIn(stdout.slice(stdout.indexOf('{'))));
      const users = { [`${outer} 0`]: { [`${inner} 2`]: {} } };
      // The shell and ns-tool; unshare and sleep.
      expect(tree, words.join(' ')).toEqual(
        expected === 'owner'
          ? { [`${user} 2`]: { [`${own} 3`]: {}, [`${outer} 0`]: { [`${inner} 2`]: { [`${pid} 1`]: {} } } } }
          : { [`${user} 2`]: users, [`${own} 3`]: { [`${pid} 1`]: {} } },
      );
    }
  });

  it('shows an ordinary user what there is to be seen, and says how much is not', async () => {
    const stand = await Stand.forTest();
    for (const words of [['-l'], ['-l', '--json']]) {
      const { stdout, stderr, status } = await stand.run({
        ...ls(...words),
        through: alone(
          `${RESIDENT}; readlink /proc/$pid/ns/uts; setpriv --reuid 54321 --regid 54321 --clear-groups "$@"; exit $?`,
        ),
      });
      const [link = '', ...listing] = stdout.split('\n');
      expect(listing.join('\n')).not.toContain(String(id(link)));
      expect(listing.join('\n')).toContain('54321');
      // The shell and the one that sleeps.
      expect(stderr).toBe('ns-tool: 2 processes not looked at; all are shown by: sudo ns-tool ls\n');
      expect(status).toBe(0);
    }
  });

  it('counts one process in the singular, and tells root what it takes', async () => {
    const stand = await Stand.forTest();
    const { stderr } = await stand.run({
      ...ls(),
      through: alone('setpriv --bounding-set -all --inh-caps -all "$@"; exit $?'),
    });
    expect(stderr).toBe('ns-tool: 1 process not looked at: no CAP_SYS_PTRACE, or a security module\n');
  });

  it('says nothing else on standard error', async () => {
    const stand = await Stand.forTest();
    const { stderr } = await stand.run({ ...ls(), through: alone('"$@"; exit $?') });
    expect(stderr).toBe('');
  });

  const help = 'Try: ns-tool ls --help';
  it.each<[string[], string, string]>([
    [['-o', 'NS,NPROC'], 'unknown column: NPROC', 'Did you mean NPROCS?'],
    [['-o', 'comand'], 'unknown column: COMAND', 'Did you mean COMMAND?'],
    [
      ['--output', 'NS,'],
      'unknown column: ',
      'There are: NS, TYPE, PATH, NPROCS, PID, PPID, COMMAND, UID, USER, NETNSID, NSFS, PNS, ONS, KEPTBY',
    ],
    [['-o', 'NETNID'], 'unknown column: NETNID', 'Did you mean NETNSID?'],
    [['-o'], '--output needs a value', help],
    [['-t', 'mount'], 'unknown type: mount', 'Did you mean mnt?'],
    [['-t', 'net', '-t', 'network'], 'unknown type: network', 'There are: mnt, net, ipc, user, pid, uts, cgroup, time'],
    [['-t', 'net,uts'], 'unknown type: net,uts', 'There are: mnt, net, ipc, user, pid, uts, cgroup, time'],
    [['-t', 'ne\x1bt'], 'unknown type: ne\\033t', 'Did you mean net?'],
    [['--tree=owners'], 'unknown tree: owners', 'Did you mean owner?'],
    [['-l', '--tree'], '--list and --tree exclude each other', help],
    [['-p', 'abc'], 'not a pid: "abc"', 'Give the number of a process: ns-tool ls --task 1'],
    [['-p', '0'], 'not a pid: "0"', 'Give the number of a process: ns-tool ls --task 1'],
    [['--task=-1'], 'not a pid: "-1"', 'Give the number of a process: ns-tool ls --task 1'],
    [['-p', '1e3'], 'not a pid: "1e3"', 'Give the number of a process: ns-tool ls --task 1'],
    [['--jsn'], 'unknown option: --jsn', 'Did you mean --json?'],
    [['-x'], 'unknown option: -x', help],
    [['--out=NS'], 'ambiguous option: --out', 'Give one of: --output, --output-all'],
    [['4026531838'], 'unexpected argument: 4026531838', 'To name a process: ns-tool ls --task PID'],
  ])('refuses %j', async (words, message, hint) => {
    const stand = await Stand.forTest();
    const { stdout, stderr, status } = await stand.run(ls(...words));
    expect(stderr).toBe(`error: ${message}\n${hint}\n`);
    expect(stdout).toBe('');
    expect(status).toBe(2);
  });

  it('says that there is no such process', async () => {
    const stand = await Stand.forTest();
    const { stdout, stderr, status } = await stand.run(ls('-p', '4194305'));
    expect(stderr).toMatch(
      /^ns-tool: .*'\/proc\/4194305\/ns\/user'\nThere is no process 4194305, in this pid namespace; ps -e lists those that there are\.\n$/,
    );
    expect({ stdout, status }).toEqual({ stdout: '', status: 1 });
  });

  it("tells an ordinary user of sudo for another's process", async () => {
    const stand = await Stand.forTest();
    const { stdout, stderr, status } = await stand.run({ ...ls('-p', '1'), uid: 54321 });
    expect(stderr).toMatch(/^ns-tool: EACCES.*\nProcess 1 is not yours; run it with sudo: sudo ns-tool ls -p 1\n$/);
    expect({ stdout, status }).toEqual({ stdout: '', status: 1 });
  });

  it('does not tell root of sudo', async () => {
    const stand = await Stand.forTest();
    const through = ['setpriv', '--bounding-set', '-sys_ptrace', '--inh-caps', '-sys_ptrace'];
    const { stderr, status } = await stand.run({ ...ls('-p', '1'), through });
    expect(stderr).toMatch(/^ns-tool: EACCES.*\nYou are root, but may not look at process 1: no CAP_SYS_PTRACE, /);
    expect(status).toBe(1);
  });

  it('says what is needed without a proc filesystem', async () => {
    const stand = await Stand.forTest();
    const { stdout, stderr, status } = await stand.run({
      ...ls(),
      through: ['unshare', '-m', ...from('mount -t tmpfs x /proc; "$@"; exit $?')],
    });
    expect(stderr).toMatch(/^ns-tool: ENOENT.*\nThe proc filesystem .* is needed: mount -t proc proc \/proc\n$/);
    expect({ stdout, status }).toEqual({ stdout: '', status: 1 });
  });

  it('--output-all shows all columns', async () => {
    const stand = await Stand.forTest();
    const { stdout } = await stand.run(ls('--output-all'));
    expect(stdout.split('\n')[0]?.trim().split(/ +/)).toEqual(
      'NS TYPE PATH NPROCS PID PPID COMMAND UID USER NETNSID NSFS PNS ONS KEPTBY'.split(' '),
    );
  });

  it('--help shows the options of lsns, and examples', async () => {
    const stand = await Stand.forTest();
    const { stdout, status } = await stand.run(ls('--help'));
    for (const words of [
      '-J, --json',
      '-l, --list',
      '-T, --tree',
      '-n, --noheadings',
      '-o, --output',
      '-p, --task',
      '-t, --type',
    ])
      expect(stdout).toContain(words);
    expect(stdout).toContain('sudo ns-tool ls --tree');
    expect(status).toBe(0);
  });
});

const hasScript = spawnSync('script', ['--version']).status === 0;
if (!hasScript) console.warn('skipped, since script(1) is not installed: ns-tool ls in a terminal');

describe.skipIf(!hasScript || needsRoot('ns-tool ls in a terminal'))('ns-tool ls in a terminal', () => {
  const TOOL = '/node/node /checkout/packages/ns-tool/dist/bin/ns-tool.cjs ls -t uts';
  const LONG =
    'unshare -u bash -c "exec -a $(printf %0100d 7) sleep 1000" >/dev/null & until grep -qx sleep /proc/$!/comm; do :; done';

  async function shown(command: string): Promise<string[]> {
    const stand = await Stand.forTest();
    await stand.shell(`cat > /mnt/neighbour/inside <<'END'\n${LONG}\n${command}\nEND`);
    const output = await stand.shell(
      "exec script --quiet --return --command 'unshare -pf --mount-proc bash /mnt/neighbour/inside' /dev/null < /dev/null",
    );
    return stripVTControlCharacters(output)
      .split('\r\n')
      .filter((line) => line !== '');
  }

  it('is as wide as the terminal', async () => {
    const lines = await shown(`stty cols 50; ${TOOL}`);
    expect(lines).toHaveLength(3);
    expect(Math.max(...lines.map((line) => line.length))).toBe(50);
    expect(lines[2]).toMatch(/^\d+ uts +1 +\d+ root (`-|└─)0+$/);
  });

  it('is 80 columns wide where the terminal does not say', async () => {
    const lines = await shown(`stty cols 0; ${TOOL}`);
    expect(Math.max(...lines.map((line) => line.length))).toBe(80);
  });

  it('is not cut in a pipe', async () => {
    const lines = await shown(`stty cols 50; ${TOOL} | cat`);
    expect(lines[2]).toMatch(/0{99}7 1000$/);
  });
});
