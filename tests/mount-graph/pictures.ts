/** Pictures read back: DOT by Graphviz itself, SVG by a strict reader of XML, Mermaid by a grammar of what is written. */
import { render } from '../../packages/ns-tool/src/mount-graph/graphviz.ts';

export interface Box {
  /** What Graphviz draws in it, line by line: after its own unescaping. */
  readonly text: readonly string[];
  readonly classes: readonly string[];
  readonly attributes: Readonly<Record<string, string>>;
}

export interface Line {
  readonly kind: string;
  readonly from: string;
  readonly to: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** A picture, without its legend. A box is called `NAMESPACE first line`, one in no namespace by its first line. */
export interface Drawing {
  readonly namespaces: readonly string[];
  readonly boxes: ReadonlyMap<string, Box>;
  readonly lines: readonly Line[];
  /** What the legend says. */
  readonly legend: readonly string[];
  /** How far to the right each namespace begins. */
  readonly columns: readonly number[];
  /** All boxes, should two have one name. */
  readonly count: number;
}

interface JsonObject {
  readonly _gvid: number;
  readonly name: string;
  readonly nodes?: readonly number[];
  readonly class?: string;
  readonly [attribute: string]: unknown;
}

type JsonLine = JsonObject & { readonly tail: number; readonly head: number };

interface JsonGraph {
  readonly objects?: readonly JsonObject[];
  readonly edges?: readonly JsonLine[];
}

/**
 * What Graphviz makes of it: boxes and lines as its JSON has them; their text as its SVG has it, since in JSON it cuts off as
 * many characters as there are backslashes.
 */
export async function readDot(dot: string): Promise<Drawing> {
  const graph = JSON.parse(await render(dot, 'json')) as JsonGraph;
  const texts = textsIn(readXml(await render(dot, 'svg')));
  const nodes = new Map((graph.objects ?? []).map(({ _gvid, name }) => [_gvid, name]));
  const textOf = (object: JsonObject): readonly string[] => texts.get(object.name) ?? [];
  const textOfLine = ({ tail, head }: JsonLine) => texts.get(`${nodes.get(tail)}->${nodes.get(head)}`) ?? [];
  const objects = graph.objects ?? [];
  const clusters = objects.filter(({ name, nodes }) => name.startsWith('cluster_') && nodes !== undefined);
  const inLegend = new Set(clusters.filter(({ class: kind }) => kind === 'legend').flatMap(({ nodes }) => nodes ?? []));
  const namespaces = clusters.filter(({ class: kind }) => kind === 'namespace');
  const namespaceOf = new Map(namespaces.flatMap((cluster) => (cluster.nodes ?? []).map((id) => [id, cluster])));

  const names = new Map<number, string>();
  const corners = new Set<number>();
  const boxes = new Map<string, Box>();
  const legend: string[] = [];
  let count = 0;
  for (const object of objects) {
    if (object.name.startsWith('cluster_') || object.nodes !== undefined || object.class === 'head') continue;
    const text = textOf(object);
    if (object.class === 'corner') {
      corners.add(object._gvid);
      continue;
    }
    if (inLegend.has(object._gvid)) {
      legend.push(...text);
      continue;
    }
    count += 1;
    const namespace = namespaceOf.get(object._gvid);
    const name = [...(namespace === undefined ? [] : textOf(namespace)), text[0]].join(' ');
    names.set(object._gvid, name);
    boxes.set(name, { text, classes: (object.class ?? '').split(' '), attributes: attributesOf(object) });
  }
  const edges = graph.edges ?? [];
  const above = new Map(edges.filter(({ class: kind }) => kind === 'stem').map(({ tail, head }) => [head, tail]));
  /** The box from which the line comes that has a corner here. */
  const startOf = (id: number): number => (corners.has(id) ? startOf(above.get(id) ?? -1) : id);
  const lines: Line[] = [];
  for (const edge of edges) {
    if (edge.style === 'invis' || edge.class === 'stem') continue;
    if (inLegend.has(edge.tail)) {
      legend.push(...textOfLine(edge));
      continue;
    }
    const ends = [names.get(startOf(edge.tail)) ?? '?', names.get(edge.head) ?? '?'] as const;
    const [from, to] = edge.dir === 'back' ? [ends[1], ends[0]] : ends;
    lines.push({ kind: edge.class ?? '', from, to, attributes: attributesOf(edge) });
  }
  return {
    namespaces: namespaces.map((cluster) => textOf(cluster).join('\n')),
    boxes,
    lines,
    legend,
    count,
    columns: namespaces.map((cluster) => Number(String(cluster.bb).split(',')[0])),
  };
}

/** `from -> to` of the lines of one kind. */
export function linesOf({ lines }: Drawing, kind: string): string[] {
  return lines.filter((line) => line.kind === kind).map(({ from, to }) => `${from} -> ${to}`);
}

/** The lines of text of each node, edge and cluster, by its name. */
function textsIn(svg: XmlElement): ReadonlyMap<string, readonly string[]> {
  const groups = descendants(svg).filter(({ name, attributes }) => name === 'g' && attributes.class !== 'graph');
  return new Map(
    groups.map((group) => {
      const name = group.children.find(({ name }) => name === 'title')?.text ?? '';
      const lines = descendants(group).filter(({ name }) => name === 'text');
      return [name, lines.map(({ text }) => blanks(text))];
    }),
  );
}

/** Blanks of any kind are one here: where there are two, Graphviz makes them no-break spaces. */
export function blanks(text: string): string {
  return text.replaceAll('\u00a0', ' ');
}

function attributesOf(object: JsonObject): Record<string, string> {
  return Object.fromEntries(
    Object.entries(object).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/** An element of XML with its text. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

/** Reads XML strictly, as far as SVG of Graphviz goes: anything that is not well-formed throws. */
export function readXml(xml: string): XmlElement {
  // Char of XML 1.0, production 2.
  const forbidden = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u.exec(xml);
  if (forbidden !== null) throw new Error(`no character of XML: ${forbidden[0].codePointAt(0)?.toString(16)}`);
  const token =
    /<\?xml [^?]*\?>|<!DOCTYPE svg [^<>[\]]*>|<!--(?:(?!--)[\s\S])*-->|<\/([a-z]+)\s*>|<([a-z]+)((?:\s+[a-zA-Z:-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/uy;
  const root = { name: '', attributes: {}, children: [] as XmlElement[], text: '' };
  const open = [root];
  while (token.lastIndex < xml.length) {
    const start = token.lastIndex;
    const match = token.exec(xml);
    if (match === null) throw new Error(`not well-formed: ${JSON.stringify(xml.slice(start, start + 60))}`);
    const [, end, name, attributes = '', empty, text] = match;
    const current = open.at(-1) ?? root;
    if (end !== undefined) {
      if (open.length < 2 || current.name !== end) throw new Error(`</${end}> ends <${current.name}>`);
      open.pop();
    } else if (name !== undefined) {
      const pairs = Array.from(
        attributes.matchAll(/([a-zA-Z:-]+)="([^"]*)"/g),
        ([, key = '', value = '']) => [key, decoded(value)] as const,
      );
      if (new Set(pairs.map(([key]) => key)).size < pairs.length) throw new Error('an attribute twice');
      const element = { name, attributes: Object.fromEntries(pairs), children: [], text: '' };
      current.children.push(element);
      if (empty === '') open.push(element);
    } else if (text !== undefined) {
      current.text += decoded(text);
    }
  }
  const [element] = root.children;
  if (open.length !== 1 || element === undefined || root.children.length !== 1)
    throw new Error('not one closed element');
  return element;
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function decoded(text: string): string {
  return text.replace(/&([^;&]*)(;?)/g, (whole, name: string, end) => {
    const [, hex, decimal] = /^#(?:x([0-9a-f]+)|([0-9]+))$/i.exec(name) ?? [];
    const code = hex !== undefined ? Number.parseInt(hex, 16) : Number(decimal);
    const character = (decimal ?? hex) ? String.fromCodePoint(code) : ENTITIES[name];
    if (end === '' || character === undefined) throw new Error(`no entity: ${whole}`);
    return character;
  });
}

export function descendants(element: XmlElement): XmlElement[] {
  return [element, ...element.children.flatMap(descendants)];
}

/** A flowchart of Mermaid read by the few forms that are written. Throws for a line of any other form. */
export function readMermaid(text: string): Drawing {
  const [head, ...rest] = text.replace(/\n$/, '').split('\n');
  if (head !== 'flowchart LR') throw new Error(`not a flowchart: ${head}`);
  const names = new Map<string, string>();
  const namespaces: string[] = [];
  const boxes = new Map<string, Box>();
  const found: { kind: string; from: string; to: string; color?: string }[] = [];
  const classes = new Map<string, string[]>();
  const legend: string[] = [];
  let namespace: string | null = null;
  let isLegend = false;
  let count = 0;
  const label = /"((?:[^"#`\\<>{}&]|#\d+;|<br\/>)*)"/.source;
  const forms: [RegExp, (...parts: string[]) => void][] = [
    [
      new RegExp(`^ {2}subgraph (\\w+)\\[${label}\\]$`),
      (id, title) => {
        if (namespace !== null || isLegend) throw new Error('a subgraph in another');
        isLegend = id === 'legend';
        if (isLegend) return;
        namespace = mermaidText(title ?? '').join('\n');
        namespaces.push(namespace);
      },
    ],
    [
      /^ {2}end$/,
      () => {
        if (namespace === null && !isLegend) throw new Error('an end of nothing');
        namespace = null;
        isLegend = false;
      },
    ],
    [
      new RegExp(`^ {2,4}(\\w+)(?:\\[${label}\\]|\\(\\[${label}\\]\\))$`),
      (id = '', box, round) => {
        if (names.has(id)) throw new Error(`two boxes ${id}`);
        const text = mermaidText(box ?? round ?? '');
        const name = [...(namespace === null ? [] : [namespace]), text[0]].join(' ');
        names.set(id, isLegend ? 'legend' : name);
        if (isLegend) return legend.push(...text);
        count += 1;
        return boxes.set(name, { text, classes: [id], attributes: {} });
      },
    ],
    [/^ {2,4}(\w+) --- (\w+)$/, (from = '', to = '') => found.push({ kind: 'tree', from, to })],
    [/^ {2,4}(\w+) ===\|"([\w ]+)"\| (\w+)$/, (from = '', _, to = '') => found.push({ kind: 'peers', from, to })],
    [/^ {2,4}(\w+) -\.->\|"([\w ]+)"\| (\w+)$/, (from = '', _, to = '') => found.push({ kind: 'slave', from, to })],
    [/^ {2}classDef (\w+) [a-z-]+:[\w# ]+(?:,[a-z-]+:[\w# ]+)*$/, () => undefined],
    [
      /^ {2}class (\w+(?:,\w+)*) (\w+)$/,
      (ids = '', name = '') => {
        for (const id of ids.split(',')) classes.set(id, [...(classes.get(id) ?? []), name]);
      },
    ],
    [
      /^ {2}linkStyle (\d+(?:,\d+)*) stroke:(#[0-9a-f]{6}),stroke-width:\dpx$/i,
      (ids = '', color = '') => {
        for (const id of ids.split(',')) {
          const line = found[Number(id)];
          if (line === undefined) throw new Error(`no line ${id}`);
          line.color = color;
        }
      },
    ],
  ];
  for (const line of rest) {
    const form = forms.find(([pattern]) => pattern.test(line));
    if (form === undefined) throw new Error(`not a line of a flowchart: ${line}`);
    form[1](...(form[0].exec(line) ?? []).slice(1));
  }
  const nameOf = (id: string) => {
    const name = names.get(id);
    if (name === undefined) throw new Error(`a line to ${id}, which is none`);
    return name;
  };
  const lines = found
    .map(({ kind, from, to, color = '' }) => ({ kind, from: nameOf(from), to: nameOf(to), attributes: { color } }))
    .filter(({ from }) => from !== 'legend');
  for (const [name, box] of boxes) boxes.set(name, { ...box, classes: classes.get(box.classes[0] ?? '') ?? [] });
  return { namespaces, boxes, lines, legend, count, columns: [] };
}

function mermaidText(label: string): string[] {
  return label.split('<br/>').map((line) => line.replace(/#(\d+);/g, (_, code) => String.fromCodePoint(Number(code))));
}
