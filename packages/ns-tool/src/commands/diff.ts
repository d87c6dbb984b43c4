import type { MountDifference } from '@ns-tool/mount-table';
import type { Argv, InferredOptionTypes } from 'yargs';
import type { Context } from '../context.ts';
import { onThisMachine } from '../on-this-machine.ts';
import { print } from '../output.ts';

export const command = 'diff A B';
export const describe = 'Show what differs between two mount tables';

export const options = {
  json: { type: 'boolean', default: false, describe: 'Print JSON' },
} as const;

const WANTED = 'two mount tables are compared: A and B';

export function builder(yargs: Argv): Argv {
  return (
    yargs
      .usage('$0 diff [OPTIONS] A B\n')
      .usage(
        'Shows what differs between two mount tables, a line for each mount: + if only B has it, - if only A has it, ~ if it has changed from A to B. IDs, which differ always, do not count.',
      )
      .usage('Each of A and B is a pid, self, or a file with the content of a /proc/PID/mountinfo.')
      .options(options)
      .demandCommand(2, 2, WANTED, WANTED)
      // A pid as it is typed: `1e3` is a file.
      .string('_')
      .example('$0 diff 1 self', 'What your shell sees otherwise than process 1')
      .example('cat /proc/self/mountinfo > before', 'Then mount something, and …')
      .example('$0 diff before self', '… see what has come of it')
      .epilogue('The exit status is as that of diff(1): 0 if they are equal, 1 if they differ, 2 for trouble.')
  );
}

/** What the parser makes of the options. */
type Arguments = InferredOptionTypes<typeof options> & { readonly _: readonly (string | number)[] };

/** Runs the command and returns its exit status. */
export async function run({ json, _: [a, b] }: Arguments, { loadSys }: Context): Promise<number> {
  try {
    const work = await onThisMachine(loadWork);
    const { sourceOf, readTable, diffMounts, linesOf, summaryOf, coloured } = work;
    const sys = await loadSys();
    const [before, after] = [readTable(sys, sourceOf(String(a))), readTable(sys, sourceOf(String(b)))];
    const difference = diffMounts(before, after);
    if (json) {
      print(JSON.stringify(difference, null, 2));
    } else {
      const width = work.terminalWidth(sys);
      const palette = work.paletteFor(work.wantsColours(process.env, width !== null));
      for (const line of linesOf(before, after, difference)) {
        const fitting = width === null ? line : work.wrapped(line, width, INDENT).join('\n');
        print(coloured(fitting, palette));
      }
      print(summaryOf(difference));
    }
    return isEmpty(difference) ? 0 : 1;
  } catch (error) {
    // 1 says that they differ. What has a status of its own keeps it.
    if (error instanceof Error && !('status' in error)) Object.assign(error, { status: TROUBLE });
    throw error;
  }
}

/** Of what a line of a terminal has no room for. No sign stands there. */
const INDENT = '    ';

/** The status of diff(1) if it cannot tell. */
const TROUBLE = 2;

function isEmpty({ added, removed, changed }: MountDifference): boolean {
  return added.length + removed.length + changed.length === 0;
}

async function loadWork() {
  const [table, source, lines, palette, terminal, width] = await Promise.all([
    import('@ns-tool/mount-table'),
    import('../mount-table/source.ts'),
    import('../mount-diff/lines.ts'),
    import('../palette.ts'),
    import('../terminal.ts'),
    import('../text-width.ts'),
  ]);
  return { ...table, ...source, ...lines, ...palette, ...terminal, ...width };
}
