/** The picture in the language of Graphviz: https://graphviz.org/doc/info/lang.html. */
import { LEGEND, WORDS } from './legend.ts';
import { coloursOf, inkOf, lookOf, PALE } from './look.ts';
import { type Box, type Cluster, type DrawnTable, type Line, type Picture, pictureOf } from './picture.ts';
import { rowsOf } from './rows.ts';

type Attributes = Readonly<Record<string, string | number>>;

/**
 * The picture of mount tables for dot(1), which lays it out.
 *
 * A namespace is a column, in which the tree goes down as in a file manager; a row holds a mount point in each of them. So
 * lines between namespaces are short, and level where nothing differs.
 *
 * The same tables give the same text. Names are in quoted strings only, which none of them can end.
 *
 * @param tables of one machine, read at one time; one for each namespace.
 */
export function toDot(tables: readonly DrawnTable[]): string {
  return dotOf(pictureOf(tables));
}

export function dotOf(picture: Picture): string {
  const colours = coloursOf(picture);
  const rows = rowsOf(picture.clusters);
  const drawn = withoutLongest(picture.lines, rows);
  const isLabelled = drawn.length <= MANY_LINES;
  const left = picture.lines.length - drawn.length;
  return [
    'digraph mounts {',
    ...indented([
      statement('graph', {
        rankdir: 'TB',
        newrank: 'true',
        nodesep: 0.2,
        ranksep: 0.12,
        bgcolor: 'white',
        fontname: FONT,
        ...(left === 0 ? {} : { label: `The ${left} longest lines are left out: the words in the boxes have them.` }),
      }),
      statement('node', { shape: 'box', fontname: FONT, fontsize: 10, height: 0.3, margin: '0.1,0.04' }),
      statement('edge', { fontname: FONT, fontsize: 9, arrowsize: 0.7 }),
      ...legend(),
      ...notShown(picture, colours, rows),
      ...picture.clusters.flatMap((cluster, at) => clusterOf(cluster, `${at}`, colours, rows)),
      ...sideBySide(picture),
      ...drawn.map((line) => lineOf(line, colours, picture, isLabelled)),
    ]),
    '}',
    '',
  ].join('\n');
}

/** How many rows lines may cross together. Graphviz takes seconds for so many, and minutes for thrice as many. */
const MOST_ROWS_CROSSED = 3000;

function withoutLongest(lines: readonly Line[], rows: ReadonlyMap<string, number>): readonly Line[] {
  const lengthOf = ({ from, to }: Line) => Math.abs((rows.get(from.id) ?? 0) - (rows.get(to.id) ?? 0));
  let crossed = 0;
  const short = new Set<Line>();
  for (const line of lines.toSorted((a, b) => lengthOf(a) - lengthOf(b))) {
    crossed += lengthOf(line);
    if (crossed <= MOST_ROWS_CROSSED) short.add(line);
  }
  return lines.filter((line) => short.has(line));
}

/** A font of which Graphviz knows the widths. */
const FONT = 'Arial';

/** How many lines of propagation have words. With more these would cover each other, and the legend has them. */
const MANY_LINES = 10;

function clusterOf(
  { title, boxes, tree }: Cluster,
  name: string,
  colours: ReadonlyMap<number, number>,
  rows: ReadonlyMap<string, number>,
): string[] {
  const [first] = boxes;
  const rowOf = ({ id }: Box) => rows.get(id) ?? 0;
  const width = Math.max(1, ...boxes.map(widthOf));
  const column = boxes.slice(1).map((box, i) => {
    const above = boxes[i] as Box;
    return edge(above.id, box.id, { style: 'invis', minlen: rowOf(box) - rowOf(above), weight: 0 });
  });
  return [
    `subgraph cluster_${name} {`,
    ...indented([
      statement('graph', {
        class: 'namespace',
        label: text(title),
        fontsize: 14,
        color: '#bbbbbb',
        bgcolor: '#fcfcfc',
        margin: 18,
      }),
      ...boxes.map((box) => boxOf(box, colours, width)),
      head(name),
      ...(first === undefined ? [] : [below(name, first, rowOf(first))]),
      ...column,
      ...branchesOf(tree, rowOf),
    ]),
    '}',
  ];
}

/**
 * The lines from a mount to those that lie on it: one that goes down from corner to corner, beside each of them, and one from
 * there to the box.
 */
function branchesOf(tree: readonly Line[], rowOf: (box: Box) => number): string[] {
  const ends = new Map<string, { id: string; row: number }>();
  return tree.flatMap(({ from, to }) => {
    const end = ends.get(from.id) ?? { id: from.id, row: rowOf(from) };
    const corner = `${to.id}_corner`;
    ends.set(from.id, { id: corner, row: rowOf(to) });
    const start: Attributes = end.id === from.id ? { tailport: 'sw' } : {};
    return [
      statement(corner, {
        class: 'corner',
        label: '',
        shape: 'point',
        width: 0.01,
        height: 0.01,
        color: PALE,
        group: from.id,
      }),
      edge(end.id, corner, {
        class: 'stem',
        dir: 'none',
        color: PALE,
        minlen: rowOf(to) - end.row,
        weight: 20,
        ...start,
      }),
      `{ rank=same; ${edge(corner, to.id, { class: 'tree', dir: 'none', color: PALE, weight: 5 })} }`,
    ];
  });
}

