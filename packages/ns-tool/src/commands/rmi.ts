import type { Argv, InferredOptionTypes } from 'yargs';
import { UserError } from '../errors.ts';
import { showSize } from '../image-store/amounts.ts';
import { STORE_OPTION, withStore } from '../image-store/open.ts';
import { print, printable, printError } from '../output.ts';

export const command = 'rmi IMAGE...';
export const describe = 'Remove images';

export const options = {
  ...STORE_OPTION,
  json: { type: 'boolean', default: false, describe: 'Print JSON' },
} as const;

const WANTED = 'at least one image is wanted: a name, or the beginning of a digest';

export function builder(yargs: Argv): Argv {
  return yargs
    .usage('$0 rmi [OPTIONS] IMAGE...\n')
    .usage('Removes the names of images, and then all that no other image and no container needs.')
    .options(options)
    .demandCommand(1, Number.POSITIVE_INFINITY, WANTED, WANTED)
    .string('_')
    .example('$0 rmi debian:12', 'This one')
    .example('$0 rmi 1f0a3b', 'All names of an image, by its digest');
}

/** What the parser makes of the options. */
type Arguments = InferredOptionTypes<typeof options> & { readonly _: readonly (string | number)[] };

/** Runs the command and returns its exit status. */
export async function run({ store: directory, json, _: words }: Arguments): Promise<number> {
  return await withStore(directory, async (store) => {
    const wanted = words.map(String);
    const known = new Set(store.names().map(({ name }) => name));
    const removed: string[] = [];
    const unknown: string[] = [];
    for (const word of wanted) {
      const names = await store.remove(word);
      removed.push(...names);
      if (names.length === 0) unknown.push(word);
    }
    const collected = removed.length === 0 ? null : await store.collect();
    if (json) print(JSON.stringify({ removed, collected }, null, 2));
    else for (const name of removed) print(`removed ${printable(name)}`);
    if (removed.length > 0 && !json) {
      if (collected === null)
        printError('ns-tool: an image is being pulled; what is no longer needed is removed by: ns-tool cleanup');
      else print(`freed ${showSize(collected.bytes)}`);
    }
    if (unknown.length > 0) throw noSuch(unknown, known, removed);
    return 0;
  });
}

function noSuch(unknown: readonly string[], known: ReadonlySet<string>, removed: readonly string[]): UserError {
  const names = [...known].filter((name) => !removed.includes(name)).slice(0, 10);
  return new UserError(
    `no such image: ${unknown.map(printable).join(', ')}`,
    names.length === 0 ? 'There are none.' : `There are: ${names.map(printable).join(', ')}`,
  );
}
