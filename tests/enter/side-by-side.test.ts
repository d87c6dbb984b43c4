/**
 * `ns-tool enter` beside nsenter(1) of util-linux: the same words, the same output, the same status.
 *
 * Each row also says what is to be seen, so that none can pass because both fail. A word with `@NAME` means the pid of that
 * resident: a process of the stand with namespaces, a root or a working directory of its own.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { NAMESPACE_KINDS, type NamespaceKind, namespaceFile } from '@ns-tool/syscalls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectUnnoticed } from '../support/checks.ts';
import { needsRoot } from '../support/privilege.ts';
import type { Ended, Observed, Start } from '../support/protocol.ts';
import { type Expected, expectOutcome } from '../support/side-by-side.ts';
import { Stand } from '../support/stand.ts';
import {
  ALL,
  ALL_BUT_USER,
  DEPTH,
  endResidents,
  IDS,
  NOBODY,
  of,
  type Residents,
  sh,
  startResidents,
  USER,
  WHERE,
  withPids,
} from './residents.ts';

/** A failure is 1 for nsenter(1) and 125 for ns-tool; wrong words are 1 there, and 2 here. */
interface Row extends Expected {
  readonly args: readonly string[];
  /** As an ordinary user; root if left out. */
  readonly uid?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** A command to start both with, which becomes it. */
  readonly through?: readonly string[];
  /** What util-linux does otherwise, or its version on this machine does not do yet. */
  readonly alone?: string;
}

const LETTERS: Readonly<Record<NamespaceKind, string>> = {
  mount: 'm',
  uts: 'u',
  ipc: 'i',
  net: 'n',
  pid: 'p',
  user: 'U',
  cgroup: 'C',
  time: 'T',
};
/** Rows for each kind. */
function ofEachKind(row: (kind: NamespaceKind, letter: string, file: string) => readonly string[]): readonly Row[] {
  return NAMESPACE_KINDS.map((kind) => {
    const file = namespaceFile(kind);
    return { args: [...row(kind, LETTERS[kind], file), ...sh(WHERE)], stdout: of('mapped', file) };
  });
}

const GROUPS = ['setpriv', '--groups', '5,6'];

