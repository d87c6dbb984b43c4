/** Writing to the terminal. */
import { relative } from 'node:path';
import { CHECKOUT } from './checkout.ts';
import { COLOURS, type Ink, NO_COLOURS } from './words.ts';

export function print(line = ''): void {
  console.log(line);
}

/** Colours on a terminal, unless NO_COLOR is set. */
export function ink(): Ink {
  const { NO_COLOR = '', FORCE_COLOR } = process.env;
  const coloured = FORCE_COLOR === undefined ? process.stdout.isTTY && NO_COLOR === '' : FORCE_COLOR !== '0';
  return coloured ? COLOURS : NO_COLOURS;
}

/** A file of the checkout, as one would type it in the checkout's top folder. */
export function shown(file: string): string {
  return relative(CHECKOUT, file);
}
