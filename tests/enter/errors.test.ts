/** `ns-tool enter` beyond nsenter(1): PID and NAME, what it says of errors, `--dry-run` and `--trace`. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectUnnoticed } from '../support/checks.ts';
import { needsRoot } from '../support/privilege.ts';
import type { Start } from '../support/protocol.ts';
import { Stand } from '../support/stand.ts';
import {
  ALL,
  ALL_BUT_USER,
  AS_USER,
  DEPTH,
  endResidents,
  IDS,
  NOBODY,
  of,
  type Residents,
  STAY,
  sh,
  startResidents,
  USER,
  WHERE,
  withPids,
} from './residents.ts';

const TOOL = '/node/node /checkout/packages/ns-tool/dist/bin/ns-tool.cjs';

/** A command under another name, by which it is to be found. */
const as = (name: string) => `ln -sf /bin/sleep "/programs/${name}"; exec "/programs/${name}" 1000`;

const OTHERS = {
  /** What an ordinary user has made in one terminal, to enter it from another. */
  journey: `${AS_USER} ${TOOL} unshare -Urm sh -c '
    mount -t tmpfs inside /mnt/existing && touch /mnt/existing/made-here && ${STAY}'`,
  /** Without becoming root in it. */
  current: `${AS_USER} ${TOOL} unshare -cu sh -c '${STAY}'`,
  /** With a name of its own. */
  odd: `unshare -u sh -c 'hostname of-odd; ${STAY.replace('exec sleep 1000', as('an (odd) one'))}'`,
  /** Two with one name, in different namespaces. */
  twin: `unshare -u sh -c '${STAY.replace('exec sleep 1000', as('a-twin'))}'`,
  other: `unshare -i sh -c '${STAY.replace('exec sleep 1000', as('a-twin'))}'`,
  /** With a child that has ended, which it does not wait for: a shell would. */
  parent: `sh -c 'sh -c "until grep -q sleep /proc/\\$PPID/comm; do sleep 0.02; done
    read -r pid rest < /proc/self/stat; echo \\$pid > /residents/.zombie" & ${STAY}'`,
};

interface Asked extends Pick<Start, 'env' | 'through'> {
  readonly uid?: number;
}