const rows: Readonly<Record<string, readonly Row[]>> = {
  'a namespace of the target': [
    ...ofEachKind((_, letter) => ['-t', '@mapped', `-${letter}`]),
    ...ofEachKind((kind) => ['--target', '@mapped', `--${kind}`]),
  ],
  'a namespace of a file': [
    ...ofEachKind((_, letter, file) => [`-${letter}/proc/@mapped/ns/${file}`]),
    ...ofEachKind((kind, _, file) => [`--${kind}=/proc/@mapped/ns/${file}`]),
    { args: ['--uts=/kept/uts', ...sh(WHERE)], stdout: of('all', 'uts') },
    { args: ['-u/kept/uts', 'uname', '-n'], stdout: 'of-all\n' },
  ],
  'several namespaces': [
    { args: ['-at', '@all', ...sh(WHERE)], stdout: of('all', ...ALL_BUT_USER) },
    { args: ['--all', '--target=@mapped', ...sh(WHERE)], stdout: of('mapped', ...ALL) },
    { args: ['-t@mine', '-a', ...sh(WHERE)], stdout: '' },
    { args: ['-t@partly', '-a', ...sh(WHERE)], stdout: of('partly', 'mnt', 'user') },
    { args: ['-t@all', '-u', '-i', '--net', ...sh(WHERE)], stdout: of('all', 'ipc', 'net', 'uts') },
    { args: ['-t@all', '-a', '--uts=/proc/@mapped/ns/uts', ...sh(WHERE)], stdout: allBut('uts') },
    { args: ['-t@all', '-n/proc/@own/ns/net', '-a', ...sh(WHERE)], stdout: allBut('net', 'own') },
    { args: ['-t@all', '-u', '-i/proc/@mapped/ns/ipc', ...sh(WHERE)], stdout: 'ipc of mapped\nuts of all\n' },
    {
      args: ['-U/proc/@mapped/ns/user', '-n/proc/@all/ns/net', '-t@own', '-u', ...sh(WHERE)],
      stdout: 'net of all\nuser of mapped\nuts of own\n',
    },
    { args: ['-t@free', '-U', '-u/proc/@all/ns/uts', ...sh(WHERE)], stdout: 'user of free\nuts of all\n' },
    { args: ['-t@all', ...sh(WHERE)], stdout: '' },
  ],
  'what is seen in them': [
    { args: ['-t@all', '-u', 'uname', '-n'], stdout: 'of-all\n' },
    { args: ['-t@all', '-m', 'ls', '/mnt/existing'], stdout: 'theirs\n' },
    { args: ['-t@all', '-n', ...sh('sed "1,2d; s/:.*//; s/ //g" /proc/net/dev')], stdout: 'lo\n' },
    {
      args: ['-t@all', '-T', ...sh("tr -s ' ' < /proc/self/timens_offsets")],
      stdout: 'monotonic 0 0\nboottime 86400000 0\n',
    },
    { args: ['-t@all', '-T', 'awk', '{ print ($1 > 31536000) }', '/proc/uptime'], stdout: '1\n' },
    { args: ['-t@own', '-U', ...sh('cat /proc/self/uid_map | tr -s " "')], stdout: ` 0 ${USER} 1\n` },
    { args: ['-t@all', '-C', 'tail', '-n1', '/proc/self/cgroup'], stdout: /:\/\n$/ },
    { args: ['-t@proc', '-p', '-m', 'cat', '/proc/1/comm'], stdout: 'sleep\n' },
    { args: ['-t@proc', '-m', 'readlink', '/proc/self'], stdout: '', status: 1 },
    { args: ['-t@proc', '-m', '--pid', ...sh('[ $$ -gt 1 ] && [ -d /proc/$$ ] && echo seen')], stdout: 'seen\n' },
  ],
  'the pid namespace': [
    { args: ['-t@all', '-p', ...sh(DEPTH)], stdout: 'inside\n' },
    { args: ['-t@all', '-u', ...sh(DEPTH)], stdout: 'outside\n' },
    { args: ['-t@all', '-p', '-F', ...sh(DEPTH)], stdout: 'outside\n' },
    { args: ['-Ft@all', '-p', ...sh(WHERE)], stdout: of('all', 'pid') },
    { args: ['-aFt@all', ...sh(DEPTH)], stdout: 'outside\n' },
    { args: ['--no-fork', '--pid=/proc/@all/ns/pid', ...sh(DEPTH)], stdout: 'outside\n' },
    { args: ['--no-fork', '--pid=/proc/@all/ns/pid', '-u/kept/uts', ...sh(WHERE)], stdout: of('all', 'pid', 'uts') },
    { args: ['-F', '-t@all', '-u', 'uname', '-n'], stdout: 'of-all\n' },
    { args: ['-at@mapped', '-F', ...sh(WHERE)], stdout: of('mapped', ...ALL) },
    // The pid namespace is the stand's, over which the user namespace has no power.
    { args: ['-t@free', '-U', '-p', '-F', ...sh(WHERE)], stdout: of('free', 'user') },
    { args: ['-t@free', '-U', '-p', ...sh(WHERE)], stdout: of('free', 'user') },
    {
      args: ['-t@own', '-U', '-p', '-F', '--preserve-credentials', ...sh(`${DEPTH}; ${WHERE}`)],
      uid: USER,
      stdout: `outside\n${of('own', 'pid', 'user')}`,
    },
    { args: ['-p/proc/@mine/ns/pid', 'true'], through: ['unshare', '-pf'], stdout: '', status: 'fails' },
    { args: ['-t@all', '-p', ...sh('kill -TERM $$')], stdout: '', status: 128 + 15 },
    { args: ['-t@all', '-p', ...sh('kill -KILL $$')], stdout: '', status: 128 + 9 },
    { args: ['-t@all', '-p', ...sh('exit 5')], stdout: '', status: 5 },
  ],
  'root and working directory': [
    { args: ['-t@rooted', '-r', 'ls', '/'], stdout: 'bin\nlib\nlib64\nusr\n' },
    { args: ['--target', '@rooted', '--root', 'ls', '/'], stdout: 'bin\nlib\nlib64\nusr\n' },
    { args: ['-r/small-root', 'ls', '/'], stdout: 'bin\nlib\nlib64\nusr\n' },
    { args: ['--root=/small-root', 'ls', '/'], stdout: 'bin\nlib\nlib64\nusr\n' },
    // The working directory stays where it was, which is out of the new root.
    { args: ['-t@rooted', '-r', 'ls', '-d', 'checkout', 'small-root'], stdout: 'checkout\nsmall-root\n' },
    { args: ['-t@rooted', '-r', '-w', 'pwd'], stdout: '/usr\n' },
    { args: ['-t@rooted', '-r', '-w/small-root/usr/bin', 'pwd'], stdout: '/usr/bin\n' },
    { args: ['-t@mine', '-w', 'pwd'], stdout: '/mnt/neighbour\n' },
    { args: ['--target=@mine', '--wd', 'cat', 'file'], stdout: 'still here' },
    { args: ['-w/mnt/existing', 'cat', 'file'], stdout: 'was here before' },
    { args: ['--wd=/mnt/neighbour', 'pwd'], stdout: '/mnt/neighbour\n' },
    { args: ['-wmnt/neighbour', 'pwd'], stdout: '/mnt/neighbour\n' },
    { args: ['-t@mine', '-w', 'pwd'], uid: USER, stdout: '/mnt/neighbour\n' },
    // Which a user may go through, but not read.
    { args: ['-w/mnt/existing', 'pwd'], uid: USER, stdout: '', status: 'fails' },
    // --wd leads out, --wdns in.
    { args: ['-t@all', '-m', '-w/mnt/existing', 'cat', 'file'], stdout: 'was here before' },
    { args: ['-t@all', '-m', '--wdns=/mnt/existing', 'ls'], stdout: 'theirs\n' },
    { args: ['-t@all', '-m', '-W/mnt/existing', 'pwd'], stdout: '/mnt/existing\n' },
    { args: ['-t@all', '-m', '-w', 'pwd'], stdout: /\/usr\/lib\n$/ },
    { args: ['-t@all', '-m', 'pwd'], stdout: '/\n' },
    { args: ['-W/usr/bin', 'pwd'], stdout: '/usr/bin\n' },
    { args: ['-t@rooted', '-r', '-W/usr/bin', 'pwd'], stdout: '/usr/bin\n' },
    { args: ['-r/small-root', '--wdns=usr/bin', 'pwd'], stdout: '/usr/bin\n' },
    { args: ['-t@rooted', '-r', '--wdns=/mnt', 'pwd'], stdout: '', status: 'fails' },
    { args: ['-t@boxed', '-m', '-r', 'ls', '/'], stdout: 'bin\nlib\nlib64\nusr\n' },
    { args: ['-t@boxed', '-m', '-r', '-w', 'pwd'], stdout: '/usr\n' },
    { args: ['-t@boxed', '-m', 'ls', '-d', '/checkout', '/small-root'], stdout: '/checkout\n/small-root\n' },
    { args: ['-t@boxed', '-m', '-r/small-root/usr/share', 'ls'], stdout: '', status: 127 },
    { args: ['-r/small-root', '/programs/greet'], stdout: '', status: 127 },
    { args: ['-r/mnt/missing', 'true'], stdout: '', status: 'fails' },
    { args: ['--root=/mnt/existing/file', 'true'], stdout: '', status: 'fails' },
    { args: ['-w/mnt/missing', 'true'], stdout: '', status: 'fails' },
    { args: ['--wd=/mnt/existing/file', 'true'], stdout: '', status: 'fails' },
    { args: ['-W/mnt/missing', 'true'], stdout: '', status: 'fails' },
    { args: ['-w/mnt', '-W/usr', 'pwd'], stdout: '', status: 'misused' },
    { args: ['--wdns=/usr', '-t@mine', '--wd', 'pwd'], stdout: '', status: 'misused' },
    {
      args: ['-W', '/usr/bin', 'pwd'],
      stdout: '/usr/bin\n',
      alone: 'there the argument is optional, so that /usr/bin is the command, against its own --help',
    },
    { args: ['--wdns', '/usr/bin', 'pwd'], stdout: '/usr/bin\n', alone: 'likewise' },
    { args: ['-t@mine', '-W'], stdout: '', status: 'misused', alone: 'likewise: there it starts a shell' },
    { args: ['-r/small-root', 'true'], uid: USER, stdout: '', status: 'fails' },
    { args: ['-t@mine', '-r', 'true'], uid: USER, stdout: '', status: 'fails' },
    { args: ['-t@rooted', '-r', 'true'], uid: USER, stdout: '', status: 'fails' },
    { args: ['-t@rooted', '-w', 'true'], uid: USER, stdout: '', status: 'fails' },
  ],
  'users and groups': [
    { args: ['-t@free', '-U', ...sh(IDS)], stdout: '0\n0\n0\n' },
    { args: ['-t@mapped', '--user', ...sh(IDS)], through: GROUPS, stdout: '0\n0\n0\n' },
    { args: ['-t@own', '-U', ...sh(IDS)], through: GROUPS, stdout: '0\n0\n0\n' },
    { args: ['-t@free', '-U', '-S', '5', '-G', '6', ...sh(IDS)], stdout: '5\n6\n6\n' },
    { args: ['-U/proc/@free/ns/user', ...sh(IDS)], stdout: '0\n0\n0\n' },
    { args: ['-t@free', '-U', '--setuid=5', ...sh(IDS)], stdout: '5\n0\n0\n' },
    { args: ['-t@free', '-U', '--setgid', '6', ...sh(IDS)], through: GROUPS, stdout: '0\n6\n6\n' },
    { args: ['-t@free', '-U', '--preserve-credentials', ...sh(IDS)], stdout: '65534\n65534\n65534\n' },
    {
      args: ['-t@mapped', '-U', '--preserve-credentials', ...sh(IDS)],
      through: GROUPS,
      stdout: '0\n0\n0 65534\n',
    },
    { args: ['-t@free', '-U', '--preserve-credentials', '-S7', ...sh(IDS)], stdout: '7\n65534\n65534\n' },
    { args: ['-t@free', '-U', '--preserve-credentials', '-G7', ...sh(IDS)], stdout: '65534\n7\n7\n' },
    { args: ['-t@mine', '-S', '54321', ...sh(IDS)], through: GROUPS, stdout: '54321\n0\n0 5 6\n' },
    { args: ['-t@mine', '-G', '54322', ...sh(IDS)], through: GROUPS, stdout: '0\n54322\n54322\n' },
    { args: ['-t@all', '-u', '-S54321', '-G54322', ...sh(IDS)], through: GROUPS, stdout: '54321\n54322\n54322\n' },
    { args: ['-t@mine', '--preserve-credentials', '-u', ...sh(IDS)], through: GROUPS, stdout: '0\n0\n0 5 6\n' },
    { args: ['-t@mine', '-S54321', ...sh(IDS)], uid: USER, stdout: `${USER}\n${USER}\n${USER}\n` },
    { args: ['-t@mine', '-G54321', ...sh(IDS)], uid: USER, stdout: `${USER}\n${USER}\n${USER}\n` },
    { args: ['-t@mine', '-S5', 'true'], uid: USER, stdout: '', status: 'fails' },
    { args: ['-t@mine', '-G5', 'true'], uid: USER, stdout: '', status: 'fails' },
    { args: ['-t@mapped', '-U', '-S5', 'true'], stdout: '', status: 'fails' },
    { args: ['-t@mapped', '-U', '-G5', 'true'], stdout: '', status: 'fails' },
    { args: ['-t@mine', '-S', 'nobody', 'true'], stdout: '', status: 'misused' },
    { args: ['-t@mine', '-G', '', 'true'], stdout: '', status: 'misused' },
  ],
  'an ordinary user': [
    // The user namespace denies setgroups(2), which nsenter(1) insists on.
    { args: ['-t@own', '-U', 'true'], uid: USER, stdout: '', status: 'fails' },
    { args: ['-t@own', '-U', '--preserve-credentials', ...sh(IDS)], uid: USER, stdout: '0\n0\n0\n' },
    { args: ['-t@own', '-U', '--preserve-credentials', ...sh(WHERE)], uid: USER, stdout: of('own', 'user') },
    { args: ['-t@own', '-a', '--preserve-credentials', ...sh(WHERE)], uid: USER, stdout: of('own', ...ALL) },
    {
      args: ['-t@own', '-U', '-m', '-u', '--preserve-credentials', ...sh(`uname -n; ${WHERE}`)],
      uid: USER,
      stdout: `of-own\n${of('own', 'mnt', 'user', 'uts')}`,
    },
    {
      args: ['-t@own', '-U', '-m', '-r', '-w', '--preserve-credentials', 'pwd'],
      uid: USER,
      stdout: /\/usr\/bin\n$/,
    },
    { args: ['-t@own', '-U', '-p', '--preserve-credentials', ...sh(DEPTH)], uid: USER, stdout: 'inside\n' },
    {
      args: ['-u/proc/@own/ns/uts', '-U/proc/@own/ns/user', '--preserve-credentials', 'uname', '-n'],
      uid: USER,
      stdout: 'of-own\n',
    },
    {
      args: ['-t@own', '-U', '-n/proc/@own/ns/net', '--preserve-credentials', ...sh(WHERE)],
      uid: USER,
      stdout: of('own', 'net', 'user'),
    },
    {
      args: ['-U/proc/@own/ns/user', '-t@own', '-i', '--preserve-credentials', ...sh(WHERE)],
      uid: USER,
      stdout: of('own', 'ipc', 'user'),
    },
    // All means all, also those that are the host's.
    { args: ['-t@partly', '-a', '--preserve-credentials', 'true'], uid: USER, stdout: '', status: 'fails' },
    {
      args: ['-t@partly', '-U', '-m', '--preserve-credentials', ...sh(WHERE)],
      uid: USER,
      stdout: of('partly', 'mnt', 'user'),
    },
    { args: ['-t@own', '-u', 'true'], uid: USER, stdout: '', status: 'fails' },
    { args: ['-t@all', '-n', 'true'], uid: USER, stdout: '', status: 'fails' },
    { args: ['-t@all', '-a', 'true'], uid: USER, stdout: '', status: 'fails' },
    { args: ['-t@mapped', '-U', '--preserve-credentials', 'true'], uid: USER, stdout: '', status: 'fails' },
    { args: ['-u/kept/uts', 'true'], uid: USER, stdout: '', status: 'fails' },
    { args: ['-t@mine', '-u', 'true'], uid: USER, stdout: '', status: 'fails' },
    { args: ['-t@mine', '-U', 'true'], uid: USER, stdout: '', status: 'fails' },
    { args: ['-t@mine', ...sh(IDS)], uid: USER, stdout: `${USER}\n${USER}\n${USER}\n` },
  ],
  'root without a capability': [
    { args: ['-t@all', '-u', 'true'], through: without('sys_admin'), stdout: '', status: 'fails' },
    { args: ['-t@own', '-U', '-u', 'uname', '-n'], through: without('setgid'), stdout: '', status: 'fails' },
    {
      args: ['-t@own', '-U', '-u', '--preserve-credentials', 'uname', '-n'],
      through: without('setgid'),
      stdout: 'of-own\n',
    },
    { args: ['-t@free', '-U', ...sh(IDS)], through: without('setgid'), stdout: '0\n0\n0\n' },
    { args: ['-t@mine', '-r', 'true'], through: without('sys_chroot'), stdout: '', status: 'fails' },
  ],
  'the command and its status': [
    { args: ['-t@all', '-u', 'false'], stdout: '', status: 1 },
    { args: ['-t@all', '-u', ...sh('exit 3')], stdout: '', status: 3 },
    { args: ['-t@all', '-u', ...sh('kill -HUP $$')], stdout: '', status: 128 + 1 },
    { args: ['-t@all', '-u', 'no-such-command'], stdout: '', status: 127 },
    { args: ['-t@all', '-p', '/mnt/no/such/command'], stdout: '', status: 127 },
    { args: ['-t@all', '-u', '/mnt/existing/file'], stdout: '', status: 126 },
    { args: ['-t@all', '-a', '/mnt/existing'], stdout: '', status: 126 },
    { args: ['-t@all', '-m', 'cat', '/mnt/existing/file'], stdout: '', status: 1 },
    { args: ['-t@all', '-u'], env: { SHELL: '/bin/false' }, stdout: '', status: 1 },
    { args: ['-t@own', '-U'], env: { SHELL: '/usr/bin/whoami' }, stdout: 'root\n' },
    { args: ['-t@all', '-u'], stdout: '' },
    { args: ['-t@all', '-u', '--'], env: { SHELL: '/bin/false' }, stdout: '', status: 1 },
    { args: ['-t@all', '-u'], env: { SHELL: '/mnt/missing' }, stdout: '', status: 127 },
    {
      args: ['-t@all', '-u', ...sh('echo here; kill -KILL $PPID; sleep 1; echo survived')],
      stdout: 'here\n',
      status: 128 + 9,
      alone: 'there the command is the process itself, so that its parent is the one that started it',
    },
  ],
  'the words of the command line': [
    { args: ['-t@all', '-u', '--', 'uname', '-n'], stdout: 'of-all\n' },
    { args: ['-t@all', '-u', ...sh('echo "$@"', '-m', '--help', '--', '')], stdout: '-m --help -- \n' },
    { args: ['-t@all', '-u', '--', '--', 'true'], stdout: '', status: 127 },
    { args: ['-t@all', '-u', '-', 'true'], stdout: '', status: 127 },
    { args: ['-t@all', 'uname', '-u'], stdout: '', status: 1 },
    { args: ['--targ', '@all', '--ut', 'uname', '-n'], stdout: 'of-all\n' },
    { args: ['--ta=@all', '--mo', '--i', '--c', ...sh(WHERE)], stdout: of('all', 'cgroup', 'ipc', 'mnt') },
    { args: ['--al', '--targe=@all', '--no', ...sh(WHERE)], stdout: of('all', ...ALL_BUT_USER) },
    { args: ['-t@own', '--us', '--pr', 'id', '-u'], uid: USER, stdout: '0\n' },
    { args: ['-t@rooted', '--r', '--wdn=/usr', 'pwd'], stdout: '/usr\n' },
    { args: ['-t@mine', '--wd', 'pwd'], stdout: '/mnt/neighbour\n' },
    { args: ['-t@mine', '-t@all', '-u', 'uname', '-n'], stdout: 'of-all\n' },
    { args: ['-t@all', '-uiiu', 'true'], stdout: '', status: 'fails' },
    { args: ['-ut@all', 'uname', '-n'], stdout: '', status: 'fails' },
    { args: ['-t@all', '-m', '/proc/@mapped/ns/mnt'], stdout: '', status: 126 },
    { args: ['-t@all', '-u/kept/uts', '-u/proc/@mapped/ns/uts', 'uname', '-n'], stdout: 'of-mapped\n' },
    {
      args: ['-t@all', '-u', '-u/proc/@mapped/ns/uts', 'uname', '-n'],
      stdout: 'of-mapped\n',
      alone: 'in 2.38 the option without a file counts, wherever it stands; since 2.41 that with one',
    },
    {
      args: ['-t@all', '--uts=', 'uname', '-n'],
      stdout: 'of-all\n',
      alone: 'there an empty argument is a file, which does not exist',
    },
    { args: ['-u=/kept/uts', 'true'], stdout: '', status: 'fails' },
    { args: ['-w=/mnt', 'true'], stdout: '', status: 'fails' },
    { args: ['--w=/mnt', 'true'], stdout: '', status: 'misused' },
    { args: ['-t@all', '--n', 'true'], stdout: '', status: 'misused' },
    { args: ['-t@all', '--u', 'true'], stdout: '', status: 'misused' },
    { args: ['-t@all', '--set', '0', 'true'], stdout: '', status: 'misused' },
    { args: ['-t@all', '--all=1', 'true'], stdout: '', status: 'misused' },
    { args: ['-t@all', '--no-fork=', 'true'], stdout: '', status: 'misused' },
    { args: ['-t@all', '--mounts', 'true'], stdout: '', status: 'misused' },
    { args: ['-t@all', '-aq', 'true'], stdout: '', status: 'misused' },
    { args: ['-t'], stdout: '', status: 'misused' },
    { args: ['-u', '--target'], stdout: '', status: 'misused' },
    { args: ['-t@all', '-S'], stdout: '', status: 'misused' },
  ],
  'targets that there are not': [
    { args: ['-m', 'true'], stdout: '', status: 'misused' },
    { args: ['--user', 'true'], stdout: '', status: 'misused' },
    { args: ['-a', 'true'], stdout: '', status: 'misused' },
    { args: ['-r', 'true'], stdout: '', status: 'misused' },
    { args: ['-w', 'true'], stdout: '', status: 'misused' },
    { args: ['-u/kept/uts', '-n', 'true'], stdout: '', status: 'misused' },
    { args: ['-t0', '-u', 'true'], stdout: '', status: 'misused' },
    { args: ['-t', '-1', '-u', 'true'], stdout: '', status: 'misused' },
    { args: ['-t', '1e3', '-u', 'true'], stdout: '', status: 'misused' },
    { args: ['-t', '', '-u', 'true'], stdout: '', status: 'misused' },
    { args: ['-t99999999999', '-u', 'true'], stdout: '', status: 'misused' },
    { args: ['-tsleep', '-u', 'true'], stdout: '', status: 'misused' },
    { args: ['-t', String(NOBODY), '-u', 'true'], stdout: '', status: 'fails' },
    { args: ['-t', String(NOBODY), '-a', 'true'], stdout: '', status: 'fails' },
    { args: ['-t', String(NOBODY), '-r', 'true'], stdout: '', status: 'fails' },
    { args: ['-t', String(NOBODY), '-w', 'true'], uid: USER, stdout: '', status: 'fails' },
    { args: ['--net=/mnt/missing', 'true'], stdout: '', status: 'fails' },
    { args: [`-n/proc/${NOBODY}/ns/net`, 'true'], stdout: '', status: 'fails' },
    { args: ['--net=/proc/@all/ns/uts', 'true'], stdout: '', status: 'fails' },
    { args: ['-m/proc/@mapped/ns/user', 'true'], stdout: '', status: 'fails' },
    { args: ['--uts=/mnt/existing/file', 'true'], stdout: '', status: 'fails' },
    { args: ['--uts=/mnt/existing', 'true'], stdout: '', status: 'fails' },
    { args: ['-t@mine', '-U', 'true'], stdout: '', status: 'fails' },
    { args: ['true'], stdout: '', status: 'fails', alone: 'the name of a process, which is not in nsenter(1)' },
    {
      args: [],
      stdout: '',
      status: 'misused',
      alone: 'in 2.38 it runs the command where it is; since 2.41 it fails: no namespace specified',
    },
    { args: ['--', 'true'], stdout: '', status: 'misused', alone: 'likewise' },
    { args: ['-S5', '-F', '--preserve-credentials', 'true'], stdout: '', status: 'misused', alone: 'likewise' },
  ],
  'the environment of the target': (
    [
      [['-t@env', '-e', '/usr/bin/env'], 'A=1\nTWO=x y=z\nPATH=/usr/bin:/programs\n'],
      [['-t@env', '--env', 'greet'], 'hello\n'],
      [['-t@env', '-u', '--en', '/bin/sh', '-c', 'echo "$TWO"'], 'x y=z\n'],
      [['-u/kept/uts', '-t', '@env', '-e', 'uname', '-n'], 'of-all\n'],
      [['-u/kept/uts', '--env', 'true'], '', 'misused'],
      [['-t', String(NOBODY), '--env', 'true'], '', 'fails'],
      [['-t@env', '--env', 'true'], '', 'fails', USER],
    ] as const
  ).map(([args, stdout, status, uid]) => ({
    args,
    stdout,
    ...(status !== undefined && { status }),
    ...(uid !== undefined && { uid }),
    alone: '--env came with util-linux 2.39',
  })),
};

