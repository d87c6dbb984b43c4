/**
 * `ns-tool unshare` beside unshare(1) of util-linux: the same words, the same output, the same status.
 *
 * Each row also says what is to be seen, so that none can pass because both fail.
 */
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectUnnoticed } from '../support/checks.ts';
import { needsRoot } from '../support/privilege.ts';
import type { Ended, Observed, Start } from '../support/protocol.ts';
import { type Expected, expectOutcome } from '../support/side-by-side.ts';
import { Stand } from '../support/stand.ts';

/** A failure is 1 for unshare(1) and 125 for ns-tool; wrong words are 1 there, and 2 here. */
interface Row extends Expected {
  readonly args: readonly string[];
  /** As an ordinary user; root if left out. */
  readonly uid?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** What util-linux does otherwise, or its version on this machine does not do yet. */
  readonly alone?: string;
}

const USER = 54321;

/** Prints the kinds of namespace that are not those of the stand. The links are read by the shell's children. */
const NEW_KINDS =
  'for kind in cgroup ipc mnt net pid time user uts; do case " $OUTSIDE " in *" $(readlink /proc/self/ns/$kind) "*) ;; *) echo $kind;; esac; done';

/** Prints the offsets of the clocks, and whether the machine seems to run for more than a year. */
const CLOCKS =
  'tr -s \' \' < /proc/self/timens_offsets; awk \'{ print ($1 > 31536000 ? "old" : "young") }\' /proc/uptime';

/** Prints the optional fields of the root mount, without the numbers of peer groups. */
const PROPAGATION =
  "sed -n 's,^[^ ]* [^ ]* [^ ]* [^ ]* / [^ ]* \\(.*\\)- .*,\\1.,p' /proc/self/mountinfo | sed 's/:[0-9]*//g'";

const sh = (script: string, ...args: string[]) => ['sh', '-c', script, 'sh', ...args];
const map = (inside: number, outside: number, count: number) =>
  `${[inside, outside, count].map((id) => String(id).padStart(10)).join(' ')}\n`;

const SEED_003 = `
cd /practice
mount -t tmpfs tmpfs /mnt/existing && findmnt -n -o FSTYPE /mnt/existing
mkdir -p fakeroot/usr fakeroot/proc fakeroot/old_root
ln -sf usr/bin usr/sbin usr/lib usr/lib64 fakeroot/
mount --rbind /usr fakeroot/usr
(cd fakeroot && pivot_root . old_root) 2>&1
mount --rbind fakeroot fakeroot
cd fakeroot
pivot_root . old_root
PATH=/bin:/sbin:$PATH
umount -l /old_root 2>&1 # needs no /proc in busybox, as the seed has it, but in util-linux
ls /
mount 2>&1
mount -t proc proc /proc 2>&1
id -u
`;

