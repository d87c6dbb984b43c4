/**
 * Unpacking a layer, which may be hostile, where it can touch nothing else.
 *
 * It is done by a process of its own (unpacker.ts) in a mount namespace of its own. There the layer's directory is bound to
 * itself, so that it is a mount; once the process has loaded its modules, and before it has read a byte of the archive,
 * that mount becomes its root by pivot_root(2), and everything else is unmounted. This was chosen over the other ways,
 * because nothing depends on the right checks being made on each path:
 *
 * - Names are resolved by the kernel within the root: neither `..`, nor an absolute name, nor a symbolic link, nor a hard
 *   link has anything outside to name. There is no moment between a check and its use.
 * - It is true of each thread. chroot(2) or unshare(2) on one thread of a running Node would leave the threads of libuv's pool
 *   outside; this process is in its namespace from the beginning, its threads share one root, and pivot_root(2) moves them all.
 * - chroot(2) alone can be left by root, by a second chroot and `..`. After pivot_root(2) there is nothing to come to: neither
 *   /proc, nor an open directory.
 * - What reads hostile bytes, the decompressor and the parser, is in there too, with the few capabilities that files need.
 */
import { closeSync, openSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { type Capability, type Child, isOverlayRefused, type SpawnOptions, spawn } from '@ns-tool/syscalls';
import { ImageError } from '../error.ts';
import { dependent, type Implied } from './below.ts';
import { isolate, layOver } from './confine.ts';
import { layerIds } from './ids.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import type { Outcome, Task, UnpackedLayer } from './protocol.ts';

export interface UnpackOptions {
  /** The digest that the archive must have once it is decompressed, `sha256:…`; null if nobody has said. */
  readonly diffId: string | null;
  /** {@link DEFAULT_LIMITS} for those left out. */
  readonly limits?: Partial<Limits>;
  /**
   * What lies below it; `nothing` if left out. If that is `out of reach`, its implied directories are to be made what they
   * are there, by {@link adoptDirectories}. Otherwise the absolute paths of the layers, lowest first.
   */
  readonly below?: 'nothing' | 'out of reach' | readonly string[];
}

/**
 * Unpacks a layer, as it comes, in the form that overlayfs takes: whiteouts are character devices 0:0, opaque directories
 * have the attribute `trusted.overlay.opaque`, or `user.overlay.opaque` for an ordinary user.
 *
 * As root, owners are those of the archive. For an ordinary user they are in the user namespace that {@link layerIds}
 * describes: so the directory can only be read, and removed, in such a one. Devices take root.
 *
 * @param archive a tar archive: plain, or compressed by gzip or zstd.
 * @param directory absolute; it exists and is empty.
 * @throws ImageError `corrupt` for an archive that is broken, or not what its digest says, or has what must not be in a
 *   layer; `dependent` if it can only be unpacked together with those below it, by {@link unpackRoot}; `too-large` beyond the
 *   limits; `unsupported` for another compression, or a device without root; `store` if the files cannot be written. What is in the directory then is to be removed.
 * @throws whatever `archive` fails with.
 */
export async function unpackLayer(
  archive: Readable,
  directory: string,
  options: UnpackOptions,
): Promise<UnpackedLayer> {
  const { diffId, limits, below = 'nothing' } = options;
  const layers = typeof below === 'string' ? null : below;
  const makes = layers === null ? 'layer' : 'layer over others';
  const child = await startUnpacker({ makes, diffIds: [diffId], limits, isLowest: below === 'nothing' }, directory, {
    stdio: ['pipe', 'pipe', 'pipe'],
    setup: layers === null ? isolate(directory) : layOver(directory, layers),
  }).catch((error: unknown) => {
    archive.destroy();
    throw error;
  });
  const [layer] = await outcomeOf(child, (ended) =>
    pipeline(archive, child.stdin as Writable, { signal: ended }).catch((error: NodeJS.ErrnoException) => {
      // The process has ended before the archive did, and will say why. All else is the archive's own failure.
      if (!ended.aborted && error.code !== 'EPIPE') throw error;
    }),
  );
  return layer as UnpackedLayer;
}

/**
 * Makes directories of a layer what they are in the layers below.
 *
 * @param directory that of the layer, unpacked while those were out of reach.
 * @param below the absolute paths of the layers, lowest first.
 * @throws ImageError `dependent` if it has to be unpacked again, over those.
 */
export async function adoptDirectories(
  directory: string,
  below: readonly string[],
  implied: readonly Implied[],
): Promise<void> {
  const task = { makes: 'adoption', diffIds: [], limits: undefined, isLowest: false } as const;
  const child = await startUnpacker(task, directory, {
    stdio: ['pipe', 'pipe', 'pipe'],
    setup: layOver(directory, below),
  });
  await outcomeOf(child, async () => {
    (child.stdin as Writable).on('error', () => {}).end(JSON.stringify(implied));
  });
}

/** The archive of a layer. */
export interface LayerArchive {
  /** Absolute. */
  readonly path: string;
  /** The digest that it must have once it is decompressed; null if nobody has said. */
  readonly diffId: string | null;
}

export interface UnpackRootOptions extends Pick<UnpackOptions, 'limits'> {
  /** Ends it: what is in the directory then is to be removed. */
  readonly signal?: AbortSignal | undefined;
  /** Told now and then how many bytes of all archives have been read, as they are. */
  readonly onProgress?: ((read: number) => void) | undefined;
}

/** Milliseconds between two looks at how far it is. */
const LOOK = 100;

/**
 * Unpacks layers one over the other: into one tree, the same that an overlay of them would show, on any filesystem that can
 * hold what is in it. All else is as with {@link unpackLayer}.
 *
 * @param archives lowest first.
 * @param directory absolute; it exists and is empty. The tree is `fs` in it.
 * @returns of each archive what came of it.
 * @throws ImageError, as {@link unpackLayer}; the reason of `signal`.
 */
export async function unpackRoot(
  archives: readonly LayerArchive[],
  directory: string,
  { limits, signal, onProgress }: UnpackRootOptions = {},
): Promise<readonly UnpackedLayer[]> {
  signal?.throwIfAborted();
  const files: number[] = [];
  try {
    for (const { path } of archives) files.push(openSync(path, 'r'));
    const diffIds = archives.map(({ diffId }) => diffId);
    const child = await startUnpacker({ makes: 'root', diffIds, limits, isLowest: true }, directory, {
      stdio: ['ignore', 'pipe', 'pipe', ...files],
      setup: isolate(directory),
      // Ctrl-C is for who has started it, and ends it.
      newSession: true,
    });
    const look = onProgress && setInterval(() => onProgress(files.map(positionIn).reduce(sum, 0)), LOOK);
    try {
      return await outcomeOf(child, async (ended) => {
        if (signal === undefined) return;
        // Either comes, and each is the end of it.
        await new Promise((resolve) => {
          for (const either of [ended, signal]) either.addEventListener('abort', resolve, { once: true });
        });
        signal.throwIfAborted();
      });
    } finally {
      clearInterval(look);
    }
  } finally {
    for (const file of files) closeSync(file);
  }
}

/** How far an open file has been read, also by another process that shares it: proc_pid_fdinfo(5). */
function positionIn(file: number): number {
  return Number(/^pos:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${file}`, 'latin1'))?.[1] ?? 0);
}

const sum = (a: number, b: number) => a + b;

async function startUnpacker(
  {
    makes,
    diffIds,
    limits,
    isLowest,
  }: Pick<Task, 'makes' | 'diffIds' | 'isLowest'> & { readonly limits: UnpackOptions['limits'] | undefined },
  directory: string,
  options: Pick<SpawnOptions, 'stdio' | 'setup' | 'newSession'>,
): Promise<Child> {
  const isRoot = process.geteuid?.() === 0;
  const { idMaps, hasOthers } = isRoot ? { idMaps: undefined, hasOthers: true } : layerIds();
  const task: Task = {
    makes,
    diffIds,
    limits: { ...DEFAULT_LIMITS, ...limits },
    isLowest,
    privileges: { overlay: isRoot ? 'trusted' : 'user', owners: hasOthers, devices: isRoot },
  };
  return await spawn(process.execPath, [PROGRAM, JSON.stringify(task)], {
    ...CONFINED,
    ...options,
    namespaces: isRoot ? ['mount'] : ['user', 'mount'],
    ...(idMaps !== undefined && { idMaps }),
    cwd: directory,
  }).catch((error: unknown) => {
    throw isOverlayRefused(error) ? dependent(`there is no overlay here: ${error.message}`) : error;
  });
}

/** What pivot_root(2) and `trusted.` attributes take, and what files do. */
const CAPABILITIES: readonly Capability[] = [
  'CAP_SYS_ADMIN',
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_MKNOD',
  'CAP_SETFCAP',
];

const CONFINED = {
  // Nothing of the user's: NODE_OPTIONS could load something.
  env: {},
  capabilities: CAPABILITIES,
  noNewPrivileges: true,
  parentDeathSignal: 'SIGKILL',
} as const satisfies SpawnOptions;

/** Beside this module, and of its kind: both are bundled, or neither. */
const PROGRAM = fileURLToPath(new URL(`./unpacker${extname(fileURLToPath(import.meta.url))}`, import.meta.url));

/**
 * Waits for what the process says, while `meanwhile` is done: it is told of its end, and if it fails, the process is ended.
 */
async function outcomeOf(
  child: Child,
  meanwhile: (ended: AbortSignal) => Promise<void>,
): Promise<readonly UnpackedLayer[]> {
  const said = Promise.all([child.stdout, child.stderr].map((stream) => textOf(stream as Readable)));
  // Once the process has ended, nobody waits for the rest of an archive that perhaps never ends.
  const ended = new AbortController();
  child.exited.then(() => ended.abort());
  let failure: unknown;
  await meanwhile(ended.signal).catch((error: unknown) => {
    failure = error;
    child.kill('SIGKILL');
  });
  const [{ status, signal }, [answer = '', complaint = '']] = await Promise.all([child.exited, said]);
  if (failure !== undefined) throw failure;
  if (status !== 0) {
    throw new ImageError(
      'store',
      `the layer was not unpacked: the process for it was ended by ${signal ?? `status ${status}`}`,
      complaint.trim().slice(-MOST_COMPLAINT) || undefined,
    );
  }
  const outcome = JSON.parse(answer) as Outcome;
  if (!('error' in outcome)) return outcome.layers;
  const { code, message, hint } = outcome.error;
  throw new ImageError(code, message, hint);
}

/** Of what a process writes that has broken down. */
const MOST_COMPLAINT = 4096;

async function textOf(stream: Readable): Promise<string> {
  let text = '';
  for await (const chunk of stream.setEncoding('utf8')) if (text.length < 1_000_000) text += chunk;
  return text;
}
