import type { Image, NamedImage, Store } from '@ns-tool/images';
import type { Argv, InferredOptionTypes } from 'yargs';
import type { Context } from '../context.ts';
import { STORE_OPTION, withStore } from '../image-store/open.ts';
import { print } from '../output.ts';

export const command = 'images';
export const describe = 'List the images that there are';

export const options = {
  ...STORE_OPTION,
  json: { type: 'boolean', default: false, describe: 'Print JSON' },
} as const;

export function builder(yargs: Argv): Argv {
  return yargs
    .usage('$0 images [OPTIONS]\n')
    .usage('Lists the images of the store, with the size that their layers had when they were downloaded.')
    .options(options)
    .example('$0 images', 'All there are')
    .example('sudo $0 images', 'Those of root: each user has a store');
}

/** What the parser makes of the options. */
type Arguments = InferredOptionTypes<typeof options>;

/** Runs the command and returns its exit status. */
export async function run({ store, json }: Arguments, { loadSys }: Context): Promise<number> {
  const images = await withStore(store, listed);
  if (json) {
    print(JSON.stringify(images.map(asDocument), null, 2));
    return 0;
  }
  const [{ tableOf }, { parseReference, showFamiliar }, { terminalWidth }] = await Promise.all([
    import('../image-store/table.ts'),
    import('@ns-tool/images'),
    import('../terminal.ts'),
  ]);
  const rows = images.map(({ named, image }) => ({
    ...named,
    name: showFamiliar(parseReference(named.name)),
    size: image?.size ?? null,
  }));
  for (const line of tableOf(rows, terminalWidth(await loadSys()))) print(line);
  return 0;
}

interface Listed {
  readonly named: NamedImage;
  /** Null for one that is damaged: it is listed, so that it can be removed. */
  readonly image: Image | null;
}

async function listed(store: Store): Promise<readonly Listed[]> {
  const { ImageError } = await import('@ns-tool/images');
  return store.names().map((named) => {
    try {
      return { named, image: store.find(named.name) };
    } catch (error) {
      if (error instanceof ImageError) return { named, image: null };
      throw error;
    }
  });
}

function asDocument({ named: { name, digest, platform, when }, image }: Listed) {
  return { name, digest, platform, pulled: when, ...(image === null ? { damaged: true } : image) };
}
