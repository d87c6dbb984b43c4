/** What each demonstration promises, as checks that any version of it can be held against. */
import { expect } from 'vitest';
import { expectUnnoticed } from '../support/checks.ts';
import type { Ended, Observed, Start } from '../support/protocol.ts';
import type { Stand } from '../support/stand.ts';

/** Starts the version that is checked. */
export type Tool = (args: readonly string[]) => Start;

export interface Kind {
  readonly name: 'pid' | 'clone' | 'uts' | 'ipc' | 'net' | 'user' | 'cgroup' | 'time';
  /** Its file in /proc/PID/ns. */
  readonly link: string;
  /** The call that makes the namespace. */
  readonly call: 'clone' | 'unshare' | 'clone3';
  readonly title: string;
  /** A script that asks the kernel, by other means than the tool, for the facts of the namespace it runs in. */
  readonly ask: string;
  /** What it prints for these facts. */
  answer(facts: Facts): string;
  /** What the facts inside are, whatever they are outside. */
  readonly inside: Facts;
}

type Facts = Readonly<Record<string, unknown>>;

const lines = (...items: readonly unknown[]) => items.map((item) => `${item}\n`).join('');

export const kinds: readonly Kind[] = [
  {
    name: 'pid',
    link: 'pid',
    call: 'unshare',
    title: 'PID',
    ask: 'true',
    answer: () => '',
    inside: { pid: 1, parentPid: 0, processes: 1 },
  },
  {
    name: 'clone',
    link: 'pid',
    call: 'clone3',
    title: 'PID',
    ask: 'true',
    answer: () => '',
    inside: { pid: 1, parentPid: 0, processes: 1 },
  },
  {
    name: 'uts',
    link: 'uts',
    call: 'clone',
    title: 'UTS',
    ask: 'hostname',
    answer: ({ hostName }) => lines(hostName),
    inside: { hostName: 'ns-tool' },
  },
  {
    name: 'ipc',
    link: 'ipc',
    call: 'clone',
    title: 'IPC',
    ask: 'for what in -q -s -m; do ipcs $what | grep -c ^0x; done; true',
    answer: ({ messageQueues, semaphoreSets, sharedMemorySegments }) =>
      lines(messageQueues, semaphoreSets, sharedMemorySegments),
    inside: { messageQueues: 0, semaphoreSets: 0, sharedMemorySegments: 0 },
  },
  {
    name: 'net',
    link: 'net',
    call: 'clone',
    title: 'Network',
    ask: 'awk \'NR > 2 { sub(/:.*/, ""); print $1 }\' /proc/net/dev',
    answer: ({ interfaces }) => lines(...(interfaces as string[])),
    inside: { interfaces: ['lo'], addresses: [] },
  },
  {
    name: 'user',
    link: 'user',
    call: 'clone',
    title: 'User',
    ask: 'id -u; id -g; tr -s " " < /proc/self/uid_map | cut -c 2-',
    answer: ({ userId, groupId, uidMap }) => lines(userId, groupId, uidMap),
    inside: { userId: 0, groupId: 0 },
  },
  {
    name: 'cgroup',
    link: 'cgroup',
    call: 'clone',
    title: 'Cgroup',
    ask: 'cat /proc/self/cgroup',
    answer: ({ paths }) => lines(...(paths as string[])),
    inside: {},
  },
  {
    name: 'time',
    link: 'time',
    call: 'unshare',
    title: 'Time',
    ask: "awk '{ print $2 }' /proc/self/timens_offsets; awk '{ print int($1 / 86400) }' /proc/uptime",
    answer: ({ monotonicOffset, boottimeOffset, daysUp }) => lines(monotonicOffset, boottimeOffset, daysUp),
    inside: { monotonicOffset: 86_400_000, boottimeOffset: 86_400_000 },
  },
];

const LIST = 'cd /proc/self/ns; for n in *; do echo "$n $(readlink $n)"; done';
const END_OF_LIST = 'end of list';

/** The ids of a process's namespaces, by type, as readlink(1) prints them. */
function idsIn(list: string): Record<string, number> {
  return Object.fromEntries([...list.matchAll(/^(\S+) \w+:\[(\d+)\]$/gm)].map(([, type, id]) => [type, Number(id)]));
}

/** Runs the demonstration with a command inside that asks the kernel the same, and compares. */
export async function checkFacts(stand: Stand, kind: Kind, tool: Tool, made: readonly string[]): Promise<void> {
  const ask = `(${LIST}); echo ${END_OF_LIST}; ${kind.ask}`;
  const before = await stand.shell(LIST);
  const run = await stand.run(tool(['--json', '--', 'sh', '-c', `${ask}; echo pid $$`]));
  expect(run.stderr).toContain(END_OF_LIST);
  expect(run.status).toBe(0);
  const document = JSON.parse(run.stdout);
  const [list = '', answer = ''] = run.stderr.split(`${END_OF_LIST}\n`);

  const outside = idsIn(before);
  const inside = idsIn(list);
  expect(document.kind).toBe(kind.name);
  expect(document.namespace).toEqual({ outside: outside[kind.link], inside: inside[kind.link] });
  expect(inside[kind.link], 'the namespace is the one outside').not.toBe(outside[kind.link]);
  const differ = Object.keys(inside).filter((type) => inside[type] !== outside[type]);
  expect(differ, 'the kinds of namespace that are new').toEqual(made.toSorted());

  expect(document.inside).toMatchObject(kind.inside);
  expect(answer.replace(/pid .*\n$/, ''), 'what the kernel says inside').toBe(kind.answer(document.inside));
  if (kind.link === 'pid') expect(answer).toBe('pid 1\n');
  expect(document.outsideUnchanged).toBe(true);
  expectNothingChanged(run, before, await stand.shell(LIST));
}

function expectNothingChanged(run: Observed & Ended, before: string, after: string): void {
  expect(after).toBe(before);
  expectUnnoticed(run);
}

/** The types in /proc/PID/ns that a demonstration makes. */
export function namespacesMade({ link }: Kind, user: boolean): string[] {
  const own = { pid: ['pid', 'pid_for_children', 'mnt'], time: ['time', 'time_for_children'] }[link] ?? [link];
  return [...own, ...(user ? ['user'] : [])];
}
