import { display, fromBytes, toBytes } from '@ns-tool/mount-table';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyBytes, bytesOf } from './tables.ts';

describe('fromBytes', () => {
  it.each([
    ['ASCII', '/mnt/a', '/mnt/a'],
    ['UTF-8 of two, three and four bytes', '\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80', 'é € 😀'],
    ['a byte order mark, which is part of the name', '\xef\xbb\xbfa', '\ufeffa'],
    ['U+FFFD itself', '\xef\xbf\xbd', '\ufffd'],
    ['U+10FFFF, the last one', '\xf4\x8f\xbf\xbf', '\u{10ffff}'],
    ['a byte that is never UTF-8', 'a\xffb', 'a\udcffb'],
    ['a continuation byte alone', '\x80', '\udc80'],
    ['a sequence cut short', '\xe2\x82', '\udce2\udc82'],
    ['a sequence cut short by another', '\xe2\x82\xe2\x82\xac', '\udce2\udc82€'],
    ['an overlong form of two bytes', '\xc0\xaf', '\udcc0\udcaf'],
    ['an overlong form of three bytes', '\xe0\x9f\xbf', '\udce0\udc9f\udcbf'],
    ['an overlong form of four bytes', '\xf0\x8f\xbf\xbf', '\udcf0\udc8f\udcbf\udcbf'],
    ['a surrogate, which UTF-8 does not have', '\xed\xb2\x80', '\udced\udcb2\udc80'],
    ['beyond U+10FFFF', '\xf4\x90\x80\x80', '\udcf4\udc90\udc80\udc80'],
    ['a lead byte beyond all of UTF-8', '\xf5\x80\x80\x80', '\udcf5\udc80\udc80\udc80'],
    ['right and wrong mixed', 'é'.replace('é', '\xc3\xa9\xff\xc3\xa9'), 'é\udcffé'],
    ['a byte order mark among wrong ones', '\xff\xef\xbb\xbf\xff\xef\xbb\xbf', '\udcff\ufeff\udcff\ufeff'],
    ['nothing', '', ''],
  ])('decodes %s', (_, bytes, name) => {
    expect(fromBytes(bytesOf(bytes))).toBe(name);
    expect(toBytes(name)).toEqual(bytesOf(bytes));
  });

  it('loses nothing, whatever the bytes', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        expect(toBytes(fromBytes(bytes))).toEqual(bytes);
      }),
      { numRuns: 1000 },
    );
  });

  it('is what TextDecoder says where that finds no error', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const decoded = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
        if (fromBytes(bytes).isWellFormed()) expect(fromBytes(bytes)).toBe(decoded);
        else expect(decoded).toContain('\ufffd');
      }),
      { numRuns: 1000 },
    );
  });

  it('decodes a million wrong bytes', () => {
    const bytes = new Uint8Array(1_000_000).fill(0xff);
    const mixed = bytes.map((byte, i) => (i % 2 ? byte : 0x61));
    for (const hostile of [bytes, mixed]) expect(Buffer.compare(toBytes(fromBytes(hostile)), hostile)).toBe(0);
  });

  it('reads a view at its offset', () => {
    expect(fromBytes(bytesOf('abc\xff').subarray(1, 3))).toBe('bc');
    expect(fromBytes(bytesOf('abc\xff').subarray(2))).toBe('c\udcff');
  });
});

describe('a name', () => {
  it('survives JSON, wrong bytes and all', () => {
    const name = fromBytes(bytesOf('/\xff\xc3\xa9'));
    expect(JSON.parse(JSON.stringify(name))).toBe(name);
  });
});

describe('toBytes', () => {
  it('writes a surrogate that stands for no byte as U+FFFD, as TextEncoder does', () => {
    expect(toBytes('\ud800')).toEqual(bytesOf('\xef\xbf\xbd'));
    expect(toBytes('\udcff\udc7f\udd00')).toEqual(bytesOf('\xff\xef\xbf\xbd\xef\xbf\xbd'));
  });
});

describe('display', () => {
  it.each([
    ['a plain name as it is', '/mnt/a b#é€😀\\x2d', '/mnt/a b#é€😀\\x2d'],
    ['control characters escaped', '\x1b[2J\n\x7f', '\\033[2J\\012\\177'],
    ['control characters beyond ASCII escaped', '\u0085\u2028\u2029', '\\302\\205\\342\\200\\250\\342\\200\\251'],
    ['what turns the direction of text escaped', 'a\u202eb', 'a\\342\\200\\256b'],
    ['bytes that are not UTF-8 escaped', '\udcff\udc80', '\\377\\200'],
  ])('shows %s', (_, name, shown) => {
    expect(display(name)).toBe(shown);
  });
});