const rows: Readonly<Record<string, readonly Row[]>> = {
  'which namespaces are new': [
    { args: sh(NEW_KINDS), stdout: '' },
    { args: ['--mount', ...sh(NEW_KINDS)], stdout: 'mnt\n' },
    { args: ['-u', ...sh(NEW_KINDS)], stdout: 'uts\n' },
    { args: ['-i', ...sh(NEW_KINDS)], stdout: 'ipc\n' },
    { args: ['-n', ...sh(NEW_KINDS)], stdout: 'net\n' },
    { args: ['-C', ...sh(NEW_KINDS)], stdout: 'cgroup\n' },
    { args: ['-U', ...sh(NEW_KINDS)], stdout: 'user\n' },
    { args: ['-pf', ...sh(NEW_KINDS)], stdout: 'pid\n' },
    { args: ['-f', ...sh(NEW_KINDS)], stdout: '' },
    { args: ['-mu', '--ipc', '--net', ...sh(NEW_KINDS)], stdout: 'ipc\nmnt\nnet\nuts\n' },
    { args: ['-muinpUCf', ...sh(NEW_KINDS)], stdout: 'cgroup\nipc\nmnt\nnet\npid\nuser\nuts\n' },
    { args: ['-U', ...sh(NEW_KINDS)], uid: USER, stdout: 'user\n' },
    { args: ['-Urm', ...sh(NEW_KINDS)], uid: USER, stdout: 'mnt\nuser\n' },
    { args: ['-muinpUCf', ...sh(NEW_KINDS)], uid: USER, stdout: 'cgroup\nipc\nmnt\nnet\npid\nuser\nuts\n' },
    { args: ['--mount', 'true'], uid: USER, stdout: '', status: 'fails' },
    { args: ['-n', 'true'], uid: USER, stdout: '', status: 'fails' },
  ],
  'the pid namespace': [
    { args: ['-p', ...sh('[ $$ -ne 1 ] && echo outside')], stdout: 'outside\n' },
    { args: ['-p', ...sh("sh -c 'echo $$'; sh -c 'echo $$'; true")], stdout: '1\n', status: 2 },
    { args: ['-pf', ...sh('echo $$')], stdout: '1\n' },
    { args: ['--pid', '--fork', ...sh("sh -c 'echo $$'; true")], stdout: '2\n' },
    { args: ['-Urpf', ...sh('echo $$')], uid: USER, stdout: '1\n' },
    { args: ['-Urp', ...sh('[ $$ -ne 1 ] && echo outside')], uid: USER, stdout: 'outside\n' },
    { args: ['-pf', ...sh('kill -TERM $$; echo pid 1 is not ended by it')], stdout: 'pid 1 is not ended by it\n' },
    { args: ['-pf', '--mount-proc', ...sh('echo /proc/[0-9]*')], stdout: '/proc/1\n' },
    { args: ['-pf', '--mount-proc', ...sh(NEW_KINDS)], stdout: 'mnt\npid\n' },
    { args: ['-Urpf', '--mount-proc', ...sh('echo /proc/[0-9]*')], uid: USER, stdout: '/proc/1\n' },
    { args: ['-pf', '--mount-proc=/mnt/existing', 'readlink', '/mnt/existing/self'], stdout: '1\n' },
    { args: ['-pf', '-w', '/mnt', '--mount-proc=existing', 'readlink', '/mnt/existing/self'], stdout: '1\n' },
    { args: ['-pf', '--mount-proc', '--propagation=slave', ...sh('echo /proc/[0-9]*')], stdout: '/proc/1\n' },
    { args: ['-pf', '--mount-proc', '--propagation', 'shared', ...sh('echo /proc/[0-9]*')], stdout: '/proc/1\n' },
    { args: ['-pf', '--mount-proc', '--propagation=unchanged', ...sh('echo /proc/[0-9]*')], stdout: '/proc/1\n' },
    { args: ['-pf', '-R', '/small-root', '--mount-proc', ...sh('echo /proc/[0-9]*')], stdout: '/proc/1\n' },
    { args: ['--mount-proc=/mnt/missing', 'true'], stdout: '', status: 'fails' },
    { args: ['-Ur', '--mount-proc', 'true'], uid: USER, stdout: '', status: 'fails' },
    { args: ['-Urp', '--mount-proc', 'true'], uid: USER, stdout: '', status: 'fails' },
  ],
  'the maps of users and groups': [
    { args: ['-U', ...sh('id -u; id -g; cat /proc/self/uid_map')], stdout: '65534\n65534\n' },
    { args: ['-U', ...sh('id -u; id -g; cat /proc/self/setgroups')], uid: USER, stdout: '65534\n65534\nallow\n' },
    { args: ['-r', ...sh('id -u; id -g; cat /proc/self/setgroups')], uid: USER, stdout: '0\n0\ndeny\n' },
    { args: ['-r', 'cat', '/proc/self/uid_map', '/proc/self/gid_map'], uid: USER, stdout: map(0, USER, 1).repeat(2) },
    { args: ['-r', 'cat', '/proc/self/uid_map', '/proc/self/gid_map'], stdout: map(0, 0, 1).repeat(2) },
    { args: ['--map-root-user', ...sh(NEW_KINDS)], stdout: 'user\n' },
    {
      args: ['-c', ...sh('id -u; id -g; cat /proc/self/uid_map')],
      uid: USER,
      stdout: `${USER}\n${USER}\n${map(USER, USER, 1)}`,
    },
    { args: ['--map-current-user', 'cat', '/proc/self/gid_map'], uid: USER, stdout: map(USER, USER, 1) },
    { args: ['--map-user=7', ...sh('id -u; id -g; cat /proc/self/setgroups')], uid: USER, stdout: '7\n65534\nallow\n' },
    { args: ['--map-group=8', ...sh('id -u; id -g; cat /proc/self/setgroups')], uid: USER, stdout: '65534\n8\ndeny\n' },
    { args: ['--map-user', '7', '--map-group', '8', ...sh('id -u; id -g')], stdout: '7\n8\n' },
    { args: ['-r', '--map-user=7', ...sh('id -u; id -g')], uid: USER, stdout: '7\n0\n' },
    { args: ['-U', '--setgroups=deny', 'cat', '/proc/self/setgroups'], uid: USER, stdout: 'deny\n' },
    { args: ['-U', '--setgroups', 'allow', 'cat', '/proc/self/setgroups'], stdout: 'allow\n' },
    { args: ['-r', '--setgroups=deny', 'cat', '/proc/self/setgroups'], uid: USER, stdout: '', status: 'fails' },
    { args: ['-r', '--setgroups=allow', 'true'], uid: USER, stdout: '', status: 'misused' },
    { args: ['--setgroups=deny', 'true'], stdout: '', status: 'fails' },
    { args: ['-U', '--setgroups=maybe', 'true'], stdout: '', status: 'misused' },
    { args: ['--map-user=nobody-of-that-name', 'true'], stdout: '', status: 'misused' },
    { args: ['--map-users=1000,0', 'true'], stdout: '', status: 'misused' },
  ],
  'maps of ranges, which util-linux has written by newuidmap(1)': (
    [
      [['--map-users=1000,0,10'], 'uid_map', map(0, 1000, 10)],
      [['--map-users', '0:1000:10'], 'uid_map', map(0, 1000, 10)],
      [['--map-groups=1000,5,10'], 'gid_map', map(5, 1000, 10)],
      [['--map-users=1000,0,10', '-r'], 'uid_map', map(0, 0, 1) + map(1, 1000, 9)],
      [['--map-users=1000,1,10', '-c'], 'uid_map', map(0, 0, 1) + map(1, 1000, 10)],
    ] as const
  ).map(([args, file, stdout]) => ({
    args: [...args, 'cat', `/proc/self/${file}`],
    stdout,
    alone: 'needs uidmap, and INNER:OUTER:COUNT needs util-linux 2.39',
  })),
  'the time namespace': [
    { args: ['-T', ...sh(NEW_KINDS)], stdout: 'time\n' },
    { args: ['-UT', ...sh(NEW_KINDS)], uid: USER, stdout: 'time\nuser\n' },
    { args: ['-T', '--boottime', '86400000', ...sh(CLOCKS)], stdout: 'monotonic 0 0\nboottime 86400000 0\nold\n' },
    { args: ['-T', '--monotonic=86400', ...sh(CLOCKS)], stdout: 'monotonic 86400 0\nboottime 0 0\nyoung\n' },
    { args: ['-UrT', '--boottime=86400000', ...sh(CLOCKS)], uid: USER, stdout: /boottime 86400000 0\nold\n/ },
    { args: ['-fT', '--monotonic', '-1', ...sh(CLOCKS)], stdout: 'monotonic -1 0\nboottime 0 0\nyoung\n' },
    { args: ['-fpT', '--boottime', '86400000', ...sh('echo $$')], stdout: '1\n' },
    { args: ['--boottime=1', 'true'], stdout: '', status: 'misused' },
    { args: ['-T', '--boottime=soon', 'true'], stdout: '', status: 'misused' },
    { args: ['-T', 'true'], uid: USER, stdout: '', status: 'fails' },
  ],
  'names of users and groups': [
    { args: ['--map-user=root', ...sh('id -u')], uid: USER, stdout: '0\n' },
    { args: ['--map-group', 'nogroup', ...sh('id -g')], uid: USER, stdout: '65534\n' },
  ],
  propagation: [
    { args: ['-m', ...sh(PROPAGATION)], stdout: '.\n' },
    { args: ['-m', '--propagation=private', ...sh(PROPAGATION)], stdout: '.\n' },
    { args: ['-m', '--propagation', 'shared', ...sh(PROPAGATION)], stdout: 'shared .\n' },
    { args: ['-m', '--propagation=slave', ...sh(PROPAGATION)], stdout: 'master .\n' },
    { args: ['-m', '--propagation=unchanged', ...sh(PROPAGATION)], stdout: 'shared .\n' },
    { args: ['--propagation=slave', ...sh(PROPAGATION)], stdout: 'shared .\n' },
    { args: ['-Urm', ...sh(PROPAGATION)], uid: USER, stdout: '.\n' },
    { args: ['-Urm', '--propagation=unchanged', ...sh(PROPAGATION)], uid: USER, stdout: 'master .\n' },
    { args: ['-Urm', '--propagation=shared', ...sh(PROPAGATION)], uid: USER, stdout: 'shared master .\n' },
    { args: ['-m', '--propagation=public', 'true'], stdout: '', status: 'misused' },
    {
      args: ['-m', ...sh('mount -t tmpfs inside /mnt/existing && ls -A /mnt/existing && echo empty')],
      stdout: 'empty\n',
    },
    {
      args: ['-m', '--propagation=slave', ...sh('mount -t tmpfs inside /mnt/existing && ls /mnt/existing')],
      stdout: '',
    },
  ],
  'root, working directory, user and group': [
    { args: ['-w', '/mnt/existing', 'pwd'], stdout: '/mnt/existing\n' },
    { args: ['--wd=/mnt/existing', 'cat', 'file'], stdout: 'was here before' },
    { args: ['-w', '/mnt/missing', 'pwd'], stdout: '', status: 'fails' },
    { args: ['-R', '/small-root', ...sh('pwd; echo /*')], stdout: '/\n/bin /lib /lib64 /proc /usr\n' },
    { args: ['-R/small-root', '-w', '/usr', 'pwd'], stdout: '/usr\n' },
    { args: ['--root=/small-root', '--wd', '/usr/bin', 'pwd'], stdout: '/usr/bin\n' },
    { args: ['-r', '--root', '/small-root', ...sh('pwd; id -u')], uid: USER, stdout: '/\n0\n' },
    { args: ['-R', '/small-root', 'true'], uid: USER, stdout: '', status: 'fails' },
    { args: ['-R', '/mnt/missing', 'true'], stdout: '', status: 'fails' },
    { args: ['-R', '/small-root', '/mnt/script'], stdout: '', status: 127 },
    { args: ['-S', '54321', '-G', '54322', 'id'], stdout: /^uid=54321.* gid=54322.* groups=54322\D*\n$/ },
    { args: ['-S54321', ...sh('id -u; id -g')], stdout: '54321\n0\n' },
    { args: ['--setgid', '54322', ...sh('id -u; id -G')], stdout: '0\n54322\n' },
    { args: ['-r', '--setuid=0', 'id', '-u'], uid: USER, stdout: '0\n' },
    { args: ['-r', '-S', '5', 'id', '-u'], uid: USER, stdout: '', status: 'fails' },
    { args: ['-r', '-G', '0', 'id', '-u'], uid: USER, stdout: '', status: 'fails' },
    { args: ['-S', 'nobody', 'id', '-u'], stdout: '', status: 'misused' },
    { args: ['-u', ...sh('echo other > /proc/sys/kernel/hostname; uname -n')], stdout: 'other\n' },
    { args: ['-Uru', 'hostname', 'other'], uid: USER, stdout: '' },
    {
      args: ['-n', ...sh('ls /sys/class/net >/dev/null; sed 1,2d /proc/net/dev | sed "s/:.*//; s/ //g"')],
      stdout: 'lo\n',
    },
  ],
  'the command and its status': [
    { args: ['true'], stdout: '' },
    { args: ['-m', 'true'], env: { SHELL: '/bin/false' }, stdout: '' },
    { args: ['-m', 'false'], stdout: '', status: 1 },
    { args: ['-m', ...sh('exit 3')], stdout: '', status: 3 },
    { args: ['-f', ...sh('exit 3')], stdout: '', status: 3 },
    { args: ['no-such-command'], stdout: '', status: 127 },
    { args: ['/mnt/no/such/command'], stdout: '', status: 127 },
    { args: ['/mnt/existing/file'], stdout: '', status: 126 },
    { args: ['/mnt/existing'], stdout: '', status: 126 },
    { args: ['-f', 'no-such-command'], stdout: '', status: 127 },
    { args: sh('kill -TERM $$'), stdout: '', status: 128 + 15 },
    { args: ['-f', ...sh('kill -HUP $$')], stdout: '', status: 128 + 1 },
    {
      args: ['-f', ...sh('kill -KILL $$')],
      stdout: '',
      status: 128 + 9,
      alone: '2.38 ends with 1 there: sigprocmask unblock failed: Invalid argument',
    },
    { args: ['-pf', ...sh("sh -c 'kill -KILL $$'; echo $?")], stdout: '137\n' },
    {
      args: ['-m', '--', ...sh('echo "$@"', '-m', '--help', '--', '--mount-proc', 'x')],
      stdout: '-m --help -- --mount-proc x\n',
    },
    {
      args: ['-m', ...sh('echo "$@"', '-m', '--help', '--', '--mount-proc', '')],
      stdout: '-m --help -- --mount-proc \n',
    },
    { args: ['-m', 'echo', '-n', 'x'], stdout: 'x' },
    { args: ['/mnt/script', 'a', 'b'], stdout: 'script a b\n' },
    { args: [], env: { SHELL: '/bin/false' }, stdout: '', status: 1 },
    { args: ['-r'], env: { SHELL: '/usr/bin/whoami' }, uid: USER, stdout: 'root\n' },
    { args: [], stdout: '' },
    { args: ['-m'], env: { SHELL: '/mnt/missing' }, stdout: '', status: 127 },
    { args: ['--no-such-option'], stdout: '', status: 'misused' },
    { args: ['-Z'], stdout: '', status: 'misused' },
  ],
  'the words of the command line': [
    { args: ['--map-root', 'id', '-u'], uid: USER, stdout: '0\n' },
    { args: ['--map-r', '--us', '--fork', 'id', '-u'], uid: USER, stdout: '0\n' },
    { args: ['-pf', '--mount-p=/mnt/existing', 'readlink', '/mnt/existing/self'], stdout: '1\n' },
    { args: ['--wd=/mnt/existing', '--ip', '--mount', ...sh(NEW_KINDS)], stdout: 'ipc\nmnt\n' },
    { args: ['--w', '/mnt/existing', 'pwd'], stdout: '/mnt/existing\n' },
    { args: ['--map-gr=8', 'true'], stdout: '', status: 'misused' },
    { args: ['--mou', 'true'], stdout: '', status: 'misused' },
    { args: ['--mo', 'true'], stdout: '', status: 'misused' },
    { args: ['--u', 'true'], stdout: '', status: 'misused' },
    { args: ['--map-u=5', 'true'], stdout: '', status: 'misused' },
    { args: ['--map-u', '5', 'true'], stdout: '', status: 'misused' },
    { args: ['--set', '0', 'true'], stdout: '', status: 'misused' },
    { args: ['--=x', 'true'], stdout: '', status: 'misused' },

    { args: ['-w/mnt/existing', 'pwd'], stdout: '/mnt/existing\n' },
    { args: ['-rw/mnt/existing', 'pwd'], uid: USER, stdout: '/mnt/existing\n' },
    { args: ['-fw', '/mnt/existing', '-U', ...sh('pwd; id -u')], stdout: '/mnt/existing\n65534\n' },
    { args: ['-S0', '-G54322', ...sh('id -u; id -g')], stdout: '0\n54322\n' },
    { args: ['-S=0', 'true'], stdout: '', status: 'misused' },
    { args: ['-S', '-m', 'true'], stdout: '', status: 'misused' },
    { args: ['-w', '-m', 'pwd'], stdout: '', status: 'fails' },
    { args: ['-w', '--', 'pwd'], stdout: '', status: 'fails' },
    { args: ['--wd', '--mount', 'pwd'], stdout: '', status: 'fails' },
    { args: ['--wd', '--help', 'pwd'], stdout: '', status: 'fails' },
    { args: ['--wd=', 'pwd'], stdout: '', status: 'fails' },
    { args: ['--wd', '', 'pwd'], stdout: '', status: 'fails' },
    { args: ['-w', '', 'pwd'], stdout: '', status: 'fails' },
    { args: ['--wd="/mnt"', 'pwd'], stdout: '', status: 'fails' },
    { args: ['-w/mnt\n', 'pwd'], stdout: '', status: 'fails' },
    { args: ['--mount-proc="/proc"', 'true'], stdout: '', status: 'fails' },
    { args: ['--mount-proc', '/mnt/existing'], stdout: '', status: 126 },
    { args: ['--kill-child', 'TERM'], stdout: '', status: 127 },

    { args: ['-w/mnt', '-w', '/mnt/existing', 'pwd'], stdout: '/mnt/existing\n' },
    { args: ['--wd=/mnt/missing', '-w/mnt', '--wd', '/mnt/existing', 'pwd'], stdout: '/mnt/existing\n' },
    { args: ['-w/mnt/existing', '-w/mnt', 'pwd'], stdout: '/mnt\n' },
    { args: ['-S7', '--setuid=54321', 'id', '-u'], stdout: '54321\n' },
    { args: ['--map-user=7', '--map-user', '9', 'id', '-u'], uid: USER, stdout: '9\n' },
    { args: ['-m', '--propagation=shared', '--prop', 'private', ...sh(PROPAGATION)], stdout: '.\n' },
    { args: ['-U', '--setgroups=deny', '--setgr=allow', 'cat', '/proc/self/setgroups'], stdout: 'allow\n' },
    { args: ['-mmu', '--uts', '-m', ...sh(NEW_KINDS)], stdout: 'mnt\nuts\n' },

    { args: ['--', ...sh(NEW_KINDS)], stdout: '' },
    { args: ['-u', '--', ...sh(NEW_KINDS)], stdout: 'uts\n' },
    { args: ['-u', '--', '--', 'true'], stdout: '', status: 127 },
    { args: ['-u', '-', '-m'], stdout: '', status: 127 },
    { args: ['-'], stdout: '', status: 127 },
    { args: ['-u', '--'], env: { SHELL: '/bin/false' }, stdout: '', status: 1 },
    { args: ['-u', ...sh('echo "$@"', '-Z', '--nope', '--', '--help')], stdout: '-Z --nope -- --help\n' },

    { args: ['-w'], stdout: '', status: 'misused' },
    { args: ['-mw'], stdout: '', status: 'misused' },
    { args: ['--wd'], stdout: '', status: 'misused' },
    { args: ['-m-', 'true'], stdout: '', status: 'misused' },
    { args: ['-m=x', 'true'], stdout: '', status: 'misused' },
    { args: ['-mu=x', 'true'], stdout: '', status: 'misused' },
    { args: ['-m/mnt/existing/file', 'true'], stdout: '', status: 'misused' },
    { args: ['-mZ', 'true'], stdout: '', status: 'misused' },
    { args: ['-:', 'true'], stdout: '', status: 'misused' },
    { args: ['---mount', 'true'], stdout: '', status: 'misused' },
    { args: ['--Mount', 'true'], stdout: '', status: 'misused' },
    { args: ['--no-mount', 'true'], stdout: '', status: 'misused' },
    { args: ['--m', 'true'], stdout: '', status: 'misused' },
    { args: ['--_=x', 'true'], stdout: '', status: 'misused' },
    { args: ['--fork=1', 'true'], stdout: '', status: 'misused' },
    { args: ['--fork=', 'true'], stdout: '', status: 'misused' },
    { args: ['--help=x', 'true'], stdout: '', status: 'misused' },
    { args: ['--nope', '--help'], stdout: '', status: 'misused' },
  ],
  'the death of the parent': [
    {
      args: ['--kill-child', ...sh('echo here; kill -KILL $PPID; sleep 1; echo survived')],
      stdout: 'here\n',
      status: 128 + 9,
    },
    {
      args: ['-f', '--kill-child=TERM', ...sh(toldOnce())],
      stdout: 'here\ntold\n',
      status: 128 + 9,
    },
    {
      args: ['--kill-child=SIGTERM', ...sh(toldOnce())],
      stdout: 'here\ntold\n',
      status: 128 + 9,
    },
    { args: ['--kill-child', ...sh('exit 4')], stdout: '', status: 4 },
    { args: ['--kill-child=NOSUCH', 'true'], stdout: '', status: 'misused' },
    {
      args: ['-f', ...sh('echo here; kill -KILL $PPID; sleep 1; echo survived')],
      stdout: 'here\n',
      status: 128 + 9,
      alone: 'there the command survives, since only --kill-child asks for its end',
    },
  ],
  'seed 003': [
    {
      args: ['-Urm', ...sh(SEED_003)],
      uid: USER,
      stdout:
        /^tmpfs\npivot_root: .*: Invalid argument\n(umount: .*\n)?bin\nlib\nlib64\nold_root\nproc\nsbin\nusr\nmount: .*mtab.*\nmount: \/proc: permission denied\.\n(.*dmesg.*\n)?0\n$/,
    },
  ],
};

