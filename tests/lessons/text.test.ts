/** What can be said of a lesson's text without running it: it has its parts, and names nothing that is not there. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as syscalls from '@ns-tool/syscalls';
import { describe, expect, it } from 'vitest';
import { blocksOf, typedIn } from './blocks.ts';

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));
const LESSONS = join(CHECKOUT, 'docs/lessons');
const names = readdirSync(LESSONS).filter((name) => existsSync(join(LESSONS, name, 'README.md')));

const PARTS = [
  'Goal',
  'Concepts',
  'Red',
  'Green',
  'Verify',
  'Clean up',
  'Common errors',
  'What the documents say',
  'Questions',
  'Next',
];

/** What a text calls by the name of a constant: `MS_REC`, `POLLPRI`, `EPERM`; not ERRORS, a part of each man page. */
const CONSTANT =
  /\b(?:(?:MS|CLONE|MNT|UMOUNT|O|AT|NS(?!_TOOL)|PR|CAP|MOUNT_ATTR|OPEN_TREE)_[A-Z0-9_]+|(?:SIG|POLL)[A-Z0-9]{2,}|E(?!RRORS)[A-Z0-9]{3,})\b(?!…)/g;

/** Constants of the kernel that a text may explain though the library has no use for them. */
const HEADER_CONSTANTS = constantsOfHeaders();

describe.each(names)('%s', (name) => {
  const folder = join(LESSONS, name);
  const text = readFileSync(join(folder, 'README.md'), 'utf8');
  const prose = text.replace(/^```.*?^```$/gms, '');
  const blocks = blocksOf(text);

  it('has its number and a title', () => {
    expect(text.split('\n', 1)[0]).toMatch(new RegExp(`^# Lesson ${name.slice(0, 2)}: \\S`));
  });

  it('has all its parts, in their order', () => {
    const headings = [...prose.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
    expect(headings.filter((heading) => PARTS.includes(heading ?? ''))).toEqual(PARTS);
  });

  it('has two files of an exercise, and the same two of a solution', () => {
    const files = readdirSync(join(folder, 'exercise')).sort();
    expect(files).toEqual([expect.stringMatching(/^[\w-]+\.test\.ts$/), expect.stringMatching(/^[\w-]+\.ts$/)]);
    expect(files[0]).toBe(files[1]?.replace('.ts', '.test.ts'));
    expect(readdirSync(join(folder, 'solution')).sort()).toEqual(files);
  });

  it('has no code that is not of a file', () => {
    const other = blocks.filter(({ language, title }) => !['console', 'text', 'mermaid'].includes(language) && !title);
    expect(other).toEqual([]);
  });

  it('shows stubs as they are', () => {
    for (const { title, body } of blocks.filter(({ title }) => title.startsWith('exercise/'))) {
      expect(readFileSync(join(folder, title), 'utf8')).toContain(body);
    }
  });

  it('shows the solution whole', () => {
    for (const file of readdirSync(join(folder, 'solution'))) {
      const shown = blocks.filter(({ title }) => title === file).map(({ body }) => body);
      expect(shown.join('\n'), file).toBe(readFileSync(join(folder, 'solution', file), 'utf8'));
    }
  });

  it('links to what is there', () => {
    const links = [...prose.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)];
    const broken = links.filter(([, path = '', anchor]) => !leads(resolve(folder, path || 'README.md'), anchor));
    expect(broken.map(([link]) => link)).toEqual([]);
  });

  it.skipIf(HEADER_CONSTANTS.size === 0)('names constants and errors that exist', () => {
    const named = new Set(text.match(CONSTANT));
    const unknown = [...named].filter((constant) => !isConstant(constant));
    expect(unknown).toEqual([]);
  });

  it('uses options that the commands have', () => {
    const lines = blocks.filter(({ language }) => language === 'console').flatMap(typedIn);
    const inline = [...prose.matchAll(/`([^`\n]*ns-tool [^`\n]*)`/g)].map(([, code = '']) => code);
    for (const line of [...lines.map(({ command }) => command), ...inline]) {
      for (const [, command = '', args = ''] of line.matchAll(/\bns-tool ([a-z-]+)((?: [^|;&>'"\n]*)?)/g)) {
        const options = (args.split(/ -- ?/, 1)[0] ?? '').match(/(?<= )--[a-z][\w-]*/g) ?? [];
        expect(unknownOptions(command, options), line).toEqual([]);
      }
    }
  });
});

it('every lesson is in the table of the course, and every lesson of the table is there', () => {
  const table = readFileSync(join(LESSONS, 'README.md'), 'utf8');
  const listed = [...table.matchAll(/\]\((\d\d-[\w-]+)\/README\.md\)/g)].map(([, name]) => name);
  expect([...new Set(listed)]).toEqual(names);
});

function leads(path: string, anchor: string | undefined): boolean {
  if (!existsSync(path)) return false;
  if (!anchor || !path.endsWith('.md')) return true;
  const headings = [...readFileSync(path, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading));
  return headings.includes(anchor);
}

/** The anchor that GitHub gives to a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');
}

function isConstant(name: string): boolean {
  if (name in syscalls || HEADER_CONSTANTS.has(name)) return true;
  try {
    syscalls.errnoNumber(name as syscalls.ErrnoName);
    return true;
  } catch {
    return (syscalls.CAPABILITIES as readonly string[]).includes(name);
  }
}

/** Names that the headers of the kernel and of the C library define; none without a compiler. */
function constantsOfHeaders(): ReadonlySet<string> {
  const includes = ['sched', 'errno', 'signal', 'fcntl', 'sys/mount', 'sys/stat', 'sys/prctl', 'sys/poll', 'sys/wait'];
  const more = ['linux/capability', 'linux/nsfs', 'linux/mount'];
  const source = [...includes, ...more].map((header) => `#include <${header}.h>\n`).join('');
  const cpp = spawnSync('gcc', ['-D_GNU_SOURCE', '-dM', '-E', '-'], { input: source, encoding: 'utf8' });
  return new Set([...(cpp.stdout ?? '').matchAll(/^#define (\w+)/gm)].map(([, name = '']) => name));
}

function unknownOptions(command: string, options: readonly string[]): readonly string[] {
  if (options.length === 0) return [];
  const tool = join(dirname(LESSONS), '../packages/ns-tool/dist/bin/ns-tool.cjs');
  const { stdout } = spawnSync(process.execPath, [tool, command, '--help'], { encoding: 'utf8' });
  return options.filter((option) => !new RegExp(`${option}(?![\\w-])`).test(stdout));
}