/** What `WHERE` prints in all namespaces of `all`, but for one of another resident. */
function allBut(other: string, name = 'mapped'): string {
  return ALL_BUT_USER.map((kind) => of(kind === other ? name : 'all', kind)).join('');
}

/** Root without one of its capabilities. */
function without(capability: string): string[] {
  return ['setpriv', `--bounding-set=-${capability}`];
}

/** util-linux in place of ns-tool: `$1` and `$2` are Node and the command. */
const UTIL_LINUX = ['sh', '-c', 'shift 2; exec nsenter "$@"', 'sh'];

const { stdout: version, error: missing } = spawnSync('nsenter', ['--version'], { encoding: 'utf8' });
if (missing !== undefined) console.warn('not compared with nsenter(1) of util-linux, since it is not installed');
const isThere = version?.includes('util-linux') === true;

/** Every process that is started in a row has this in its environment. */
const MARK = `ENTERED_BY=${process.pid}`;

describe.skipIf(needsRoot('ns-tool enter in a parent whose mounts are all shared'))('ns-tool enter', () => {
  let stand: Stand;
  let residents: Residents;
  let hostNamesBefore: string;
  const hostNames = () => stand.shell('uname -n; for pid in $(cat /residents/*); do nsenter -u -t $pid uname -n; done');

  beforeAll(async () => {
    stand = await Stand.make();
    residents = await startResidents(stand);
    hostNamesBefore = await hostNames();
  });
  afterAll(async () => {
    await endResidents(stand);
    await stand.dispose();
  });

  for (const [group, cases] of Object.entries(rows)) {
    describe(group, () => {
      for (const row of cases) {
        it(`${row.uid === undefined ? '' : 'as a user: '}${[...(row.through ?? []), 'enter', ...row.args].join(' ')}`, async () => {
          const args = row.args.map((word) => withPids(word, residents));
          const observed = await run(row, { args: ['enter', ...args] });
          expectOutcome(observed, row, { fails: 125, misused: 2 });
          expectUnnoticed(observed);
          await expectNobodyLeft();

          if (!isThere || row.alone !== undefined) return;
          const theirs = await run(row, { args }, UTIL_LINUX);
          expectOutcome(theirs, row, { fails: 1, misused: 1 });
          if (typeof row.status !== 'string') expect(observed.stdout).toBe(theirs.stdout);
        });
      }
    });
  }

  it('and nothing of the residents has changed', async () => {
    expect(await hostNames()).toBe(hostNamesBefore);
  });

  async function run(
    { uid, env, through = [] }: Row,
    start: Omit<Start, 'program'>,
    instead: readonly string[] = [],
  ): Promise<Ended & Observed> {
    const [name = '', value = ''] = MARK.split('=');
    return await stand.run({
      program: 'ns-tool',
      env: { KNOWN: residents.known, [name]: value, ...env },
      ...(uid !== undefined && { uid }),
      through: [...through, ...instead],
      ...start,
    });
  }
});

/** No process that was started is there any more; one that has just been killed may take a moment. */
async function expectNobodyLeft(): Promise<void> {
  await expect.poll(marked, { interval: 10, timeout: 2000, message: 'processes left behind' }).toEqual([]);
}

function marked(): string[] {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && environmentOf(pid).includes(MARK));
}

function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    return '';
  }
}
