/** Keeps the lessons true: each code block with a file's name, "```ts isolated-mount.ts", is a part of that file. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const here = import.meta.dirname;
const lessons = readdirSync(here).filter((name) => /^\d\d-.*\.md$/.test(name));

describe.each(lessons)('%s', (lesson) => {
  const folder = join(here, basename(lesson, '.md'));
  const text = readFileSync(join(here, lesson), 'utf8');
  const blocks = [...text.matchAll(/^```ts (\S+)\n(.*?)^```$/gms)].map(([, file = '', code = '']) => ({ file, code }));

  it('shows code of every file of its exercise', () => {
    expect([...new Set(blocks.map(({ file }) => file))].sort()).toEqual(readdirSync(folder).sort());
  });

  it.each(blocks)('shows $file as it is', ({ file, code }) => {
    expect(readFileSync(join(folder, file), 'utf8')).toContain(code);
  });

  it('links to files that exist', () => {
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, target = '']) => target);
    expect(links.filter((target) => !existsSync(join(here, target)))).toEqual([]);
  });
});
