import { describe, expect, it } from 'vitest';
import { blocksOf, typedIn } from './blocks.ts';
import { Comparison } from './compare.ts';

/** Whether each output is what the text shows, in one section. */
function agree(
  pairs: readonly (readonly [shown: string, output: string])[],
  varies: readonly RegExp[] = [],
  standing: readonly string[] = [],
): boolean {
  const comparison = new Comparison(varies, standing);
  return pairs.every(([shown, output]) => comparison.difference(shown, output) === null);
}

describe('an output', () => {
  it.each([
    ['the same', 'a\nb', 'a\nb\n', true],
    ['another', 'a\nb', 'a\nc', false],
    ['none, where one is shown', 'a', '', false],
    ['one, where none is shown', '', 'a', false],
    ['more than is shown', 'a', 'a\nb', false],
    ['with more before it than is shown', 'b', 'a\nb', false],
    ['with lines where the text is cut', 'a\n…\nd', 'a\nb\nc\nd', true],
    ['with no lines where the text is cut', 'a\n…\nd', 'a\nd', true],
    ['cut at the start', '…\nd', 'b\nc\nd', true],
    ['cut at the end', 'a\n…', 'a\nb', true],
    ['cut within a line', 'a…d', 'a b c d', true],
    ['cut within a line, over two', 'a…d', 'a\nd', false],
    ['with special characters', 'a+(b)[c]$^|\\ {1} */', 'a+(b)[c]$^|\\ {1} */', true],
    ['of which one stands for any', 'a.c', 'abc', false],
    ['with space at the ends of lines', 'a\nb', 'a  \nb', true],
    ['with another number', 'mode 755', 'mode 777', false],
    ['with another namespace', 'mnt:[4026531832]', 'mnt:[4026532177]', true],
    ['with a namespace of another kind', 'mnt:[4026531832]', 'pid:[4026531832]', false],
    ['with something else for a number', 'shared:21', 'shared:x', false],
    ['with another pid', 'sh (pid 12)', 'sh (pid 34567)', true],
  ])('%s', (_, shown, output, fits) => {
    expect(agree([[shown, output]])).toBe(fits);
  });
});

describe('numbers that may differ', () => {
  it('stand for the same number again', () => {
    const first = ['mnt:[1] mnt:[2]', 'mnt:[7] mnt:[8]'] as const;
    expect(agree([first, ['mnt:[1]', 'mnt:[7]']])).toBe(true);
    expect(agree([first, ['mnt:[1]', 'mnt:[8]']])).toBe(false);
    expect(agree([first, ['mnt:[1]', 'mnt:[9]']])).toBe(false);
  });

  it('stand for different ones where they differ', () => {
    expect(agree([['mnt:[1] mnt:[2]', 'mnt:[7] mnt:[7]']])).toBe(false);
  });

  it('may come again for something later: the kernel gives the number of what is gone to what is new', () => {
    const first = ['mnt:[1]', 'mnt:[7]'] as const;
    const later = ['mnt:[2]', 'mnt:[7]'] as const;
    expect(agree([first, later])).toBe(true);
    expect(agree([first, later, ['mnt:[2]', 'mnt:[7]']])).toBe(true);
    expect(agree([first, later, ['mnt:[1]', 'mnt:[7]']])).toBe(false);
    expect(agree([first, later, ['mnt:[1]', 'mnt:[8]']])).toBe(false);
    expect(agree([first, ['mnt:[1] mnt:[2]', 'mnt:[7] mnt:[7]']])).toBe(false);
  });

  it('do not come again for something else while what has them stands', () => {
    const pairs = [
      ['mnt:[1]', 'mnt:[7]'],
      ['mnt:[2]', 'mnt:[7]'],
    ] as const;
    expect(agree(pairs, [], ['7'])).toBe(false);
    expect(agree(pairs, [], ['8'])).toBe(true);
  });

  it('are counted by kind: a group may have the number of a pid', () => {
    expect(agree([['shared:1 pid 2', 'shared:7 pid 7']])).toBe(true);
  });

  it('are also what the lesson says', () => {
    expect(agree([['took 12 ms', 'took 9 ms']])).toBe(false);
    expect(agree([['took 12 ms', 'took 9 ms']], [/(?<=took )\d+/])).toBe(true);
    expect(agree([['took 12 ms', 'took x ms']], [/(?<=took )\d+/])).toBe(false);
  });

  it('are found where a text is cut before them', () => {
    expect(
      agree([
        ['…\nmnt:[1]', 'mnt:[5]\nmnt:[6]'],
        ['mnt:[1]', 'mnt:[6]'],
      ]),
    ).toBe(true);
  });
});

describe('blocks', () => {
  const text = '# A\n\n```console\n$ a\nout\n# b <<EOF\n$ c\nEOF\n```\n\n## B\n\n```ts x.ts\nlet x;\n```\n';

  it('have a language, a title, a body, a line and a section', () => {
    expect(blocksOf(text)).toEqual([
      { language: 'console', title: '', body: '$ a\nout\n# b <<EOF\n$ c\nEOF\n', line: 3, section: 1 },
      { language: 'ts', title: 'x.ts', body: 'let x;\n', line: 13, section: 3 },
    ]);
  });

  it('hold commands with their outputs, and here-documents as part of a command', () => {
    expect(blocksOf(text).slice(0, 1).flatMap(typedIn)).toEqual([
      { prompt: '$', command: 'a', output: 'out', line: 4, until: null },
      { prompt: '#', command: 'b <<EOF\n$ c\nEOF', output: '', line: 6, until: null },
    ]);
  });

  it('that begin with an output are a mistake', () => {
    expect(() => blocksOf('```console\nout\n```\n').flatMap(typedIn)).toThrow('line 2: output without a command');
  });
});
