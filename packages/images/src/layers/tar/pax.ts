/** Extended headers of POSIX ("pax", section "pax Extended Header"): records of `LENGTH KEYWORD=VALUE\n`. */
import type { Timespec } from '@ns-tool/syscalls';
import { corrupt } from './header.ts';

/** Keywords with their values, one character per byte. In order, since those of old sparse files occur several times. */
export type PaxRecords = readonly (readonly [keyword: string, value: string])[];

/** @throws ImageError `corrupt` for what are no such records. */
export function readPax(bytes: Buffer): PaxRecords {
  const text = bytes.toString('latin1');
  const records: [string, string][] = [];
  for (let at = 0; at < text.length; ) {
    const space = text.indexOf(' ', at);
    const digits = text.slice(at, space === -1 ? at : space);
    const end = at + Number(digits);
    const equals = text.indexOf('=', space);
    // GNU tar has padded with NULs once; nothing may follow them.
    if (/^\0+$/.test(text.slice(at))) break;
    if (!/^[1-9]\d{0,8}$/.test(digits) || end > text.length || text[end - 1] !== '\n' || equals < 0 || equals >= end) {
      throw corrupt('an extended header that is none');
    }
    records.push([text.slice(space + 1, equals), text.slice(equals + 1, end - 1)]);
    at = end;
  }
  return records;
}

/** A decimal number that is not negative, as sizes and IDs are. */
export function paxNumber(value: string, what: string): number {
  if (!/^\d{1,16}$/.test(value) || !Number.isSafeInteger(Number(value))) {
    throw corrupt(`an extended header whose ${what} is no number`);
  }
  return Number(value);
}

/** A time: decimal seconds, with a sign and a fraction perhaps. What is finer than a nanosecond is cut off. */
export function paxTime(value: string): Timespec {
  const [, sign, whole = '', fraction = ''] = /^(-?)(\d{1,15})(?:\.(\d*))?$/.exec(value) ?? [];
  if (whole === '') throw corrupt('an extended header whose time is no number');
  const nanoseconds = Number(fraction.slice(0, 9).padEnd(9, '0'));
  if (sign === '') return { seconds: Number(whole), nanoseconds };
  // Nanoseconds count up from the second below: -1.25 is -2 s and 0.75 s.
  return nanoseconds === 0
    ? { seconds: 0 - Number(whole), nanoseconds }
    : { seconds: -Number(whole) - 1, nanoseconds: 1e9 - nanoseconds };
}
