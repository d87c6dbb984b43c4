/** Colours, if any. */
import { styleText } from 'node:util';

type Paint = (text: string) => string;

export interface Palette {
  readonly isPlain: boolean;
  readonly heading: Paint;
  /** For what is as it mostly is, or out of reach. */
  readonly quiet: Paint;
  readonly added: Paint;
  readonly removed: Paint;
  readonly changed: Paint;
  /** The colour of a peer group, the same wherever it is named. */
  readonly group: (id: number) => Paint;
}

/** Of what a terminal has, those that are legible on dark and on light; the calm ones first. */
const GROUP_COLOURS = [
  'cyan',
  'magenta',
  'green',
  'blue',
  'yellow',
  'red',
  'cyanBright',
  'magentaBright',
  'greenBright',
  'blueBright',
  'yellowBright',
  'redBright',
] as const;

const plain: Paint = (text) => text;

/** The palette of one output. Groups get colours in the order in which they are named: the first twelve one each. */
export function paletteFor(isColoured: boolean): Palette {
  if (!isColoured) {
    return {
      isPlain: true,
      heading: plain,
      quiet: plain,
      added: plain,
      removed: plain,
      changed: plain,
      group: () => plain,
    };
  }
  const paints = GROUP_COLOURS.map(paint);
  const chosen = new Map<number, Paint>();
  return {
    isPlain: false,
    heading: paint('bold'),
    quiet: paint('dim'),
    added: paint('green'),
    removed: paint('red'),
    changed: paint('yellow'),
    group(id) {
      const known = chosen.get(id) ?? (paints[chosen.size % paints.length] as Paint);
      chosen.set(id, known);
      return known;
    },
  };
}

/** Asked once for each style, not for each text: a table can have 100,000 lines. */
function paint(style: Parameters<typeof styleText>[0]): Paint {
  const [start, end] = styleText(style, '\0', { validateStream: false }).split('\0');
  return (text) => (text === '' ? '' : `${start}${text}${end}`);
}
