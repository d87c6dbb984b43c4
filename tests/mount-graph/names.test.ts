/** Names that somebody chose to break the picture. */
import { fromBytes, type Mount } from '@ns-tool/mount-table';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toDot } from '../../packages/ns-tool/src/mount-graph/dot.ts';
import { render } from '../../packages/ns-tool/src/mount-graph/graphviz.ts';
import { toMermaid } from '../../packages/ns-tool/src/mount-graph/mermaid.ts';
import { printable, shortened } from '../../packages/ns-tool/src/mount-graph/names.ts';
import { anyName, mount } from '../mount-table/tables.ts';
import { blanks, descendants, readDot, readMermaid, readXml } from './pictures.ts';

const HOSTILE = [
  '"',
  '\\',
  '\\"',
  '"];x[label="',
  '\\N\\G\\L\\l\\r\\n\\T\\H\\E',
  '&amp;',
  '&lt;script&gt;',
  '&#60;&#x3c;',
  '<script>alert(1)</script>',
  '<b>bold</b>',
  ']]>',
  '-->',
  '<!--',
  'a\nb\r\tc',
  '\0',
  '#quot;#35;',
  'ﬂ°°35¶ß',
  '`**bold** _x_`',
  '- a',
  '1. a',
  'www.example.org',
  'end',
  '"] end subgraph',
  'style a:#b;',
  'classDef a:#b;',
  '%%{init: {}}%%',
  'click a href',
  '\u2028',
  '\u202e',
  '\ufffe\uffff',
  '\ufeff',
  '😀',
  'é日本',
  '  two  blanks  ',
  fromBytes(Uint8Array.of(0xff, 0xfe, 0xed, 0xa0, 0x80)),
  '\ud800',
];

const hostileName = fc.oneof(
  anyName,
  fc.array(fc.constantFrom(...HOSTILE), { maxLength: 4 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 60 }),
);
const hostileTable = fc
  .array(
    fc.record({
      mountPoint: hostileName.map((name) => `/${name}`),
      type: hostileName.map((name) => `t${name}`),
      source: hostileName,
      root: hostileName.map((name) => `/${name}`),
      peerGroup: fc.constantFrom(null, null, 1, 2),
      master: fc.constantFrom(null, null, 3, 4),
      unbindable: fc.boolean(),
    }),
    { minLength: 1, maxLength: 3 },
  )
  .map((all) => all.map((fields, i): Mount => mount({ ...fields, id: 20 + i, parentId: i === 0 ? 1 : 20 })));
const hostileTables = fc
  .array(fc.record({ namespace: hostileName, mounts: hostileTable }), { minLength: 1, maxLength: 2 })
  .filter((tables) => new Set(tables.map(({ namespace }) => namespace)).size === tables.length);

const firstLines = (mounts: readonly Mount[]) =>
  mounts.map(({ mountPoint }) => shortened(printable(mountPoint), 36)).sort();
const sizeOf = (tables: readonly { mounts: readonly Mount[] }[]) =>
  tables.reduce((size, { mounts }) => size + mounts.length, 0);

