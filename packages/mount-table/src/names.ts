/** Names: bytes to the kernel, strings here. See {@link fromBytes}. */

/** As the Encoding Standard has it, except that U+FEFF at the start is part of a name like any other character. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/**
 * The name that these bytes are, as a string that loses nothing. Never fails.
 *
 * Most names are UTF-8, none need be. So the bytes are decoded as UTF-8, and each byte that is not UTF-8 becomes the lone
 * surrogate U+DC00 + byte (U+DC80 to U+DCFF), as Python has it (PEP 383, "surrogateescape"). Thus
 *
 * - a name that is UTF-8 is the string that one would write: `mount.mountPoint === '/mnt/é'`;
 * - different bytes are different strings: names can be compared, and be the keys of a Map;
 * - {@link toBytes} gives back the bytes, and JSON carries the string unharmed;
 * - `name.isWellFormed()` tells whether it is UTF-8.
 *
 * It is also the quickest form where there is no Buffer: engines decode UTF-8 at the speed of memory, but Latin-1 not at
 * all, since the Web calls windows-1252 by that name.
 */
export function fromBytes(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    return decodedInParts(bytes);
  }
}

/**
 * The bytes of a name, for a system call or a file.
 *
 * @param name from {@link fromBytes} or this package's parsers, or any string. A surrogate that stands for no byte becomes
 *   U+FFFD, as with TextEncoder.
 */
export function toBytes(name: string): Uint8Array {
  if (name.isWellFormed()) return encoder.encode(name);
  const parts = name
    .split(/([\udc80-\udcff]+)/u)
    .map((part, i) => (i % 2 === 0 ? encoder.encode(part) : Uint8Array.from(part, byteOf)));
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/**
 * A name for a person to read. What could drive a terminal or turn the direction of text, and bytes that are not UTF-8, are
 * written in octal as the kernel does: `\033`. A backslash stays one, so do not read it back.
 */
export function display(name: string): string {
  // Nearly always. The other pattern takes longer to be compiled than the rest of this package.
  if (/^[ -~]*$/.test(name)) return name;
  return name.replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, (character) =>
    Array.from(toBytes(character), octal).join(''),
  );
}

/** A byte as the kernel escapes it: `\040`. */
export function octal(byte: number): string {
  return `\\${byte.toString(8).padStart(3, '0')}`;
}

/** The character, or the half of one, for a byte by itself. */
export function characterOf(byte: number): string {
  return String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte);
}

function byteOf(surrogate: string): number {
  return surrogate.charCodeAt(0) - 0xdc00;
}

function decodedInParts(bytes: Uint8Array): string {
  const parts: string[] = [];
  let start = 0;
  let at = 0;
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at);
    if (length > 0) {
      at += length;
      continue;
    }
    parts.push(decoder.decode(bytes.subarray(start, at)), characterOf(bytes[at] as number));
    at += 1;
    start = at;
  }
  parts.push(decoder.decode(bytes.subarray(start)));
  return parts.join('');
}

/** The length of the UTF-8 sequence that starts here, or 0 if none does: table 3-7 of the Unicode Standard. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] as number;
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  // The second byte rules out overlong forms, surrogates, and what lies beyond U+10FFFF.
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (!isBetween(bytes[at + 1], low, high)) return 0;
  for (let i = at + 2; i < at + length; i++) if (!isBetween(bytes[i], 0x80, 0xbf)) return 0;
  return length;
}

function isBetween(byte: number | undefined, low: number, high: number): boolean {
  return byte !== undefined && byte >= low && byte <= high;
}
