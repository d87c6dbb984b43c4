/** Signals on the command line. */
import { constants } from 'node:os';
import { UsageError } from './errors.ts';

/**
 * A signal by its name, with or without SIG, in capitals or not; or by its number.
 *
 * @param option that it is given to.
 * @throws UsageError for what is none.
 */
export function parseSignal(option: string, text: string): NodeJS.Signals {
  const name = `SIG${text.toUpperCase().replace(/^SIG/, '')}`;
  const found = Object.entries(constants.signals).find(([known, number]) => known === name || String(number) === text);
  if (found !== undefined) return found[0] as NodeJS.Signals;
  throw new UsageError(`--${option}: not a signal: ${JSON.stringify(text)}`, `Give its name: --${option}=TERM`);
}