/** A node that nobody sees, above the first row of a column. */
function head(column: string): string {
  return statement(`head_${column}`, {
    class: 'head',
    label: '',
    style: 'invis',
    shape: 'point',
    width: 0.01,
    height: 0.01,
  });
}

/** Keeps a box in its row. */
function below(column: string, { id }: Box, row: number): string {
  return edge(`head_${column}`, id, { style: 'invis', minlen: row + 1, weight: 0 });
}

/** Keeps the columns in their order: their heads are in that of the lines from a node above, which nobody sees either. */
function sideBySide({ clusters, groups }: Picture): string[] {
  const columns = ['legend', ...(groups.length > 0 ? ['groups'] : []), ...clusters.keys()];
  return [
    statement('top', {
      class: 'head',
      label: '',
      style: 'invis',
      shape: 'point',
      width: 0.01,
      height: 0.01,
    }),
    ...columns.map((column) => edge('top', `head_${column}`, { style: 'invis' })),
  ];
}

/** The column of groups of which nothing is drawn, each in the row of the first mount that receives from it. */
function notShown(picture: Picture, colours: ReadonlyMap<number, number>, rows: ReadonlyMap<string, number>): string[] {
  const { groups, lines } = picture;
  if (groups.length === 0) return [];
  const rowOf = (group: Box) => {
    const received = lines.filter(({ from }) => from === group).map(({ to }) => rows.get(to.id) ?? 0);
    return Math.min(...received, rows.size);
  };
  return [
    'subgraph cluster_groups {',
    ...indented([
      statement('graph', {
        class: 'groups',
        label: 'not shown',
        fontsize: 14,
        color: '#bbbbbb',
        style: 'dashed',
        margin: 18,
      }),
      head('groups'),
      ...groups.flatMap((group) => [boxOf(group, colours), below('groups', group, rowOf(group))]),
    ]),
    '}',
  ];
}

function boxOf(box: Box, colours: ReadonlyMap<number, number>, width?: number): string {
  const { fill, border, width: penwidth, isDashed, isDouble } = lookOf(box, colours);
  // Left-justified in a column, centred in an ellipse.
  const end = box.kind === 'group' ? '\\n' : '\\l';
  return statement(box.id, {
    class: `${box.kind} ${box.state.replace(',', ' ')}`,
    label: box.text.map((line) => `${text(line)}${end}`).join(''),
    tooltip: box.details.map(text).join('\\n'),
    ...(box.kind === 'group' ? { shape: 'ellipse' } : {}),
    ...(width === undefined ? {} : { width: Number(width.toFixed(2)) }),
    style: isDashed ? 'filled,dashed' : 'filled',
    fillcolor: fill,
    color: border,
    penwidth,
    ...(isDouble ? { peripheries: 2 } : {}),
  });
}

function lineOf(line: Line, colours: ReadonlyMap<number, number>, { clusters }: Picture, isLabelled: boolean): string {
  const { kind, group, from, to } = line;
  const columnOf = (box: Box) => clusters.findIndex(({ boxes }) => boxes.includes(box));
  const isBackward = columnOf(to) < columnOf(from);
  const isAcross = columnOf(to) !== columnOf(from);
  const attributes: Attributes = {
    class: kind,
    color: inkOf(line, colours),
    penwidth: 1.5,
    ...(kind === 'slave' ? { style: 'dashed' } : {}),
    ...(isLabelled ? { xlabel: WORDS[kind] } : {}),
    tooltip: `${WORDS[kind]} of peer group ${group}`,
    constraint: 'false',
    ...(isAcross ? { tailport: 'e', headport: 'w' } : {}),
  };
  const dir = kind === 'peers' ? 'none' : isBackward ? 'back' : 'forward';
  // Columns stay in their order if lines go to the right.
  return isBackward ? edge(to.id, from.id, { ...attributes, dir }) : edge(from.id, to.id, { ...attributes, dir });
}

function legend(): string[] {
  const colours = coloursOf(LEGEND);
  return LEGEND.clusters.flatMap((cluster) =>
    clusterOf(cluster, 'legend', colours, rowsOf([cluster]))
      .map((line) => line.replace(/class="[^"]*"/, 'class="legend"'))
      .concat(LEGEND.lines.map((line) => lineOf(line, colours, LEGEND, false))),
  );
}

/** How wide a box must be, in inches, for whatever font there is; Graphviz knows few, and of these the ASCII letters only. */
function widthOf({ text }: Box): number {
  const ems = text.map((line) =>
    Array.from(line, (character) => ((character.codePointAt(0) ?? 0) < 0x1100 ? 0.58 : 1)),
  );
  const widest = Math.max(...ems.map((line) => line.reduce((sum, em) => sum + em, 0)));
  return (widest * 10) / 72 + 0.2;
}

/**
 * A printable text in an escString: https://graphviz.org/docs/attr-types/escString/. In it a backslash starts an escape, and
 * an ampersand an entity of HTML.
 */
function text(printable: string): string {
  return printable.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('&', '&amp;');
}

/** @param attributes whose strings have their quotes and backslashes escaped */
function statement(subject: string, attributes: Attributes): string {
  const pairs = Object.entries(attributes).map(([name, value]) => {
    return `${name}=${typeof value === 'number' ? value : `"${value}"`}`;
  });
  return `${subject} [${pairs.join(', ')}]`;
}

function edge(from: string, to: string, attributes: Attributes): string {
  return statement(`${from} -> ${to}`, attributes);
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
