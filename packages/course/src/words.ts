/** The steps of a check, for a terminal. Pure. */
import type { Step } from './verdict.ts';

/** Marks a piece of text, or leaves it as it is. */
export interface Ink {
  green(text: string): string;
  red(text: string): string;
  faint(text: string): string;
}

const sgr = (code: number) => (text: string) => `\x1b[${code}m${text}\x1b[0m`;
export const COLOURS: Ink = { green: sgr(32), red: sgr(31), faint: sgr(2) };
export const NO_COLOURS: Ink = { green: String, red: String, faint: String };

/**
 *     ✓ red    your test fails on the stub: expected '' to match /^tmpfs/
 *     ✗ good   your test does not notice when / is not made private
 *              Watch the parent's mount table while the program runs, not only before and after.
 *       green  your program passes your test and the course's own
 */
export function describeSteps(steps: readonly Step[], ink: Ink): string {
  return steps.flatMap((step) => linesOf(step, ink)).join('\n');
}

function linesOf({ name, state, says, findings }: Step, ink: Ink): string[] {
  const title = name.padEnd(6);
  const indent = ' '.repeat(title.length + 3);
  if (state === 'done') return [`${ink.green('✓')} ${title} ${says}`];
  if (state === 'waiting') return [ink.faint(`  ${title} later: ${TO_DO[name]}`)];
  return findings.flatMap(({ says, hint }, i) => [
    i === 0 ? `${ink.red('✗')} ${title} ${says}` : `${indent}${says}`,
    // Once for all that it helps with.
    ...(hint === undefined || hint === findings[i + 1]?.hint ? [] : [ink.faint(`${indent}${hint}`)]),
  ]);
}

/** What each step is about. */
const TO_DO = {
  red: 'your test fails on the stub',
  good: 'your test passes on a correct program, and fails on each wrong one',
  green: "your program passes your test and the course's own",
};
