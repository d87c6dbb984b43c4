/** What the tests of the mount table share: tables as text, mounts with defaults, arbitrary ones. */
import { fromBytes, type Mount, parseMountinfo } from '@ns-tool/mount-table';
import fc from 'fast-check';

/** A table from its text, which is written here with one character for each byte. */
export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

export function parse(text: string): Mount[] {
  return parseMountinfo(bytesOf(text));
}

/** A table in short: `id parent mountPoint [optional fields]` for each mount, of tmpfs with its ID as source. */
export function table(...lines: string[]): Mount[] {
  return parse(lines.map(lineOf).join(''));
}

function lineOf(short: string): string {
  const [id, parent, mountPoint, ...fields] = short.split(' ');
  return `${[id, parent, `0:${id}`, '/', mountPoint, 'rw', ...fields, '-', 'tmpfs', id, 'rw'].join(' ')}\n`;
}

export function mount(fields: Partial<Mount> = {}): Mount {
  const [plain] = table('20 1 /');
  return { ...(plain as Mount), ...fields };
}

/** Pieces of which bytes are made: what is special in a table, in UTF-8, in options, and in a terminal. */
const pieces = [
  ...['a', 'b', '/', ' ', '\t', '\n', '\\', '#', ',', '=', '"', ':', '-', '\0', '\x1b', '\\040', '\\1', '\\400'],
  ...['context="', 'fscontext="', '//deleted', 'shared:1', '\xc3', '\xa9', '\xc3\xa9', '\xe2\x82\xac', '\xe2\x82'],
  ...[
    '\xf0\x9f\x98\x80',
    '\xf0\x9f',
    '\xed\xa0\x80',
    '\xed\xb2\x80',
    '\xef\xbb\xbf',
    '\xef\xbf\xbd',
    '\xc0\xaf',
    '\xff',
  ],
  ...['\xf4\x8f\xbf\xbf', '\xf4\x90\x80\x80', '\xe0\x9f\xbf', '\xe0\xa0\x80', '\xf0\x8f\xbf\xbf', '\x80'],
];

export const anyBytes: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.array(fc.constantFrom(...pieces)).map((chosen) => bytesOf(chosen.join(''))),
  fc.uint8Array(),
);

export const anyName: fc.Arbitrary<string> = anyBytes.map(fromBytes);
const nameAfter = (start: string) => anyName.map((name) => start + name);
const anyNumber = fc.nat({ max: 999_999_999_999_999 });
const anyGroup = fc.option(fc.integer({ min: 1, max: 999_999_999_999_999 }));
const anyOptions = fc.array(anyName, { maxLength: 5 }).chain((rest) => nameAfter('r').map((first) => [first, ...rest]));
const anyUnknown = fc
  .string({ unit: fc.constantFrom('a', ':', '-', '\\', '1'), minLength: 2, maxLength: 6 })
  .map((field) => `x${field}`);

export const anyMount: fc.Arbitrary<Mount> = fc.record({
  id: anyNumber,
  parentId: anyNumber,
  device: fc.tuple(anyNumber, anyNumber).map((parts) => parts.join(':')),
  root: nameAfter('/'),
  mountPoint: nameAfter('/'),
  options: anyOptions,
  peerGroup: anyGroup,
  master: anyGroup,
  propagateFrom: anyGroup,
  unbindable: fc.boolean(),
  unknownFields: fc.array(anyUnknown, { maxLength: 3 }),
  type: nameAfter('t'),
  source: anyName,
  superOptions: anyOptions,
});
