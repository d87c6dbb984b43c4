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
export function describeSteps(steps: readonly Step[], ink: Ink, width = Number.POSITIVE_INFINITY): string {
  return steps.flatMap((step) => linesOf(step, ink, width - INDENT.length)).join('\n');
}

/** As wide as what stands before a text: a mark and the name of the step. */
const INDENT = ' '.repeat(9);

/** @param room how wide a text may be. */
function linesOf({ name, state, says, findings }: Step, ink: Ink, room: number): string[] {
  const start = (mark: string) => `${mark} ${name.padEnd(6)} `;
  if (state === 'done') return indented(start(ink.green('✓')), says, room);
  if (state === 'waiting') return indented(start(' '), `later: ${TO_DO[name]}`, room).map(ink.faint);
  return findings.flatMap(({ says, hint }, i) => [
    ...indented(i === 0 ? start(ink.red('✗')) : INDENT, says, room),
    // Once for all that it helps with.
    ...(hint === undefined || hint === findings[i + 1]?.hint ? [] : indented(INDENT, hint, room).map(ink.faint)),
  ]);
}

/** A text in lines that there is room for, broken at blanks where there are any. */
function indented(first: string, text: string, room: number): string[] {
  const words = text.split(' ');
  const lines = words
    .slice(1)
    .reduce(
      ([line = '', ...before], word) =>
        line.length + word.length < room ? [`${line} ${word}`, ...before] : [word, line, ...before],
      words.slice(0, 1),
    );
  return lines.reverse().map((line, i) => (i === 0 ? first : INDENT) + line);
}

/** What each step is about. */
const TO_DO = {
  red: 'your test fails on the stub',
  good: 'your test passes on a correct program, and fails on each wrong one',
  green: "your program passes your test and the course's own",
};
