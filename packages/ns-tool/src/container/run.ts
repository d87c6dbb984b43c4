/** Containers from TypeScript. */
import { type Child, type Exit, type SpawnOptions, spawn, sys } from '@ns-tool/syscalls';
import { begin, decide } from './container.ts';
import type { ContainerOptions } from './decide.ts';
import { stateDirectory, thisHost } from './host.ts';
import { rootfsOf } from './rootfs.ts';
import { checkName } from './state.ts';

/** How to run a container. */
export interface RunOptions extends ContainerOptions {
  /** A name that no other running container has; its ID if left out. */
  readonly name?: string;
  /**
   * As of `spawn`: `'inherit'` for all three if left out. Who has a terminal of yours can read what is typed there, and
   * who has a file can open it anew, for writing; give pipes, or a `terminal`, to a command that you do not trust. The command
   * is in a session of its own: Ctrl-C at yours is for `kill`.
   */
  readonly stdio?: SpawnOptions['stdio'];
  /** The store of images, where the container's own files are too; that of the command if left out. */
  readonly store?: string;
  /** Where the states of running containers are; that of the command if left out. */
  readonly states?: string;
  /** Told of what is otherwise than asked for, and of what ran out of memory; a warning of the process if left out. */
  readonly warn?: (message: string) => void;
}

/** A container that runs. */
export interface Container extends Pick<Child, 'pid' | 'stdin' | 'stdout' | 'stderr' | 'kill'> {
  /** 12 hexadecimal digits. */
  readonly id: string;
  readonly name: string;
  /** Resolves when its command has ended and nothing of it is left. */
  readonly exited: Promise<Exit>;
}

/**
 * Runs a command in a container.
 *
 *     const container = await run('./rootfs', ['sh', '-c', 'echo $$'], { readOnly: true, stdio: ['ignore', 'pipe', 2] });
 *     const { status } = await container.exited;
 *
 * As root in namespaces of its own; as an ordinary user in a user namespace, too. It ends with this process.
 *
 * @param imageOrPath a directory with a root in it, or the name of an image in the store.
 * @param command what the image says if left out.
 * @throws UserError for what cannot be, with what to do about it.
 * @throws SyscallError for a call that the kernel refused: ENOENT from execve where the container has no such command.
 * @throws ChildEndedEarly if it was killed before it became the command, as by a limit of memory that is too low.
 */
export async function run(
  imageOrPath: string,
  command: readonly string[] = [],
  options: RunOptions = {},
): Promise<Container> {
  const host = thisHost();
  const {
    store = (await import('@ns-tool/images')).storeDirectory(),
    states = stateDirectory(),
    stdio = options.terminal?.slave ?? 'inherit',
  } = options;
  const { warn = (message) => process.emitWarning(message, 'ns-tool') } = options;
  if (options.name !== undefined) checkName(options.name);
  const places = { host, store, states };
  const rootfs = await rootfsOf(imageOrPath, async (name) => (await import('./images.ts')).findImage(store, name));
  const decided = decide(sys, rootfs, command, options, places);
  const [file, ...args] = decided.plan.argv;
  const { started, remove } = await begin(decided, places, (own) => spawn(file, args, { ...own, stdio }), warn);
  const exited = started.exited.then(async (exit) => {
    await remove();
    return exit;
  });
  const { pid, stdin, stdout, stderr } = started;
  return {
    id: decided.id,
    name: decided.name,
    pid,
    stdin,
    stdout,
    stderr,
    exited,
    kill: (signal) => started.kill(signal),
  };
}
