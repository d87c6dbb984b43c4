/** A learner goes through each lesson from its text alone: every command is executed, every block of code written. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { type Block, blocksOf, typedIn } from './blocks.ts';
import { Comparison } from './compare.ts';
import { Learner } from './learner.ts';

const LESSONS = fileURLToPath(new URL('../../docs/lessons', import.meta.url));
const names = readdirSync(LESSONS).filter((name) => existsSync(join(LESSONS, name, 'README.md')));

it.skipIf(process.geteuid?.() !== 0).concurrent.each(names)('%s leads a learner to green', async (name) => {
  const { default: lesson } = await import(join(LESSONS, name, 'lesson.ts'));
  await using learner = await Learner.make();
  const standing = (await learner.type('readlink /proc/self/ns/*')).match(/\d+/g) ?? [];
  const compared = () => new Comparison(lesson.varies ?? [], standing);
  let comparison = compared();
  let section = 0;
  const begun = new Set<string>();

  for (const block of blocksOf(readFileSync(join(LESSONS, name, 'README.md'), 'utf8'))) {
    if (block.section !== section) comparison = compared();
    section = block.section;
    if (block.language === 'console') await execute(block);
    if (block.language === 'ts' && !block.title.includes('/')) await write(block);
  }

  for (const [file, text] of filesIn(join(LESSONS, name, 'solution'))) {
    expect(await learner.type(`cat my-lessons/${name}/${file}`), `${file}, as the text has it`).toBe(text);
  }
  const { lessons } = JSON.parse(await learner.type('npm run --silent lesson -- --json'));
  expect(lessons.find((entry: { name: string }) => entry.name === name)).toMatchObject({ reached: 'green' });

  async function execute(block: Block) {
    for (const { command, output, line } of typedIn(block)) {
      const real = await learner.type(command);
      const difference = comparison.difference(output, real);
      if (difference !== null) {
        expect(real, `${name}/README.md:${line}: ${command}: ${difference}`).toBe(output);
        expect.fail(`${name}/README.md:${line}: ${command}: ${difference}`);
      }
    }
  }

  async function write({ title, body }: Block) {
    const text = begun.has(title) ? `\n${body}` : body;
    await learner.write(`my-lessons/${name}/${title}`, text, { append: begun.has(title) });
    begun.add(title);
  }
});

function filesIn(folder: string): [name: string, text: string][] {
  return readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]);
}
