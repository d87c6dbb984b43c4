import leven from 'leven';
import { UsageError } from './errors.ts';

/** The error about an unknown word, with the known word that is nearest to it as a hint, if one is near at all. */
export function nearest(what: 'command' | 'option', unknown: string, known: readonly string[]): UsageError {
  const dashes = what === 'option' ? '--' : '';
  const [best] = known
    .map((word) => ({ word, distance: leven(unknown, word) }))
    .filter(({ word, distance }) => distance <= Math.max(2, word.length / 3) && haveCommon(word, unknown))
    .sort((a, b) => a.distance - b.distance);
  const hint = best && `Did you mean ${dashes}${best.word}?`;
  return new UsageError(`unknown ${what}: ${dashes}${unknown}`, hint);
}

/** Whether two words have a letter in common: short ones are near each other otherwise, whatever they are. */
function haveCommon(one: string, other: string): boolean {
  return [...one].some((letter) => other.includes(letter));
}
