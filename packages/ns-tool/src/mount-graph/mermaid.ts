/** The picture as a flowchart of Mermaid, which GitHub and GitLab draw: https://mermaid.js.org/syntax/flowchart.html. */
import { LEGEND, WORDS } from './legend.ts';
import { coloursOf, inkOf, type Look, lookOf } from './look.ts';
import { type Box, type Cluster, type DrawnTable, type Line, type Picture, pictureOf } from './picture.ts';

/** What Mermaid draws unless the page that shows it says otherwise: `maxEdges` and `maxTextSize` of its configuration. */
export const MOST_LINES = 500;
export const MOST_CHARACTERS = 50_000;

/**
 * The picture of mount tables for Mermaid.
 *
 * The same tables give the same text. It says what `toDot` says; of the place of things Mermaid decides.
 *
 * @param tables of one machine, read at one time; one for each namespace.
 */
export function toMermaid(tables: readonly DrawnTable[]): string {
  return mermaidOf(pictureOf(tables));
}

export function mermaidOf(picture: Picture): string {
  const colours = coloursOf(picture);
  const looks = new Map<string, { look: Look; ids: string[] }>();
  const boxOf = (box: Box, colours: ReadonlyMap<number, number>, prefix = '') => {
    const look = lookOf(box, colours);
    const name = prefix + look.name;
    const known = looks.get(name) ?? { look, ids: [] };
    known.ids.push(box.id);
    looks.set(name, known);
    const label = `"${box.text.map(text).join('<br/>')}"`;
    return box.kind === 'group' ? `${box.id}([${label}])` : `${box.id}[${label}]`;
  };
  const clusterOf = (id: string, { title, tree }: Cluster, lines: string[]) => [
    `subgraph ${id}["${text(title)}"]`,
    ...indented([...lines, ...tree.map(lineOf)]),
    'end',
  ];

  const legendColours = coloursOf(LEGEND);
  const legend = LEGEND.clusters.flatMap((cluster) =>
    clusterOf('legend', cluster, [
      ...cluster.boxes.map((box) => boxOf(box, legendColours, 'legend_')),
      ...LEGEND.lines.map(lineOf),
    ]),
  );
  const groups = picture.groups.map((box) => boxOf(box, colours));
  const clusters = picture.clusters.flatMap((cluster, at) =>
    clusterOf(
      `n${at}`,
      cluster,
      cluster.boxes.map((box) => boxOf(box, colours)),
    ),
  );
  return [
    'flowchart LR',
    ...indented([
      ...groups,
      ...clusters,
      ...picture.lines.map(lineOf),
      ...legend,
      ...Array.from(looks, ([name, { look }]) => `classDef ${name} ${styleOf(look)}`),
      ...Array.from(looks, ([name, { ids }]) => `class ${ids.join(',')} ${name}`),
      ...linkStyles(picture, colours),
    ]),
    '',
  ].join('\n');
}

function lineOf({ kind, from, to }: Line): string {
  if (kind === 'tree') return `${from.id} --- ${to.id}`;
  return kind === 'peers' ? `${from.id} ===|"${WORDS.peers}"| ${to.id}` : `${from.id} -.->|"${WORDS.slave}"| ${to.id}`;
}

/** Lines are known by their number, in the order in which they are written. */
function linkStyles(picture: Picture, colours: ReadonlyMap<number, number>): string[] {
  const first = picture.clusters.reduce((sum, { tree }) => sum + tree.length, 0);
  const numbers = new Map<string, number[]>();
  const add = (ink: string, number: number) => numbers.set(ink, [...(numbers.get(ink) ?? []), number]);
  for (const [i, line] of picture.lines.entries()) add(inkOf(line, colours), first + i);
  return Array.from(numbers, ([ink, of]) => `linkStyle ${of.join(',')} stroke:${ink},stroke-width:2px`);
}

function styleOf({ fill, border, width, isDashed, isDouble }: Look): string {
  // Mermaid has no double border.
  const stroke = isDouble ? width + 3 : width;
  const dashes = isDashed ? ',stroke-dasharray:5 3' : '';
  return `fill:${fill},stroke:${border},stroke-width:${stroke}px${dashes},color:#000000`;
}

/**
 * A printable text in a string of Mermaid: https://mermaid.js.org/syntax/flowchart.html#entity-codes-to-escape-characters.
 *
 * All but letters, digits and what paths are made of goes by its number. Else it could mean something to one of those that
 * read a label in turn: Mermaid's grammar, its preprocessor, Markdown, HTML.
 */
function text(printable: string): string {
  return Array.from(printable, (character, i) => {
    const isPlain = /[a-zA-Z0-9/]/.test(character) || (/[ ,-]/.test(character) && i > 0);
    // At the start of a line a number or a dash begins a list of Markdown.
    return isPlain && !(i === 0 && /[0-9]/.test(character)) ? character : `#${character.codePointAt(0)};`;
  }).join('');
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