describe.skipIf(needsRoot('ns-tool enter, in a stand of its own'))('ns-tool enter', () => {
  let stand: Stand;
  let residents: Residents;
  /** A thread of the stand, other than its first. */
  let thread: string;
  /** A process that has ended, and is still there. */
  let zombie: string;

  beforeAll(async () => {
    stand = await Stand.make();
    await stand.shell('mkdir /programs && chmod 777 /programs');
    residents = await startResidents(stand, OTHERS);
    thread = (await stand.shell('ls /proc/$PPID/task | grep -vx $PPID | head -n1')).trim();
    zombie = await stand.shell(`
      until [ -s /residents/.zombie ]; do sleep 0.02; done; zombie=$(cat /residents/.zombie)
      until grep -q "^State:.*zombie" /proc/$zombie/status; do sleep 0.02; done; printf $zombie`);
  });
  afterAll(async () => {
    await endResidents(stand);
    await stand.dispose();
  });

  async function run(words: readonly string[], { env, ...asked }: Asked = {}) {
    const args = ['enter', ...words.map(withPid)];
    const observed = await stand.run({ program: 'ns-tool', args, env: { KNOWN: residents.known, ...env }, ...asked });
    expectUnnoticed(observed);
    const { status, stdout, stderr } = observed;
    return { status, stdout, stderr };
  }

  function withPid(word: string): string {
    if (word === 'THREAD') return thread;
    return word === 'ZOMBIE' ? zombie : withPids(word, residents);
  }

  describe('with a process alone', () => {
    const SMALL = 'bin\nlib\nlib64\nusr\n';
    const cases: Readonly<Record<string, readonly [words: readonly string[], stdout: string, asked?: Asked]>> = {
      'is where that is': [['@all', ...sh(WHERE)], of('all', ...ALL_BUT_USER)],
      'is in its user namespace too, as root of it': [
        ['@own', ...sh(`${WHERE}; ${IDS}`)],
        `${of('own', ...ALL)}0\n0\n0\n`,
      ],
      'is nowhere else if it is not elsewhere': [['@mine', ...sh(`${WHERE}; pwd`)], '/\n'],
      'has its root': [['@rooted', ...sh(`${WHERE}; pwd; ls /`)], `/\n${SMALL}`],
      'has its root in its mount namespace': [['@boxed', ...sh('pwd; ls /')], `/\n${SMALL}`],
      'has its mounts': [['@all', 'ls', '/mnt/existing'], 'theirs\n'],
      'sees its processes': [['@proc', ...sh('cat /proc/1/comm; [ -d /proc/$$ ] && echo here')], 'sleep\nhere\n'],
      'runs a command after dashes': [['@all', '--', 'uname', '-n'], 'of-all\n'],
      'runs the shell': [['@own'], 'root\n', { env: { SHELL: '/usr/bin/whoami' } }],
      'and an ID': [['@free', '-S', '5', '--setgid=6', ...sh(`${IDS}; ${WHERE}`)], `5\n6\n6\n${of('free', 'user')}`],
      'and the own IDs': [
        ['@free', '--preserve-credentials', ...sh(`${IDS}; ${WHERE}`)],
        `65534\n65534\n65534\n${of('free', 'user')}`,
      ],
      'and no fork': [['@all', '-F', ...sh(`${DEPTH}; ${WHERE}`)], `outside\n${of('all', ...ALL_BUT_USER)}`],
      'and its environment': [['@env', '-e', '/usr/bin/env'], 'A=1\nTWO=x y=z\nPATH=/usr/bin:/programs\n'],
    };
    for (const [what, [words, stdout, asked]] of Object.entries(cases)) {
      it(what, async () => expect(await run(words, asked)).toEqual({ status: 0, stdout, stderr: '' }));
    }

    it('and with an option only where that says', async () => {
      expect((await run(['@all', '--net', ...sh(WHERE)])).stdout).toBe(of('all', 'net'));
      expect((await run(['@all', '-iu', ...sh(WHERE)])).status).toBe(125);
      expect((await run(['@all', '-a', '-u/proc/@mapped/ns/uts', 'uname', '-n'])).stdout).toBe('of-mapped\n');
      expect((await run(['@rooted', '-r', '-W/usr', ...sh(`pwd; ${WHERE}`)])).stdout).toBe('/usr\n');
    });
  });

  describe('with a name', () => {
    it('finds the process that has it, whatever it is made of', async () => {
      expect((await run(['an (odd) one', 'uname', '-n'])).stdout).toBe('of-odd\n');
      expect((await run(['an (odd) one', '--uts', ...sh(WHERE)])).stdout).toBe(of('odd', 'uts'));
    });
    it('says that there is none, and takes no part of one', async () => {
      for (const name of ['odd', 'an', 'an (odd) on', '(odd) one']) {
        expect(await run([name, 'true'])).toEqual({
          status: 125,
          stdout: '',
          stderr: `ns-tool: no process has the name ${name}\nps -e lists the names that there are.\n`,
        });
      }
    });
    it('says that several are meant, and which', async () => {
      const pids = ['twin', 'other'].map((name) => Number(residents.pids[name])).sort((a, b) => a - b);
      expect(await run(['a-twin', 'true'])).toEqual({
        status: 125,
        stdout: '',
        stderr: `ns-tool: 2 processes have the name a-twin, in different namespaces\nGive the pid of the one that you mean: ${pids.join(', ')}\n`,
      });
    });
    it('takes the lowest pid of several in the same namespaces', async () => {
      await stand.shell('ln -s /bin/sleep /programs/a-crowd');
      // They have the pids from 2 on, where 1 waits for them and becomes ns-tool.
      const script = `for i in 1 2 3 4 5 6 7 8 9 10 11; do /programs/a-crowd 1000 & done
        until [ "$(grep -lx a-crowd /proc/[0-9]*/comm | wc -l)" = 11 ]; do sleep 0.02; done; exec "$@"`;
      const through = ['unshare', '--pid', '--fork', '--mount-proc', ...sh(script)];
      expect((await run(['a-crowd', '-u', '--dry-run', 'true'], { through })).stdout).toContain(
        '\npidfd_open(2, 0) = ',
      );
    });
    it('does not mean itself', async () => {
      // The only process of this name in a pid namespace is ns-tool.
      const own = (await stand.shell("/node/node -p 'fs.readFileSync(`/proc/self/comm`, `latin1`)'")).trim();
      const through = ['unshare', '--pid', '--fork', '--mount-proc'];
      expect(await run([own, 'true'], { through })).toMatchObject({
        status: 125,
        stderr: expect.stringContaining(`no process has the name ${own}\n`),
      });
    });
  });

  describe("on an ordinary user's journey", () => {
    const asUser = { uid: USER };

    it('into what he has made with ns-tool unshare', async () => {
      const look = '[ -e /mnt/existing/made-here ] && echo mounted || echo not mounted';
      const script = `${WHERE}; ${IDS}; pwd; ${look}; umount /mnt/existing; ${look}`;
      expect(await run(['@journey', ...sh(script)], asUser)).toEqual({
        status: 0,
        stdout: `${of('journey', 'mnt', 'user')}0\n0\n0\n/\nmounted\nnot mounted\n`,
        stderr: '',
      });
      // For all who are there, and for nobody else.
      const back = 'mount -t tmpfs inside /mnt/existing && touch /mnt/existing/made-here';
      expect(await run(['@journey', ...sh(`${look}; ${back}`)], asUser)).toMatchObject({ stdout: 'not mounted\n' });
    });
    it('into all kinds of namespaces, as process of them', async () => {
      expect(await run(['@own', ...sh(`${WHERE}; ${DEPTH}`)], asUser)).toEqual({
        status: 0,
        stdout: `${of('own', ...ALL)}inside\n`,
        stderr: '',
      });
    });
    it('into one where he has stayed who he is', async () => {
      expect(await run(['@current', ...sh(`${WHERE}; ${IDS}`)], asUser)).toEqual({
        status: 0,
        stdout: `${of('current', 'user', 'uts')}${USER}\n${USER}\n${USER}\n`,
        stderr: '',
      });
    });
    it('not into what is not his', async () => {
      for (const name of ['@all', '@mapped', '@rooted', '1']) {
        expect(await run([name, 'true'], asUser), name).toMatchObject({ status: 125, stdout: '' });
      }
    });
  });

  describe('says what to do', () => {
    const USER_ASKS: Asked = { uid: USER };
    const IN_CONTAINER: Asked = { through: ['setpriv', '--bounding-set=-sys_admin'] };
    const IN_PID_NAMESPACE: Asked = { through: ['unshare', '-pf'] };

    const cases: Readonly<Record<string, readonly [words: readonly string[], stderr: RegExp, asked?: Asked]>> = {
      'without the process': [
        ['-t', String(NOBODY), '-u'],
        new RegExp(
          `^ns-tool: pidfd_open\\(${NOBODY}, 0\\): .*\\(ESRCH\\)\nThere is no process ${NOBODY}, in this pid namespace; ps -e`,
        ),
      ],
      'without the process, alone': [
        [String(NOBODY)],
        /openat\(.*\/root".*ENOENT\)\nThere is no such process, or it is/,
      ],
      'for a thread': [
        ['-t', 'THREAD', '-u'],
        /^ns-tool: pidfd_open\((\d+), 0\): .*\n\1 is a thread of a process: .* Tgid in \/proc\/\1\/status\n$/,
      ],
      'for a process that has ended': [
        ['-t', 'ZOMBIE', '-u'],
        /^ns-tool: setns\(r\d, CLONE_NEWUTS\): .*\(ESRCH\)\nThe process has ended meanwhile\.\n$/,
      ],
      'to a user about namespaces of others': [
        ['-t@all', '-u'],
        /^ns-tool: setns\(r\d, CLONE_NEWUTS\): .*\(EPERM\)\nIt takes root \(CAP_SYS_ADMIN\): use sudo\. .* --user\n$/,
        USER_ASKS,
      ],
      'to root without the capability': [
        ['-t@all', '-u'],
        /\(EPERM\)\nYou are root, but without CAP_SYS_ADMIN over that namespace, as in a container\.\n$/,
        IN_CONTAINER,
      ],
      'about the own user namespace': [
        ['-t@mine', '-U'],
        /^ns-tool: setns\(r\d, CLONE_NEWUSER\): .*\(EINVAL\)\nThe own user namespace cannot be entered again, .*leave out --user\n$/,
      ],
      'about a pid namespace that is not below': [
        ['--pid=/proc/@mine/ns/pid'],
        /^ns-tool: setns\(r\d, CLONE_NEWPID\): .*\(EINVAL\)\nOnly a pid namespace below the own one can be entered; /,
        IN_PID_NAMESPACE,
      ],
      'about a file of another kind': [
        ['--net=/proc/@all/ns/uts'],
        /^ns-tool: setns\(r\d, CLONE_NEWNET\): .*\(EINVAL\)\nThe file is of another kind of namespace than is asked for, or of none\. Those that there are: ns-tool ls --type net\n$/,
      ],
      'about a file that is no namespace': [
        ['--ipc=/mnt/existing/file'],
        /^ns-tool: setns\(r\d, CLONE_NEWIPC\): .*\(EINVAL\)\nThe file is of another kind .*, or of none\. Those that there are: ns-tool ls --type ipc\n$/,
      ],
      'about a file that there is not': [
        ['--net=/mnt/neighbour/missing'],
        /^ns-tool: openat\(.*"\/mnt\/neighbour\/missing".*\(ENOENT\)\nIt must exist outside, .*: ls \/mnt\/neighbour\n$/,
      ],
      'about one that would drive the terminal': [
        ['--net=/mnt/\u001b[31m/missing'],
        /^ns-tool: [ -~]*\nIt must exist outside, .*: ls \/mnt\/\\033\[31m\n$/,
      ],
      'about a root that there is not': [
        ['--root=/mnt/missing'],
        /^ns-tool: openat\(.*"\/mnt\/missing".*\(ENOENT\)\nIt must exist outside, .*: ls \/mnt\n$/,
      ],
      'about a working directory that there is not': [
        ['--wd=/mnt/missing'],
        /^ns-tool: openat\(.*"\/mnt\/missing".*\(ENOENT\)\nIt must exist outside, .*: ls \/mnt\n$/,
      ],
      'about the root of a process of others': [
        ['-t@rooted', '-r'],
        /^ns-tool: openat\(.*"\/proc\/\d+\/root".*\(EACCES\)\nThere is no such process, or it is not yours: ps -e/,
        USER_ASKS,
      ],
      'about a file of a process that there is not': [
        [`--net=/proc/${NOBODY}/ns/net`],
        /^ns-tool: openat\(.*\(ENOENT\)\nThere is no such process, or it is not yours: ps -e/,
      ],
      'about a directory that is not inside': [
        ['-t@rooted', '-r', '--wdns=/mnt/neighbour'],
        /^ns-tool: chdir\("\/mnt\/neighbour"\): .*\(ENOENT\)\n--wdns is a directory in the namespaces .* --wd is one outside\.\n$/,
      ],
      'where setgroups(2) is denied': [
        ['-t@own', '-U'],
        /^ns-tool: setgroups\(0, \[\]\): .*\(EPERM\)\nThe user namespace denies setgroups\(2\), .*: --preserve-credentials\n$/,
        USER_ASKS,
      ],
      'about a user whom there is not inside': [
        ['-t@mapped', '-U', '-S5'],
        /^ns-tool: setresuid\(5, 5, 5\): .*\(EINVAL\)\nThe user namespace has no such ID: .* --setuid and --setgid, or --preserve-credentials\n$/,
      ],
      'about a group that there is not inside': [
        ['-t@mapped', '-U', '-G5'],
        /^ns-tool: setresgid\(5, 5, 5\): .*\(EINVAL\)\nThe user namespace has no such ID: /,
      ],
      'about a user that one may not become': [
        ['-t@mine', '-S5'],
        /^ns-tool: setresuid\(5, 5, 5\): .*\(EPERM\)\nTo change to another ID takes root, or a user namespace that has it\.\n$/,
        USER_ASKS,
      ],
      'about a group that one may not become': [
        ['-t@mine', '-G5'],
        /^ns-tool: setresgid\(5, 5, 5\): .*\(EPERM\)\nTo change to another ID takes root, /,
        USER_ASKS,
      ],
      'about a root that one may not have': [
        ['-r/small-root'],
        /^ns-tool: chroot\("\."\): .*\(EPERM\)\nTo change the root takes CAP_SYS_CHROOT: use sudo\.\n$/,
        USER_ASKS,
      ],
      'about the environment of others': [
        ['@env', '--env'],
        /^ns-tool: EACCES: .*\/environ'\nIts environment is for its user and root to see: use sudo\.\n$/,
        USER_ASKS,
      ],
      'about the environment of nobody': [
        [String(NOBODY), '--env'],
        /^ns-tool: ENOENT: .*\/environ'\nThere is no such process: ps -e lists those that there are\.\n$/,
      ],
    };
    for (const [what, [words, stderr, asked]] of Object.entries(cases)) {
      it(what, async () => {
        const ended = await run([...words, 'true'], asked);
        expect(ended.stderr).toMatch(stderr);
        expect(ended).toMatchObject({ status: 125, stdout: '' });
      });
    }

    it('about a command that there is not', async () => {
      expect(await run(['@all', 'no-such-command'])).toMatchObject({
        status: 127,
        stderr: 'ns-tool: no-such-command: command not found\n',
      });
      expect(await run(['@all', '/mnt'])).toMatchObject({ status: 126, stderr: 'ns-tool: /mnt: not executable\n' });
    });

    const NOTHING = 'error: nothing to enter\nName a process: ns-tool enter PID, or a file: ns-tool enter --net=FILE\n';
    const misuses: Readonly<Record<string, readonly [words: readonly string[], stderr: string]>> = {
      'without anything': [[], NOTHING],
      'with a command alone': [['--', 'true'], NOTHING],
      'with an empty word': [['', 'true'], NOTHING],
      'with what does not say where': [['-F', '-S5', '--preserve-credentials', '--trace', 'true'], NOTHING],
      'without a process to take it from': [
        ['--net', 'true'],
        'error: --net takes a process\nName one: ns-tool enter PID, or a file: --net=FILE\n',
      ],
      'without a process for --env': [
        ['--net=/proc/self/ns/net', '--env', 'true'],
        'error: --env takes a process\nName one: ns-tool enter PID --env\n',
      ],
      'with two processes': [
        ['@all', '-t@all', '-u', 'true'],
        'error: two processes to enter\nGive one: ns-tool enter PID, or --target PID\n',
      ],
      'with what is no pid': [
        ['-t', 'sleep', '-u', 'true'],
        'error: not a pid: "sleep"\nGive the number of a process: ps -e lists them\n',
      ],
      'with a pid that is none': [['0'], 'error: not a pid: "0"\nGive the number of a process: ps -e lists them\n'],
      'with two working directories': [
        ['-w/', '-W/', 'true'],
        'error: --wd and --wdns exclude each other\n--wd is a directory outside, --wdns one inside\n',
      ],
      'with a misspelt option': [['-t1', '--moutn', 'true'], 'error: unknown option: --moutn\nDid you mean --mount?\n'],
    };
    for (const [what, [words, stderr]] of Object.entries(misuses)) {
      it(what, async () => expect(await run(words)).toEqual({ status: 2, stdout: '', stderr }));
    }

    it('and how it is used', async () => {
      const { stdout, stderr, status } = await run(['--help']);
      expect(stdout).toMatch(/^ns-tool enter PID\|NAME \[OPTIONS\] \[--\] \[COMMAND\.\.\.\]\n/);
      expect(stdout).not.toContain('--operand');
      expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    });
  });

  describe('with --dry-run', () => {
    /** The clone, and what follows until the descriptors are set up; without what all have in common. */
    const plan = (stdout: string) =>
      stdout.split('\n').slice(0, stdout.split('\n').indexOf('fcntl(0, F_SETFD, 0)') - 1);

    it('says what it would do, and does nothing, for an ordinary user too', async () => {
      const { stdout, stderr, status } = await run(['@own', '--dry-run', '/mnt/missing', 'a word'], { uid: USER });
      const { own } = residents.pids;
      expect(plan(stdout)).toEqual([
        'clone(CLONE_PIDFD)',
        `openat(AT_FDCWD, "/proc/${own}/root", O_RDONLY|O_CLOEXEC|O_DIRECTORY) = r0`,
        `pidfd_open(${own}, 0) = r1`,
        expect.stringMatching(/^setns\(r1, CLONE_NEWTIME\|.*CLONE_NEWUSER.*\)$/),
        expect.stringMatching(/^clone\(CLONE_VM\|CLONE_VFORK\|CLONE_PARENT\|CLONE_PARENT_SETTID/),
        'fchdir(r0)',
        'chroot(".")',
        'chdir("/")',
      ]);
      expect(stdout).toMatch(/\nexecve\("\/mnt\/missing", \["\/mnt\/missing", "a word"\], .*\)\n$/);
      expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    });
    it('takes no privilege, and no process', async () => {
      for (const words of [['@all'], ['-t@all', '-a'], ['--net=/mnt/missing'], ['-t', String(NOBODY), '-u']]) {
        const { stdout, stderr, status } = await run([...words, '--dry-run', 'touch', '/mnt/made'], { uid: USER });
        expect(stdout).toMatch(/\nsetns\(r\d, CLONE_NEW/);
        expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
      }
    });
    it('says the same as root, who becomes root inside', async () => {
      expect(plan((await run(['-t@own', '-U', '--dry-run', 'true'])).stdout)).toEqual([
        'clone(CLONE_VM|CLONE_PIDFD|CLONE_VFORK)',
        'setgroups(0, [])',
        `pidfd_open(${residents.pids.own}, 0) = r1`,
        'setns(r1, CLONE_NEWUSER)',
        'setgroups(0, [])  /* or EPERM */',
        'setresgid(0, 0, 0)',
        'setresuid(0, 0, 0)',
      ]);
    });
  });

  describe('with --trace', () => {
    it('shows each call with its result', async () => {
      const { stdout, stderr, status } = await run(['-t@all', '-u', '--trace', '/bin/uname', '-n']);
      const lines = stderr.trimEnd().split('\n');
      expect(lines[0]).toMatch(/^clone\(CLONE_VM\|CLONE_PIDFD\|CLONE_VFORK\) = \d+$/);
      const fd = /^pidfd_open\(\d+, 0\) = (\d+)$/.exec(lines[1] ?? '')?.[1];
      expect(lines[1]).toBe(`pidfd_open(${residents.pids.all}, 0) = ${fd}`);
      expect(lines[2]).toBe(`setns(${fd}, CLONE_NEWUTS) = 0`);
      expect(lines.at(-1)).toMatch(/^execve\("\/bin\/uname", \["\/bin\/uname", "-n"\], .*\) = 0$/);
      expect(stderr).not.toContain('rt_sigaction');
      expect({ stdout, status }).toEqual({ stdout: 'of-all\n', status: 0 });
    });

    // By the proc of the stand, in whose pid namespace ns-tool is.
    const PID = 'read -r pid rest < /proc/self/stat; echo $pid';
    const cloned = (stderr: string) => [...stderr.matchAll(/^clone\(.*\) = (\d+)$/gm)].map(([, pid]) => pid);

    it('shows the pid of the process that became the command', async () => {
      const { stdout, stderr } = await run(['-t@all', '-u', '--trace', ...sh(PID)]);
      expect(cloned(stderr)).toEqual([stdout.trim()]);
    });
    it('shows it also where that is a child of the first, in a pid namespace', async () => {
      const { stdout, stderr } = await run(['-t@all', '-p', '--trace', ...sh(`${PID}; ${DEPTH}`)]);
      const [pid, depth] = stdout.trim().split('\n');
      expect(depth).toBe('inside');
      expect(cloned(stderr)).toHaveLength(2);
      expect(cloned(stderr)[1]).toBe(pid);
    });
    it('shows the call that failed, and none after it', async () => {
      expect((await run(['-t', String(NOBODY), '-a', '--trace', 'true'])).stderr).toMatch(
        /^clone\(.*\) = \d+\nsetgroups\(0, \[\]\) = 0\npidfd_open\(\d+, 0\) = -1 ESRCH \(.*\)\nns-tool: pidfd_open\(/,
      );
      expect((await run(['-t@all', '-u', '--trace', 'true'], { uid: USER })).stderr).toMatch(
        /\nsetns\(\d+, CLONE_NEWUTS\) = -1 EPERM \(.*\)\nns-tool: setns\(/,
      );
    });
    it('shows it also where the child of the first has made it', async () => {
      expect((await run(['-t@all', '-p', '-W/mnt/missing', '--trace', 'true'])).stderr).toMatch(
        /\nclone\(.*\) = \d+\nchdir\("\/mnt\/missing"\) = -1 ENOENT \(.*\)\nns-tool: chdir\(/,
      );
    });
    it('shows an error that does not matter', async () => {
      expect((await run(['-t@mine', '-G54321', '--trace', 'true'], { uid: USER })).stderr).toMatch(
        /\nsetgroups\(0, \[\]\) = -1 EPERM \(.*\)\nsetresgid\(54321, 54321, 54321\) = 0\n/,
      );
    });
  });
});
