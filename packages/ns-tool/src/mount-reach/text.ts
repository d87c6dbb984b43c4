/** The answer of `ns-tool reach` in words. Pure. */
import { display, type Mount, type Reason } from '@ns-tool/mount-table';
import type { Palette } from '../palette.ts';
import { inColumns } from '../text-width.ts';
import type { Answer, AnswerPlace } from './answer.ts';
import type { Resolved } from './resolve.ts';

/** What was asked. */
export interface Question {
  /** The path as it was given. */
  readonly given: string;
  readonly resolved: Resolved;
  /** The process for which it is meant; null for the one that asks. */
  readonly pid: number | null;
}

/** The lines of an answer. No name can break a line or drive the terminal. */
export function textOf(question: Question, answer: Answer): string[] {
  const { mount, path, places } = answer;
  const lines = [
    ...whereItIs(question),
    `${path} is on the mount at ${mount.mountPoint} (${mount.type}): ${stateOf(mount)}.`,
    ...(path === '/' ? ['A mount over a root directory is hidden from those who have that root.'] : []),
    ...(places.length === 0 ? [nowhere(answer)] : [`A mount made at ${path} would also appear at:`, ...table(places)]),
    ...howToChange(answer, question.pid),
  ];
  return lines.map(display);
}

/** A line of {@link textOf}, with each group that it names in the colour of that group. */
export function coloured(line: string, palette: Palette): string {
  return line.replace(/\b(?:peer )?group (\d+)/g, (words, id) => palette.group(Number(id))(words));
}

/**
 * What the answer does not cover, in one line; null if it covers all.
 *
 * @param rootless pids, each of a view that lacks its root.
 * @param isRoot whether it was root that could not read them, for whom sudo is no advice.
 */
export function coverage(unreadable: number, rootless: readonly number[], isRoot: boolean): string | null {
  const parts: string[] = [];
  if (unreadable > 0) {
    const who = `${unreadable} process${unreadable === 1 ? '' : 'es'}`;
    const advice = isRoot ? '' : '; sudo shows all';
    parts.push(`${who} may not be read, so the answer covers only what the others see${advice}.`);
  }
  if (rootless.length > 0) {
    const whose = rootless.map((pid) => `pid ${pid}`).join(', ');
    parts.push(`No table shows the mount at the root directory of ${whose}, so what would appear on it is not known.`);
  }
  return parts.length === 0 ? null : parts.join(' ');
}

function whereItIs({ given, resolved: { path, existing } }: Question): string[] {
  return [
    ...(given === path ? [] : [`${given} leads to ${path}.`]),
    ...(existing === path
      ? []
      : [`${path} does not exist; what follows is for a directory made there, in ${existing}.`]),
  ];
}

/** The state of a mount, with its groups. See mount_namespaces(7), "Shared subtrees". */
function stateOf({ peerGroup, master, unbindable }: Mount): string {
  const slave = `a slave of group ${master}`;
  if (peerGroup !== null) return `shared, in peer group ${peerGroup}${master === null ? '' : `, and ${slave}`}`;
  if (master !== null) return slave;
  return unbindable ? 'unbindable' : 'private';
}

function nowhere({ isDeleted, mount, state }: Answer): string {
  const { mountPoint, peerGroup } = mount;
  if (isDeleted) return `Nowhere: what ${mountPoint} shows has been deleted, and nothing can be mounted there.`;
  switch (state) {
    case 'private':
      return `Nowhere else: ${mountPoint} is private.`;
    case 'unbindable':
      return `Nowhere else: ${mountPoint} is unbindable, so private too.`;
    case 'slave':
      return `Nowhere else: ${mountPoint} is a slave, which receives mounts and passes none on.`;
    default:
      return `Nowhere else: ${mountPoint} is shared, but no other mount that shows this directory receives from group ${peerGroup}.`;
  }
}

function table(places: readonly AnswerPlace[]): string[] {
  const rows = places.map(({ namespace, pid, command, path, reason, visible }) =>
    [
      `mnt:[${namespace}]`,
      `pid ${pid} (${command})`,
      path,
      `${because(reason)}${visible ? '' : `; hidden ${path === '/' ? 'over its root directory' : 'beneath another mount'}`}`,
    ].map(display),
  );
  return inColumns(rows, null).map((line) => `  ${line}`);
}

function because(reason: Reason): string {
  switch (reason.kind) {
    case 'same mount':
      return 'the same mount, seen by another process';
    case 'peer':
      return `peer of group ${reason.group}`;
    case 'slave':
      return `slave of group ${reason.group}${reason.via === null ? '' : `, by way of group ${reason.via}`}`;
  }
}

/** What one would do to change it. See mount(8), "Shared subtree operations". */
function howToChange({ isDeleted, isAddressable, mount, state }: Answer, pid: number | null): string[] {
  if (isDeleted) return [];
  if (!isAddressable) return ['From here its propagation cannot be changed: no path leads to the mount itself.'];
  const inside = pid === null ? '' : `nsenter --target ${pid} --mount --root `;
  // On a line by itself, to be copied: a terminal breaks longer ones anywhere.
  const make = (what: string) => `  ${inside}mount --make-${what} ${quoted(mount.mountPoint)}`;
  switch (state) {
    case 'private':
    case 'unbindable':
      return ['To let those see it that copy or bind the mount from then on:', make('shared')];
    case 'slave':
      return ['To pass mounts on to those that copy or bind it from then on:', make('shared')];
    default:
      return ['To keep mounts on it from all others (or with --make-slave, to go on receiving):', make('private')];
  }
}

/** A path as a word for the shell. */
function quoted(path: string): string {
  if (/^[\w@%+=:,./-]+$/.test(path)) return path;
  // Has what display() writes in octal; these quotes read that: dollar-single-quotes of POSIX.1-2024.
  const shown = display(path);
  if (shown !== path) return `$'${display(path.replace(/[\\']/g, '\\$&'))}'`;
  return `'${path.replaceAll("'", "'\\''")}'`;
}
