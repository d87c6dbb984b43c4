/** The picture as a flowchart of Mermaid, read back by the forms of its grammar that are written. */
import { describe, expect, it } from 'vitest';
import { toDot } from '../../packages/ns-tool/src/mount-graph/dot.ts';
import { toMermaid } from '../../packages/ns-tool/src/mount-graph/mermaid.ts';
import { parse, table } from '../mount-table/tables.ts';
import { linesOf, readDot, readMermaid } from './pictures.ts';

const TABLES = [
  {
    namespace: 'host',
    mounts: table('20 1 / shared:1', '21 20 /mnt shared:2', '22 20 /plain', '23 20 /unbindable unbindable'),
  },
  { namespace: 'peer', mounts: table('30 2 / shared:1') },
  {
    namespace: 'slave',
    mounts: table('40 3 / master:1', '41 40 /mnt shared:3 master:2', '42 40 /x master:9', '43 40 /y master:9'),
  },
];

describe('the flowchart', () => {
  it('shows the same as the graph for Graphviz', async () => {
    const [mermaid, dot] = [readMermaid(toMermaid(TABLES)), await readDot(toDot(TABLES))];
    expect(mermaid.namespaces).toEqual(dot.namespaces);
    expect(Array.from(mermaid.boxes, ([name, { text }]) => [name, text])).toEqual(
      Array.from(dot.boxes, ([name, { text }]) => [name, text]),
    );
    for (const kind of ['tree', 'peers', 'slave']) expect(linesOf(mermaid, kind)).toEqual(linesOf(dot, kind));
    expect(mermaid.lines).toHaveLength(dot.lines.length);
    expect(linesOf(mermaid, 'slave')).toHaveLength(4);
  });

  it('gives every box a look', () => {
    const { boxes } = readMermaid(toMermaid(TABLES));
    const classesOf = (name: string) => boxes.get(name)?.classes;
    expect(classesOf('host /plain')).toEqual(['private']);
    expect(classesOf('host /unbindable')).toEqual(['unbindable']);
    expect(classesOf('host /')).toEqual(classesOf('peer /'));
    expect(classesOf('slave /')).not.toEqual(classesOf('host /'));
    for (const { classes } of boxes.values()) expect(classes.length).toBeGreaterThan(0);
  });

  it('gives lines of propagation the colours that they have there, and others none', async () => {
    const [mermaid, dot] = [readMermaid(toMermaid(TABLES)), await readDot(toDot(TABLES))];
    const coloursIn = ({ lines }: typeof dot) =>
      lines.filter(({ kind }) => kind !== 'tree').map(({ attributes }) => attributes.color);
    expect(coloursIn(mermaid)).toEqual(coloursIn(dot));
    expect(new Set(coloursIn(mermaid)).size).toBeGreaterThan(1);
    for (const { kind, attributes } of mermaid.lines) if (kind === 'tree') expect(attributes.color).toBe('');
  });

  it('collapses as the other does', () => {
    const lines = Array.from({ length: 5 }, (_, i) => `${30 + i} 20 0:1 / /${i} rw - proc proc rw\n`);
    const { boxes } = readMermaid(
      toMermaid([{ namespace: 'n', mounts: parse(`20 1 0:1 / / rw - ext4 x rw\n${lines.join('')}`) }]),
    );
    expect([...boxes.keys()]).toEqual(['n /', 'n 5 more: proc']);
  });

  it('has a legend', () => {
    const { legend } = readMermaid(toMermaid(TABLES));
    for (const word of ['private', 'unbindable', 'slave', 'peer group']) expect(legend.join('\n')).toContain(word);
  });

  it('is the same for the same tables', () => {
    expect(toMermaid(TABLES)).toBe(toMermaid(structuredClone(TABLES)));
  });

  it('of no table is one without boxes', () => {
    expect(readMermaid(toMermaid([])).count).toBe(0);
  });
});
