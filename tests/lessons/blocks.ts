/** The code blocks of a lesson's text. Pure. */

/** A fenced block: "```console", or "```ts mount.ts" with a title. */
export interface Block {
  readonly language: string;
  readonly title: string;
  readonly body: string;
  /** The line of its fence, from 1. */
  readonly line: number;
  /** How many headings stand above it. */
  readonly section: number;
}

/** A command of a console block, and what the text shows of its output. */
export interface Typed {
  readonly prompt: '$' | '#';
  /** One line, or several where a here-document follows. */
  readonly command: string;
  readonly output: string;
  readonly line: number;
}

export function blocksOf(text: string): readonly Block[] {
  return [...text.matchAll(/^```(\w+)(?: (\S+))?\n(.*?)^```$/gms)].map(
    ({ 1: language = '', 2: title = '', 3: body = '', index }) => {
      const above = text.slice(0, index);
      const section = above.match(/^#{1,6} /gm)?.length ?? 0; // Comments of a shell in a block above count too: no harm.
      return { language, title, body, line: above.split('\n').length, section };
    },
  );
}

export function typedIn({ body, line: fence }: Block): readonly Typed[] {
  const typed: { prompt: '$' | '#'; command: string[]; output: string[]; line: number; until: string | null }[] = [];
  for (const [i, line] of body.replace(/\n$/, '').split('\n').entries()) {
    const last = typed.at(-1);
    const [, prompt, command] = /^([$#]) (.*)$/.exec(line) ?? [];
    if (last?.until != null) {
      last.command.push(line);
      if (line === last.until) last.until = null;
    } else if (prompt !== undefined && command !== undefined) {
      const [, until = null] = /<<'?(\w+)'?$/.exec(command) ?? [];
      typed.push({ prompt: prompt as '$' | '#', command: [command], output: [], line: fence + 1 + i, until });
    } else if (last !== undefined) {
      last.output.push(line);
    } else {
      throw new Error(`line ${fence + 1 + i}: output without a command`);
    }
  }
  return typed.map(({ command, output, ...rest }) => ({
    ...rest,
    command: command.join('\n'),
    output: output.join('\n'),
  }));
}
