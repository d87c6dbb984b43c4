/** Reading JSON that somebody else has written. */
import { ImageError } from '../error.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** @throws ImageError (corrupt) for what is no JSON object. */
export function parseObject(content: Uint8Array, what: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content));
  } catch (error) {
    throw new ImageError('corrupt', `${what} is no JSON`, undefined, { cause: error });
  }
  return checkedObject(value, what);
}

export function checkedObject(value: unknown, what: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new ImageError('corrupt', `${what} is no object`);
}

/** An array, or nothing for what is left out or null. */
export function optionalArray(value: unknown, what: string): readonly unknown[] | null {
  if (value === undefined || value === null) return null;
  if (Array.isArray(value)) return value;
  throw new ImageError('corrupt', `${what} is no list`);
}

export function optionalTexts(value: unknown, what: string): readonly string[] | null {
  return optionalArray(value, what)?.map((item) => checkedText(item, what)) ?? null;
}

export function optionalText(value: unknown, what: string): string | null {
  return value === undefined || value === null ? null : checkedText(value, what);
}

/** A value for people, which may be of any depth: JSON.stringify would run out of stack. */
export function shownValue(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null ? 'an object' : String(JSON.stringify(value)).slice(0, 100);
}

/** A text that can be handed to the kernel: no NUL, which would end it there. */
export function checkedText(value: unknown, what: string): string {
  if (typeof value === 'string' && !value.includes('\0')) return value;
  throw new ImageError('corrupt', `${what} is no text`);
}