describe('any names', () => {
  it('are in DOT what they are: as many boxes as mounts, and each says its mount point', async () => {
    await fc.assert(
      fc.asyncProperty(hostileTables, async (tables) => {
        const drawing = await readDot(toDot(tables));
        const mounts = [...drawing.boxes.values()].filter(({ classes }) => classes.includes('mount'));
        expect(drawing.namespaces).toHaveLength(tables.length);
        if (new Set(tables.map(({ namespace }) => shortened(printable(namespace), 48))).size < tables.length) return;
        if (tables.some(({ mounts }) => new Set(firstLines(mounts)).size < mounts.length)) return;
        expect(mounts).toHaveLength(sizeOf(tables));
        expect(mounts.map(({ text }) => text[0] ?? '').sort()).toEqual(
          tables
            .flatMap(({ mounts }) => firstLines(mounts))
            .map(blanks)
            .sort(),
        );
      }),
      { numRuns: 40 },
    );
  });

  it('are text in SVG, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(hostileTables, async (tables) => {
        const all = descendants(readXml(await render(toDot(tables), 'svg')));
        const known = ['svg', 'g', 'a', 'title', 'text', 'polygon', 'polyline', 'path', 'ellipse'];
        for (const { name, attributes } of all) {
          expect(known).toContain(name);
          expect(Object.keys(attributes).filter((key) => /^on|href/.test(key))).toEqual([]);
        }
        const mounts = all.filter(({ name, attributes }) => name === 'g' && /\bmount\b/.test(attributes.class ?? ''));
        expect(mounts).toHaveLength(sizeOf(tables));
        const said = mounts.map((group) => blanks(descendants(group).find(({ name }) => name === 'text')?.text ?? ''));
        expect(said.sort()).toEqual(
          tables
            .flatMap(({ mounts }) => firstLines(mounts))
            .map(blanks)
            .sort(),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('are in Mermaid what they are', () => {
    fc.assert(
      fc.property(hostileTables, (tables) => {
        const text = toMermaid(tables);
        const drawing = readMermaid(text);
        expect(
          drawing.count -
            [...drawing.boxes.values()].filter(({ classes }) => classes.some((name) => name.startsWith('group')))
              .length,
        ).toBe(sizeOf(tables));
        expect(drawing.namespaces).toEqual(tables.map(({ namespace }) => shortened(printable(namespace), 48)));
        // What Mermaid's preprocessor looks for anywhere in the text.
        expect(text).not.toMatch(/%%|ﬂ|¶|style.*:\S*#.*;|classDef.*:\S*#.*;/);
      }),
      { numRuns: 200 },
    );
  });

  it.each(HOSTILE)('%j says what it is in all three', async (hostile) => {
    const tables = [{ namespace: 'n', mounts: [mount({ mountPoint: `/${hostile}`, source: hostile })] }];
    const expected = shortened(printable(`/${hostile}`), 36);
    const [dot] = (await readDot(toDot(tables))).boxes.values();
    expect(dot?.text[0]).toBe(blanks(expected));
    const svg = descendants(readXml(await render(toDot(tables), 'svg')));
    expect(svg.filter(({ name }) => name === 'text').map(({ text }) => blanks(text))).toContain(blanks(expected));
    const [mermaid] = readMermaid(toMermaid(tables)).boxes.values();
    expect(mermaid?.text[0]).toBe(expected);
  });

  it('are in full where the mouse points', async () => {
    const name = `/${'very/'.repeat(20)}<long>"&amp;\\n`;
    const tables = [{ namespace: 'n', mounts: [mount({ mountPoint: name, source: `/dev/${'x'.repeat(100)}` })] }];
    const titles = descendants(readXml(await render(toDot(tables), 'svg'))).map(
      ({ attributes }) => attributes['xlink:title'] ?? '',
    );
    expect(titles.some((title) => title.includes(name) && title.includes(`/dev/${'x'.repeat(100)}`))).toBe(true);
  });
});

describe('shortened', () => {
  it('leaves the start and the end', () => {
    expect(shortened('abcdefghij', 10)).toBe('abcdefghij');
    expect(shortened('abcdefghijk', 10)).toBe('abcd…ghijk');
    expect(shortened('abcdefghijk', 9)).toBe('abcd…hijk');
  });

  it('breaks no character, and is never longer than told', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 3, max: 20 }), (text, length) => {
        const short = shortened(text, length);
        expect([...short].length).toBeLessThanOrEqual(length);
        expect(short.isWellFormed()).toBe(true);
      }),
    );
  });
});

describe('printable', () => {
  it('has no character that XML has not, nor one that turns text', () => {
    expect(printable('a\ufffeb\uffff')).toBe('a\\357\\277\\276b\\357\\277\\277');
    expect(printable('\u202e\0\n\ud800')).toMatch(/^[\\0-9]+$/);
    expect(printable('/é日本 "\\')).toBe('/é日本 "\\');
  });
});
