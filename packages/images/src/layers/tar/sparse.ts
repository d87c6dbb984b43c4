/**
 * Files with holes: which parts of them are in the archive. GNU tar's manual, "Storing Sparse Files", has the four ways in
 * which it has written them; tar(5) the oldest.
 */
import { BLOCK, corrupt, number } from './header.ts';
import { type PaxRecords, paxNumber } from './pax.ts';

/** A part of a file that is in the archive. */
export interface Fragment {
  readonly offset: number;
  readonly length: number;
}

/** A file with holes. */
export interface Sparse {
  /** Its whole size. */
  readonly realSize: number;
  readonly fragments: readonly Fragment[];
}

/** More fragments than this no map may have: each takes memory, and a byte of the archive makes several. */
const MOST_FRAGMENTS = 65_536;

/** The map of the oldest format: four in the header, 21 more in each block that follows, as long as one says so. */
export function* readGnuSparse(header: Buffer): Generator<number, Sparse, Buffer> {
  const fragments: Fragment[] = [];
  const take = (block: Buffer, at: number, count: number) => {
    for (let i = 0; i < count && block.readUInt8(at + i * 24) !== 0; i++) {
      const [offset, length] = [0, 12].map((by) => number(block, at + i * 24 + by, 12, 'map of holes')) as [
        number,
        number,
      ];
      fragments.push({ offset, length });
    }
    if (fragments.length > MOST_FRAGMENTS) throw tooManyHoles();
  };
  take(header, 386, 4);
  let goesOn = header.readUInt8(482) !== 0;
  while (goesOn) {
    const block = yield BLOCK;
    take(block, 0, 21);
    goesOn = block.readUInt8(504) !== 0;
  }
  return { realSize: number(header, 483, 12, 'size'), fragments };
}

/**
 * What extended headers say of holes: format 0.0 and 0.1 with the map, format 1.0 without, since the file's data begins
 * with it; null for a file like any other.
 */
export function paxSparse(records: PaxRecords): { realSize: number; fragments: readonly Fragment[] | null } | null {
  const value = new Map(records);
  const realSize = value.get('GNU.sparse.realsize') ?? value.get('GNU.sparse.size');
  if (realSize === undefined) return null;
  return { realSize: paxNumber(realSize, 'size'), fragments: mapIn(records, value) };
}

function mapIn(records: PaxRecords, value: ReadonlyMap<string, string>): readonly Fragment[] | null {
  if (value.get('GNU.sparse.major') === '1' && value.get('GNU.sparse.minor') === '0') return null;
  const map = value.get('GNU.sparse.map');
  // In format 0.0 each fragment has two records, in 0.1 two numbers of a list.
  const numbers =
    map === undefined
      ? records.filter(([keyword]) => /^GNU\.sparse\.(offset|numbytes)$/.test(keyword)).map(([, number]) => number)
      : map.split(',').filter((number) => number !== '');
  return pairs(numbers.map((number) => paxNumber(number, 'map of holes')));
}

/** The map of format 1.0, at the beginning of the file's data: decimal numbers in lines, their count first, in whole blocks. */
export function* readSparseMap(
  dataSize: number,
): Generator<number, { fragments: readonly Fragment[]; size: number }, Buffer> {
  const blocks: string[] = [];
  let lines = 0;
  for (let count = 0; ; ) {
    if ((blocks.length + 1) * BLOCK > dataSize) throw corrupt('a file whose map of holes does not end');
    const block = (yield BLOCK).toString('latin1');
    blocks.push(block);
    // The number of fragments, in the first line, says how many lines there are: looked for in the first block only.
    if (blocks.length === 1) count = paxNumber(block.split('\n', 1)[0] ?? '', 'map of holes');
    if (count > MOST_FRAGMENTS) throw tooManyHoles();
    lines += block.split('\n').length - 1;
    if (lines < 1 + 2 * count) continue;
    const numbers = blocks
      .join('')
      .split('\n')
      .slice(1, 1 + 2 * count);
    return {
      fragments: pairs(numbers.map((line) => paxNumber(line, 'map of holes'))),
      size: blocks.length * BLOCK,
    };
  }
}

/**
 * Holds a map against the file: fragments one behind the other, none beyond the end, all data in them.
 *
 * @param size of the data in the archive.
 */
export function checkSparse({ realSize, fragments }: Sparse, size: number): Sparse {
  let [end, total] = [0, 0];
  for (const { offset, length } of fragments) {
    if (offset < end || length < 0) throw corrupt('a file whose map of holes overlaps');
    end = offset + length;
    total += length;
  }
  if (realSize < 0 || end > realSize || total !== size)
    throw corrupt('a file whose map of holes does not fit its size');
  return { realSize, fragments };
}

function pairs(numbers: readonly number[]): Fragment[] {
  if (numbers.length % 2 !== 0) throw corrupt('a file whose map of holes is incomplete');
  if (numbers.length > 2 * MOST_FRAGMENTS) throw tooManyHoles();
  return Array.from({ length: numbers.length / 2 }, (_, i) => ({
    offset: numbers[2 * i] ?? 0,
    length: numbers[2 * i + 1] ?? 0,
  }));
}

function tooManyHoles() {
  return corrupt(`a file with more than ${MOST_FRAGMENTS} holes`);
}