/** A command that kills its parent, and says when it is told. */
function toldOnce(): string {
  return 'trap "echo told; exit" TERM; echo here; kill -KILL $PPID; for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.1; done; echo survived';
}

/** util-linux in place of ns-tool: `$1` and `$2` are Node and the command. */
const UTIL_LINUX = ['sh', '-c', 'shift 2; exec unshare "$@"', 'sh'];

const { stdout: version, error: missing } = spawnSync('unshare', ['--version'], { encoding: 'utf8' });
if (missing !== undefined) console.warn('not compared with unshare(1) of util-linux, since it is not installed');
const isThere = version?.includes('util-linux') === true;

describe.skipIf(needsRoot('ns-tool unshare in a parent whose mounts are all shared'))('ns-tool unshare', () => {
  let stand: Stand;
  let outside: string;
  let hostName: string;

  beforeAll(async () => {
    stand = await Stand.make();
    // Not below /mnt, all of which the stand reads before and after.
    await stand.shell(
      `mkdir -p /small-root/usr /small-root/proc /practice && mount --bind /usr /small-root/usr && chown ${USER} /practice
      ln -s usr/bin usr/lib usr/lib64 /small-root
      printf 'echo script "$@"\\n' > /mnt/script && chmod 755 /mnt/script`,
    );
    hostName = await stand.shell('uname -n');
    outside = (
      await stand.shell('for n in cgroup ipc mnt net pid time user uts; do readlink /proc/self/ns/$n; done')
    ).replaceAll('\n', ' ');
  });
  afterAll(() => stand.dispose());

  for (const [group, cases] of Object.entries(rows)) {
    describe(group, () => {
      for (const row of cases) {
        it(`${row.uid === undefined ? '' : 'as a user: '}unshare ${row.args.join(' ')}`, async () => {
          const observed = await run(row, { args: ['unshare', ...row.args] });
          expectOutcome(observed, row, { fails: 125, misused: 2 });
          expectUnnoticed(observed);
          expect(await stand.shell('uname -n')).toBe(hostName);

          if (!isThere || row.alone !== undefined) return;
          const theirs = await run(row, { args: row.args, through: UTIL_LINUX });
          expectOutcome(theirs, row, { fails: 1, misused: 1 });
          if (typeof row.status !== 'string') expect(observed.stdout).toBe(theirs.stdout);
        });
      }
    });
  }

  async function run(row: Row, start: Omit<Start, 'program'>): Promise<Ended & Observed> {
    const { uid, env } = row;
    return await stand.run({
      program: 'ns-tool',
      env: { OUTSIDE: outside, ...env },
      ...(uid !== undefined && { uid }),
      ...start,
    });
  }
});
