/** How boxes and lines look: colours that people see who do not see all, on white, and never colour alone. */
import type { Box, Line, Picture } from './picture.ts';

/**
 * Masataka Okabe and Kei Ito, "Color Universal Design" (2008), neighbours apart; without yellow, which white swallows, and
 * black, which is for what has no colour.
 */
export const PALETTE = ['#0072b2', '#e69f00', '#009e73', '#d55e00', '#cc79a7', '#56b4e9'] as const;

const WHITE = '#ffffff';
/** For private mounts and the tree. */
export const PALE = '#999999';
/** For groups that join nothing in the picture. */
const DARK = '#555555';
const SHADE = '#e6e6e6';

export interface Look {
  /** Of letters, digits and `_`; the same for the same look. */
  readonly name: string;
  readonly fill: string;
  readonly border: string;
  /** In pixels. */
  readonly width: number;
  readonly isDashed: boolean;
  /** Two borders, one in the other. */
  readonly isDouble: boolean;
}

/** The colours of groups: of each that joins something, in the order of their numbers. They repeat when there are many. */
export function coloursOf({ lines }: Picture): ReadonlyMap<number, number> {
  const joining = new Set(lines.map(({ group }) => group).filter((group) => group !== null));
  return new Map([...joining].sort((a, b) => a - b).map((group, i) => [group, i % PALETTE.length]));
}

/**
 * Filled is what is shared, in the colour of its group; dashed is what is a slave, in the colour of its master. What is both
 * is both.
 */
export function lookOf({ kind, state, group, master }: Box, colours: ReadonlyMap<number, number>): Look {
  const plain = { name: 'private', fill: WHITE, border: PALE, width: 1, isDashed: false, isDouble: false };
  if (kind === 'more') return { ...plain, name: 'more', fill: '#f5f5f5' };
  if (kind === 'mount' && state === 'private') return plain;
  if (state === 'unbindable') return { ...plain, name: 'unbindable', border: DARK, isDouble: true };
  const own = group === null ? undefined : colours.get(group);
  const upper = kind === 'group' || master === null ? undefined : colours.get(master);
  const isSlave = kind === 'mount' && master !== null;
  return {
    name: [kind === 'group' ? 'group' : state.replace(',', '_'), own ?? 'x', ...(isSlave ? [upper ?? 'x'] : [])].join(
      '_',
    ),
    fill: group === null || kind === 'group' ? WHITE : own === undefined ? SHADE : tintOf(own),
    border: colourOf(isSlave ? upper : own),
    width: 2,
    isDashed: isSlave,
    isDouble: false,
  };
}

/** The colour of a line. */
export function inkOf({ kind, group }: Line, colours: ReadonlyMap<number, number>): string {
  return kind === 'tree' ? PALE : colourOf(group === null ? undefined : colours.get(group));
}

function colourOf(index: number | undefined): string {
  return (index === undefined ? undefined : PALETTE[index]) ?? DARK;
}

/** A quarter of a colour on white: black text is readable on it. */
function tintOf(index: number): string {
  const [, ...parts] = /^#(..)(..)(..)$/.exec(colourOf(index)) ?? [];
  const tinted = parts.map((part) => Math.round(255 - (255 - Number.parseInt(part, 16)) / 4));
  return `#${tinted.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}
