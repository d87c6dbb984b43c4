/** The difference of two mount tables, as lines for a person. Pure. */
import {
  type ChangedMount,
  display,
  type Field,
  type Mount,
  type MountDifference,
  mountTree,
  optionalFields,
} from '@ns-tool/mount-table';
import type { Palette } from '../palette.ts';

interface Entry {
  readonly mountPoint: string;
  readonly line: string;
}

/**
 * A line for each mount that differs, sorted by mount point: `+` added, `-` removed, `~` changed, with what was and what is.
 * No name can break a line or drive the terminal.
 *
 * @param difference that of these tables, from `diffMounts`.
 */
export function linesOf(before: readonly Mount[], after: readonly Mount[], difference: MountDifference): string[] {
  const { removed, changed, added } = difference;
  const [old, now] = [positionsIn(before, removed), positionsIn(after, added)];
  const entries = [
    ...removed.map((mount) => entry('-', mount, inShort(mount))),
    ...changed.map((change) => entry('~', change.after, changesOf(change, old, now))),
    ...added.map((mount) => entry('+', mount, inShort(mount))),
  ];
  return inOrder(entries).map(({ line }) => display(line));
}

/** How many mounts differ, in words. */
export function summaryOf({ added, removed, changed }: MountDifference): string {
  if (added.length + removed.length + changed.length === 0) return 'No difference.';
  return `${added.length} added, ${removed.length} removed, ${changed.length} changed.`;
}

/** A line of {@link linesOf} in the colour of its sign. */
export function coloured(line: string, { added, removed, changed }: Palette): string {
  const paint = line.startsWith('+') ? added : line.startsWith('-') ? removed : changed;
  return paint(line);
}

function entry(sign: '+' | '-' | '~', { mountPoint }: Mount, text: string): Entry {
  return { mountPoint, line: `${sign} ${mountPoint}  ${text}` };
}

/** What of a mount tells it from others: `tmpfs, root /d, source none, rw,nosuid, shared:3`. */
function inShort(mount: Mount): string {
  const root = mount.root === '/' ? [] : [`root ${mount.root}`];
  const options = mount.options.join(',');
  return [mount.type, ...root, `source ${sourceOf(mount)}`, options, propagationIn(mount)].join(', ');
}

/** Where a mount lies. */
interface Position {
  /** In the stack on its mount point, counted from below, from 1: among the mounts that are in both tables. */
  readonly place: number;
  /** The mount point of the mount that it lies on. */
  readonly parent: string;
}

type Positions = ReadonlyMap<Mount, Position>;

/** @param unpaired the mounts that the other table has not. */
function positionsIn(mounts: readonly Mount[], unpaired: readonly Mount[]): Positions {
  const skipped = new Set(unpaired);
  const heights = new Map<string, number>();
  const positions = new Map<Mount, Position>();
  for (const { mount, parent } of mountTree(mounts).nodes) {
    if (skipped.has(mount)) continue;
    const place = (heights.get(mount.mountPoint) ?? 0) + 1;
    heights.set(mount.mountPoint, place);
    positions.set(mount, { place, parent: parent?.mount.mountPoint ?? 'none' });
  }
  return positions;
}

function changesOf({ before, after, fields }: ChangedMount, old: Positions, now: Positions): string {
  const show: { readonly [field in Field]: () => string } = {
    options: () => `options: ${before.options.join(',')} → ${after.options.join(',')}`,
    superOptions: () => `super options: ${before.superOptions.join(',')} → ${after.superOptions.join(',')}`,
    source: () => `source: ${sourceOf(before)} → ${sourceOf(after)}`,
    propagation: () => `propagation: ${propagationChange(propagationIn(before), propagationIn(after))}`,
    order: () => `order in the stack: ${old.get(before)?.place} → ${now.get(after)?.place}`,
    parent: () => `parent: ${old.get(before)?.parent} → ${now.get(after)?.parent}`,
  };
  return fields.map((field) => show[field]()).join('; ');
}

function sourceOf({ source }: Mount): string {
  return source === '' ? '""' : source;
}

/** The optional fields of proc_pid_mountinfo(5), or what it means that there are none. */
function propagationIn(mount: Mount): string {
  return optionalFields(mount).join(' ') || 'private';
}

/** Numbers alone count for nothing, so a change from a number to itself is one of the mounts that it joins. */
function propagationChange(before: string, after: string): string {
  return `${before} → ${after}${before === after ? ', which joins other mounts' : ''}`;
}

/** A directory before what is in it, and numbers in names by their value. Entries of one mount point keep their order. */
function inOrder(entries: readonly Entry[]): Entry[] {
  const { compare } = new Intl.Collator('en', { numeric: true });
  const compareNames = (a: string, b: string) => compare(a, b) || (a < b ? -1 : Number(a > b));
  const keyed = entries.map((entry) => ({ entry, names: entry.mountPoint.split('/').filter((name) => name !== '') }));
  keyed.sort((a, b) => {
    const at = a.names.findIndex((name, i) => name !== b.names[i]);
    if (at < 0) return a.names.length - b.names.length;
    return at < b.names.length ? compareNames(a.names[at] as string, b.names[at] as string) : 1;
  });
  return keyed.map(({ entry }) => entry);
}
