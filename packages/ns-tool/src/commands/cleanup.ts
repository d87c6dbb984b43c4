import { join, resolve } from 'node:path';
import type { Argv, InferredOptionTypes } from 'yargs';
import type { Leftover } from '../container/leftovers.ts';
import { UserError } from '../errors.ts';
import { showSize } from '../image-store/amounts.ts';
import { STORE_OPTION, withStore } from '../image-store/open.ts';
import { onThisMachine } from '../on-this-machine.ts';
import { print, printError } from '../output.ts';

export const command = 'cleanup';
export const describe = 'Remove what killed runs of ns-tool have left, and nothing else';

export const options = {
  'dry-run': { type: 'boolean', default: false, describe: 'Say what would be removed, and remove nothing' },
  ...STORE_OPTION,
  json: { type: 'boolean', default: false, describe: 'Print JSON' },
} as const;

export function builder(yargs: Argv): Argv {
  return yargs
    .usage('$0 cleanup [OPTIONS]\n')
    .usage(
      'A container that is killed with its ns-tool leaves no process, mount or namespace: the kernel removes these.',
    )
    .usage(
      'It leaves its files in the store, its state and its cgroups, and a pull what it has not finished. These are found',
    )
    .usage('here, and removed, and so is what no image needs any more.')
    .options(options)
    .example('$0 cleanup --dry-run', 'See what there is')
    .example('sudo $0 cleanup', "Root's; each user has a store");
}

const STORE_HINT = 'Give the directory of a store of yours: --store DIR';

/** Runs the command and returns its exit status. */
export async function run(args: InferredOptionTypes<typeof options>): Promise<number> {
  const [host, { leftovers }, { removeBundle }, { removeState }, { removeCgroups }, { checkStore, storeDirectory }] =
    await onThisMachine(() =>
      Promise.all([
        import('../container/host.ts'),
        import('../container/leftovers.ts'),
        import('../container/bundle.ts'),
        import('../container/state.ts'),
        import('../container/cgroup/remove.ts'),
        import('@ns-tool/images'),
      ]),
    );
  const here = host.thisHost();
  const states = host.ownStateDirectory();
  const store = args.store === undefined ? storeDirectory() : resolve(args.store);
  await withStore(store, () => checkStore(store));
  const found = host.unlessRefused('read', () => leftovers(states, join(store, 'containers')), STORE_HINT);
  const remove = async ({ what, id, path }: Leftover) => {
    if (what === 'cgroup') await removeCgroups([path]);
    else if (what === 'state') removeState(states, id);
    else await removeBundle({ bundle: path, idMaps: host.idMapsFor(here) });
  };
  const removed: Leftover[] = [];
  const failed: (Leftover & { readonly why: string })[] = [];
  for (const leftover of found) {
    // What is left of a container is found by its state: as long as something is, so is that.
    if (failed.some(({ id }) => id === leftover.id)) continue;
    try {
      if (!args['dry-run']) await remove(leftover);
      removed.push(leftover);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      failed.push({ ...leftover, why: error.message });
    }
  }
  const status = failed.length > 0 ? 1 : 0;
  const images = await withStore(store, (opened) => opened.collect({ dryRun: args['dry-run'] }));
  if (args.json) {
    print(JSON.stringify({ dryRun: args['dry-run'], removed, failed, images }, null, 2));
    return status;
  }
  const verb = args['dry-run'] ? 'Would remove' : 'Removed';
  for (const { what, id, path } of removed) print(`${verb} the ${what} of ${id}: ${path}`);
  for (const { why } of failed) printError(`ns-tool: ${why}`);
  if (images === null) printError('ns-tool: an image is being pulled, so none was looked at; try again afterwards');
  const unneeded = images === null ? 0 : images.blobs + images.layers + images.unfinished;
  if (images !== null && unneeded > 0) print(`${verb} ${showSize(images.bytes)} that no image needs`);
  if (found.length === 0 && unneeded === 0) print('Nothing is left over.');
  return status;
}
