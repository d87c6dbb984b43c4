/** Whether an output is the one that a text shows. Pure. */

/**
 * What may differ, always: ids of namespaces, peer groups, pids that are named so. Within a section of a text, the same
 * number must stand for the same number, and within an output different ones for different ones. In a later output, a
 * number may be that of something new, since the kernel gives numbers again: what had it before must then be gone, and
 * may not be shown any more.
 */
const ALWAYS = [/(?<=:\[)\d+(?=\])/g, /(?<=\b(?:shared|master|propagate_from):)\d+/g, /(?<=\bpid )\d+/g];

/** Compares the outputs of one section of a lesson with its text, in order. */
export class Comparison {
  private readonly expressions: readonly RegExp[];
  /** For each expression, what stands for what: from the text's to the real, and back. */
  private readonly names: readonly { readonly there: Map<string, string>; readonly back: Map<string, string> }[];

  /** What the lesson lets vary, and the numbers of what stands throughout, which nothing new can have. */
  constructor(
    varies: readonly RegExp[],
    private readonly standing: readonly string[] = [],
  ) {
    this.expressions = [...varies.map((each) => new RegExp(each.source, `${each.flags.replace('g', '')}g`)), ...ALWAYS];
    this.names = this.expressions.map(() => ({ there: new Map(), back: new Map() }));
  }

  /** Why an output is not what the text shows, or null if it is. */
  difference(shown: string, output: string): string | null {
    const { pattern, tokens } = this.patternOf(trimmed(shown));
    const match = pattern.exec(trimmed(output));
    if (match === null) return 'the output differs';
    const present = new Set(tokens.map(({ expression, text }) => `${expression} ${text}`));
    for (const [i, { expression, text }] of tokens.entries()) {
      const real = match[i + 1] ?? '';
      if (!this.isLike(expression, real, match.indices?.[i + 1]?.[0] ?? 0, trimmed(output))) {
        return `${real} cannot stand for ${text}`;
      }
      const clash = this.pair(expression, text, real, (other) => present.has(`${expression} ${other}`));
      if (clash !== null) return clash;
    }
    return null;
  }

  /** An expression that a fitting output matches as a whole, with a group for each piece of the text that may differ. */
  private patternOf(shown: string): { pattern: RegExp; tokens: readonly { expression: number; text: string }[] } {
    const tokens: { expression: number; text: string; from: number; to: number }[] = [];
    for (const [expression, each] of this.expressions.entries()) {
      for (const { 0: text, index } of shown.matchAll(each)) {
        const token = { expression, text, from: index, to: index + text.length };
        if (text !== '' && tokens.every(({ from, to }) => token.to <= from || token.from >= to)) tokens.push(token);
      }
    }
    tokens.sort((a, b) => a.from - b.from);
    let source = '';
    let at = 0;
    for (const { from, to } of tokens) {
      source += `${literal(shown.slice(at, from))}(.+?)`;
      at = to;
    }
    source += literal(shown.slice(at));
    return { pattern: new RegExp(`^${source}$`, 'd'), tokens };
  }

  private isLike(expression: number, real: string, index: number, output: string): boolean {
    const matches = output.matchAll(this.expressions[expression] ?? /$^/g);
    return [...matches].some((match) => match.index === index && match[0] === real);
  }

  /** Notes that one stands for the other. Returns why it cannot, if so. */
  private pair(expression: number, text: string, real: string, isPresent: (text: string) => boolean): string | null {
    const { there, back } = this.names[expression] ?? { there: new Map(), back: new Map() };
    const before = there.get(text);
    const other = back.get(real);
    if (before !== undefined && before !== real) return `${text} was ${before} before, and is ${real} now`;
    if (other !== undefined && other !== text) {
      const isGone = before === undefined && !isPresent(other) && !this.standing.includes(real);
      if (!isGone) return `${real} is what the text calls both ${other} and ${text}`;
    }
    there.set(text, real);
    back.set(real, text);
    return null;
  }
}

/** A piece of the text as an expression: `…` alone on a line for any lines, within a line for any text. */
function literal(text: string): string {
  return text
    .replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
    .replace(/(?<=^|\n)…\n/g, '(?:[^\\n]*\\n)*?')
    .replace(/\n…$/g, '(?:\\n[^\\n]*)*')
    .replace(/^…$/g, '[^]*')
    .replaceAll('…', '[^\\n]*?');
}

/** Without the space at the ends of lines, which a text does not show, and without the last newlines. */
function trimmed(text: string): string {
  return text.replace(/[ \t\r]+$/gm, '').replace(/\n+$/, '');
}
