import { existsSync } from 'node:fs';
import type { Image } from '@ns-tool/images';
import type { Argv, InferredOptionTypes } from 'yargs';
import type { Context } from '../context.ts';
import { UserError } from '../errors.ts';
import { STORE_OPTION, withStore } from '../image-store/open.ts';
import type { Report } from '../image-store/progress.ts';
import { print, printable, printError } from '../output.ts';

export const command = 'pull IMAGE';
export const describe = 'Get an image from a registry, or from a file';

export const options = {
  platform: { type: 'string', requiresArg: true, describe: 'OS/ARCHITECTURE[/VARIANT], if not for this machine' },
  insecure: { type: 'boolean', default: false, describe: 'Take plain HTTP, and any certificate' },
  name: { type: 'string', requiresArg: true, describe: 'What to call an image that comes from a file' },
  ...STORE_OPTION,
  json: { type: 'boolean', default: false, describe: 'Print JSON' },
} as const;

const WANTED = 'one image is wanted: a name, or the path of a file';

export function builder(yargs: Argv): Argv {
  return yargs
    .usage('$0 pull [OPTIONS] IMAGE\n')
    .usage(
      'Gets an image from its registry, verifies and unpacks it. A login is taken from Docker’s file, ~/.docker/config.json; a proxy from HTTPS_PROXY.',
    )
    .usage('An IMAGE that starts with / or . is a path: an OCI layout, what docker save writes, or a root filesystem.')
    .options(options)
    .demandCommand(1, 1, WANTED, WANTED)
    .string('_')
    .example('$0 pull debian:12', 'From Docker Hub')
    .example('$0 pull localhost:5000/team/tool:1.0', 'From a registry on this machine')
    .example('$0 pull --platform linux/arm64 alpine', 'For another machine')
    .example('$0 pull ./alpine-minirootfs.tar.gz --name alpine:mini', 'From a file');
}

/** What the parser makes of the options. */
type Arguments = InferredOptionTypes<typeof options> & { readonly _: readonly (string | number)[] };

/** Runs the command and returns its exit status. */
export async function run(args: Arguments, context: Context): Promise<number> {
  const text = String(args._[0]);
  const { platform, insecure, name, json } = args;
  const report = json ? null : await reportFor(context);
  try {
    const image = await withStore(args.store, (store) => {
      const shared = { platform, onProgress: report?.onProgress };
      return /^[./]/.test(text)
        ? store.importFrom(text, { ...shared, name })
        : store.pull(text, { ...shared, insecure });
    });
    report?.end();
    print(json ? JSON.stringify(image, null, 2) : shown(image));
    return 0;
  } catch (error) {
    report?.end();
    throw withFileHint(error, text);
  }
}

function shown({ name, digest }: Image): string {
  return `${printable(name)} ${digest}`;
}

/** On standard error: bars on a terminal, else lines. */
async function reportFor({ loadSys }: Context): Promise<Report> {
  const [{ bars, lines }, { isUnicode, terminalWidth }] = await Promise.all([
    import('../image-store/progress.ts'),
    import('../terminal.ts'),
  ]);
  const isTerminal = terminalWidth(await loadSys(), 2) !== null && process.env.TERM !== 'dumb';
  return isTerminal ? await bars(process.stderr, isUnicode(process.env)) : lines(printError);
}

/** Who names a file that is here may have meant it. */
function withFileHint(error: unknown, text: string): unknown {
  if (!(error instanceof UserError) || /^[./]/.test(text) || !existsSync(text)) return error;
  return new UserError(error.message, `To take it from the file here: ns-tool pull ./${printable(text)}`, {
    cause: error,
  });
}
