/** The picture of mount tables as a file: the only part of this folder that acts. */
import { randomBytes } from 'node:crypto';
import { renameSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { getSystemErrorMap } from 'node:util';
import { UsageError, UserError } from '../errors.ts';
import { dotOf } from './dot.ts';
import { MOST_CHARACTERS, MOST_LINES, mermaidOf } from './mermaid.ts';
import { printable } from './names.ts';
import { type DrawnTable, type Picture, pictureOf, sizeOf } from './picture.ts';

/** What is laid out within seconds, and can still be looked at. Every box is a row, or part of one. */
const MOST_BOXES = 600;

const FILTER =
  'Draw fewer processes, or fewer mounts: ns-tool mounts --propagation shared,slave, or --types, or a PATH with -R.';

/** What a picture is as a file, by its ending. */
const FORMATS: Readonly<Record<string, (picture: Picture) => string | Promise<string>>> = {
  '.dot': dotOf,
  '.svg': svgOf,
  '.mmd': limitedMermaidOf,
};

/**
 * Writes the picture of mount tables to a file, as its ending says: `.dot` for Graphviz, `.svg` laid out, `.mmd` for Mermaid.
 *
 * The file is there as a whole or not at all: another one of its name is replaced at the end, or left as it was.
 *
 * @param tables of one machine, read at one time; one for each namespace, whose name is shown.
 * @throws UsageError for another ending; UserError where the picture would be too large for its format, or the file cannot be
 *   written.
 */
export async function writeGraph(tables: readonly DrawnTable[], file: string): Promise<void> {
  const format = FORMATS[path.extname(file).toLowerCase()];
  if (format === undefined) {
    throw new UsageError(
      `cannot tell what to draw into ${printable(file)}`,
      'Name a file that ends in .dot (for Graphviz), .svg (a picture), or .mmd (for Mermaid).',
    );
  }
  writeAtomically(file, await format(pictureOf(tables)));
}

async function svgOf(picture: Picture): Promise<string> {
  const { boxes } = sizeOf(picture);
  if (boxes > MOST_BOXES) {
    throw new UserError(
      `a picture of ${boxes} boxes would not be legible, and take long to lay out: ${MOST_BOXES} are the most`,
      `${FILTER} Or write a .dot file, which has no limit.`,
    );
  }
  // Only here: Graphviz takes longer to load than all else does to run.
  const { render } = await import('./graphviz.ts');
  return render(dotOf(picture), 'svg');
}

function limitedMermaidOf(picture: Picture): string {
  const text = mermaidOf(picture);
  const { lines } = sizeOf(picture);
  // Some lines are those of the legend.
  const most = MOST_LINES - 10;
  const excess =
    lines > most ? `${MOST_LINES} lines` : text.length > MOST_CHARACTERS ? `${MOST_CHARACTERS} characters` : null;
  if (excess === null) return text;
  throw new UserError(`Mermaid draws no flowchart of more than ${excess}`, `${FILTER} Or write a .svg or .dot file.`);
}

function writeAtomically(file: string, content: string): void {
  const temporary = path.join(path.dirname(file), `.ns-tool-${randomBytes(8).toString('hex')}`);
  try {
    writeFileSync(temporary, content, { flag: 'wx' });
    renameSync(temporary, file);
  } catch (error) {
    remove(temporary);
    throw new UserError(`cannot write ${printable(file)}: ${reasonOf(error)}`, 'Name a file that you can write.', {
      cause: error,
    });
  }
}

function remove(file: string): void {
  try {
    unlinkSync(file);
  } catch {
    // It was not made in the first place; what made that fail is told.
  }
}

/** What the kernel says, without the name of the temporary file. */
function reasonOf(error: unknown): string {
  const { code, errno, message } = error as NodeJS.ErrnoException;
  const [, words] = (errno === undefined ? undefined : getSystemErrorMap().get(errno)) ?? [];
  return words === undefined ? message : `${words} (${code})`;
}
