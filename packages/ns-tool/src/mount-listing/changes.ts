/** What changed between two tables of one namespace, read one after the other. */
import { display, findmntPropagation, type Mount, optionalFields } from '@ns-tool/mount-table';
import type { Palette } from '../palette.ts';
import { painted } from './listing.ts';
import { mergedOptions } from './options.ts';
import { propagationText } from './propagation-text.ts';

/** What of a mount can change. */
export type Aspect = 'target' | 'parent' | 'root' | 'source' | 'options' | 'propagation';

export type Change =
  | { readonly sign: '+' | '-'; readonly mount: Mount }
  | { readonly sign: '~'; readonly before: Mount; readonly mount: Mount; readonly aspects: readonly Aspect[] };

/**
 * The difference by mount ID, which one mount keeps as long as it exists: what is gone, then what has changed, then what is
 * new, each in the order of its table. Takes time in proportion to the size of the tables.
 *
 * The kernel gives the ID of a mount that is gone to the next one. So another filesystem under the same ID is another mount.
 */
export function changesBetween(before: readonly Mount[], after: readonly Mount[]): Change[] {
  const old = new Map(before.map((mount) => [mount.id, mount]));
  const now = new Map(after.map((mount) => [mount.id, mount]));
  const isIn = (table: ReadonlyMap<number, Mount>, mount: Mount) => {
    const other = table.get(mount.id);
    return other !== undefined && other.device === mount.device && other.type === mount.type;
  };
  const gone = before.filter((mount) => !isIn(now, mount)).map((mount): Change => ({ sign: '-', mount }));
  const fresh = after.filter((mount) => !isIn(old, mount)).map((mount): Change => ({ sign: '+', mount }));
  const changed = after.flatMap((mount): Change[] => {
    const was = old.get(mount.id);
    if (was === undefined || !isIn(old, mount)) return [];
    const aspects = changedAspects(was, mount);
    return aspects.length === 0 ? [] : [{ sign: '~', before: was, mount, aspects }];
  });
  return [...gone, ...changed, ...fresh];
}

const ASPECTS: { readonly [aspect in Aspect]: (mount: Mount) => string | number } = {
  target: (mount) => mount.mountPoint,
  parent: (mount) => mount.parentId,
  root: (mount) => mount.root,
  source: (mount) => mount.source,
  options: (mount) => [...mount.options, '', ...mount.superOptions].join('\0'),
  propagation: (mount) => optionalFields(mount).join(),
};

function changedAspects(before: Mount, after: Mount): Aspect[] {
  return (Object.keys(ASPECTS) as Aspect[]).filter((aspect) => ASPECTS[aspect](before) !== ASPECTS[aspect](after));
}

/** A change in a line: `+ /mnt tmpfs tmpfs rw,relatime shared:3`, `~ /mnt options: -rw +ro`. */
export function changeText(change: Change, palette: Palette, isUnicode: boolean): string {
  const { sign, mount } = change;
  const paint = sign === '+' ? palette.added : sign === '-' ? palette.removed : palette.changed;
  const target = display(mount.mountPoint);
  const words =
    sign === '~'
      ? [target, described(change.before, mount, change.aspects, isUnicode ? '→' : '->', palette)]
      : [
          target,
          display(mount.source),
          display(mount.type),
          display(mergedOptions(mount)),
          propagation(mount, palette),
        ];
  return `${paint(sign)} ${words.filter((word) => word !== '').join('  ')}`;
}

function propagation(mount: Mount, palette: Palette): string {
  return painted(display(propagationText(mount)), palette);
}

/** What happened to a mount, in words. */
function described(before: Mount, after: Mount, aspects: readonly Aspect[], arrow: string, palette: Palette): string {
  const phrases: { readonly [aspect in Aspect]: () => string } = {
    target: () => `moved from ${display(before.mountPoint)}`,
    parent: () => `on mount ${before.parentId} ${arrow} ${after.parentId}`,
    root: () => `root ${display(before.root)} ${arrow} ${display(after.root)}`,
    source: () => `source ${display(before.source)} ${arrow} ${display(after.source)}`,
    options: () => `options ${optionChanges(before, after)}`,
    propagation: () => `${propagation(before, palette)} ${arrow} ${propagation(after, palette)}`,
  };
  return aspects.map((aspect) => phrases[aspect]()).join('; ');
}

/** Options gone and new: `-rw +ro`. What the mount and the filesystem both have is there twice, and can change in one. */
function optionChanges(before: Mount, after: Mount): string {
  const lists = [
    [before.options, after.options, ''],
    [before.superOptions, after.superOptions, ' (filesystem)'],
  ] as const;
  const texts = lists.flatMap(([old, now, whose]) => {
    const gone = old.filter((option) => !now.includes(option)).map((option) => `-${option}`);
    const fresh = now.filter((option) => !old.includes(option)).map((option) => `+${option}`);
    const words = [...gone, ...fresh];
    return words.length === 0 ? [] : [`${display(words.join(' '))}${whose}`];
  });
  return texts.join(', ') || 'in another order';
}

/** The actions of findmnt(8), and `change` for what it does not watch. */
const ACTIONS = { '+': 'mount', '-': 'umount', '~': 'change' } as const;

/** A change as data: what the mount is now, or was at last; and what of it was otherwise. */
export function changeData(change: Change): object {
  const { sign, mount } = change;
  const data = mountData(mount);
  if (sign !== '~') return { action: ACTIONS[sign], ...data };
  const before = mountData(change.before);
  const old = Object.fromEntries(change.aspects.flatMap((aspect) => KEYS[aspect].map((key) => [key, before[key]])));
  return { action: ACTIONS[sign], ...data, old };
}

function mountData(mount: Mount) {
  return {
    id: mount.id,
    parent: mount.parentId,
    target: mount.mountPoint,
    source: mount.source || null,
    fsroot: mount.root,
    fstype: mount.type,
    'vfs-options': mount.options.join(),
    'fs-options': mount.superOptions.join(),
    propagation: findmntPropagation(mount),
    group: mount.peerGroup,
    master: mount.master,
  };
}

const KEYS: { readonly [aspect in Aspect]: readonly (keyof ReturnType<typeof mountData>)[] } = {
  target: ['target'],
  parent: ['parent'],
  root: ['fsroot'],
  source: ['source'],
  options: ['vfs-options', 'fs-options'],
  propagation: ['propagation', 'group', 'master'],
};
