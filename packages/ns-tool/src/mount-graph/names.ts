/** Names as a picture shows them. */
import { display } from '@ns-tool/mount-table';

/** A name in characters that any of the formats can hold: those of `display`, without the two more that XML excludes. */
export function printable(name: string): string {
  return display(name).replaceAll('\ufffe', '\\357\\277\\276').replaceAll('\uffff', '\\357\\277\\277');
}

/** At most so many characters of a text, with the middle left out: the start and the end say most about a path. */
export function shortened(text: string, length: number): string {
  const characters = Array.from(text);
  if (characters.length <= length) return text;
  const start = Math.floor((length - 1) / 2);
  return [...characters.slice(0, start), '…', ...characters.slice(characters.length - (length - 1 - start))].join('');
}
