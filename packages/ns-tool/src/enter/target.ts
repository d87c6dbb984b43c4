/** The process that is meant by a pid or a name. */
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { NAMESPACE_KINDS, namespaceFile } from '@ns-tool/syscalls';
import { NotStarted, UsageError } from '../errors.ts';
import { printable } from '../output.ts';
import type { Target } from './enter.ts';

/**
 * The process with a pid, or the one that has this name, other than this one itself. Of several with that name, one will do
 * if they are in the same namespaces, as the workers of a server are.
 *
 * @throws NotStarted if there is none, or if they are in different ones.
 */
export function targetOf(text: string): Target {
  if (/^\d+$/.test(text)) return targetWithPid(text);
  const name = Buffer.from(text).subarray(0, NAME_LENGTH).toString();
  const named = pids().filter((pid) => pid !== String(process.pid) && nameOf(pid) === name);
  const [first, ...others] = named;
  if (first === undefined) {
    throw new NotStarted(`no process has the name ${printable(text)}`, 'ps -e lists the names that there are.');
  }
  const places = linksOf(first);
  const elsewhere = others.filter((pid) => linksOf(pid).join() !== places.join());
  if (elsewhere.length > 0) {
    throw new NotStarted(
      `${named.length} processes have the name ${printable(text)}, in different namespaces`,
      `Give the pid of the one that you mean: ${named.join(', ')}`,
    );
  }
  return targetWithPid(first);
}

/** Of the name of a program, the kernel keeps so many bytes: proc_pid_comm(5). */
const NAME_LENGTH = 15;

/** The highest number that a pid_t holds: the kernel takes no notice of what lies above it, and finds another process. */
const HIGHEST = 2 ** 31 - 1;

/** @throws UsageError for what cannot be a pid. */
export function targetWithPid(text: string): Target {
  if (!/^[1-9]\d*$/.test(text) || Number(text) > HIGHEST) {
    throw new UsageError(`not a pid: ${JSON.stringify(text)}`, 'Give the number of a process: ps -e lists them');
  }
  const [own, theirs] = [linksOf('self'), linksOf(text)];
  return {
    pid: Number(text),
    differs: NAMESPACE_KINDS.filter((_, i) => own[i] !== theirs[i]),
    hasOtherRoot: rootOf('self') !== rootOf(text),
    deniesSetgroups: ifReadable(() => readFileSync(`/proc/${text}/setgroups`, 'latin1')) === 'deny\n',
  };
}

/** The environment of a process, for a command that is to find itself in its place. */
export function environmentOf({ pid }: Target): Record<string, string> {
  const pairs = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  return Object.fromEntries(pairs.flatMap((pair) => (pair.includes('=') ? [splitPair(pair)] : [])));
}

function splitPair(pair: string): [string, string] {
  const at = pair.indexOf('=');
  return [pair.slice(0, at), pair.slice(at + 1)];
}

/** What the links in /proc/PID/ns say, in the order of {@link NAMESPACE_KINDS}; empty where they may not be read. */
function linksOf(pid: string): string[] {
  return NAMESPACE_KINDS.map((kind) => ifReadable(() => readlinkSync(`/proc/${pid}/ns/${namespaceFile(kind)}`)));
}

/** Which directory the root of a process is. In another mount namespace it always counts as another: see the link. */
function rootOf(pid: string): string {
  return ifReadable(() => {
    const { dev, ino } = statSync(`/proc/${pid}/root/.`);
    return `${dev}:${ino} ${readlinkSync(`/proc/${pid}/ns/mnt`)}`;
  });
}

function nameOf(pid: string): string {
  return ifReadable(() => readFileSync(`/proc/${pid}/comm`, 'utf8')).replace(/\n$/, '');
}

function pids(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .sort((a, b) => Number(a) - Number(b));
}

/** A process may end at any moment, and others' may not be looked at. */
function ifReadable(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
