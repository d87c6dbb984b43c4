/** The life of a container: from its plan to its end, with a state that others can read meanwhile. */
import { type Attempt, isErrno, type SpawnOptions, type Sys, type SyscallError, sys } from '@ns-tool/syscalls';
import { makeBundle, removeBundle } from './bundle.ts';
import { makeCgroups } from './cgroup/make.ts';
import { pathOfCgroup } from './cgroup/plan.ts';
import { killedForMemory, removeCgroups } from './cgroup/remove.ts';
import { type ContainerOptions, newId, planContainer } from './decide.ts';
import { type Host, ownDirectory } from './host.ts';
import type { ContainerPlan } from './plan.ts';
import { containerOptions } from './recipe.ts';
import type { Rootfs } from './rootfs.ts';
import { type ContainerState, removeState, reserve, startTimeOf, writeState } from './state.ts';

/** Where containers are kept, and for whom. */
export interface Places {
  readonly host: Host;
  readonly store: string;
  readonly states: string;
}

/** A container that is decided, and of which nothing exists yet. */
export interface Decided {
  readonly plan: ContainerPlan;
  readonly id: string;
  readonly name: string;
  readonly image: string;
}

export function decide(
  sys: Sys,
  rootfs: Rootfs,
  command: readonly string[],
  options: ContainerOptions & { readonly name?: string },
  { host, store }: Places,
): Decided {
  const id = newId();
  const plan = planContainer(sys, rootfs, command, options, { id, store, host });
  return { plan, id, name: options.name ?? id, image: rootfs.name };
}

/** Told what a reader should know. */
export type Warn = (message: string) => void;

/**
 * Makes the files of a container, and starts it by `start`, with the options of its recipe.
 *
 * Where the kernel refuses the overlay over a plain directory, the directory itself becomes the root; `warn` is told, as
 * it is of processes that were killed for lack of memory.
 *
 * @param start starts the command, and returns once it runs, or once it has ended: then it calls `observe` in between.
 * @returns what `start` returns, and what removes all of the container again.
 */
export async function begin<T>(
  { plan, id, name, image }: Decided,
  { states }: Places,
  start: (options: SpawnOptions & { readonly observe: (attempt: Attempt) => void }) => Promise<T>,
  warn: Warn,
): Promise<{ readonly started: T; readonly remove: () => Promise<void> }> {
  const cgroups = plan.cgroups.map(pathOfCgroup);
  const state: ContainerState = {
    id,
    name,
    pid: process.pid,
    startTime: startTimeOf('self') ?? 0,
    image,
    command: plan.argv,
    created: new Date().toISOString(),
    bundle: plan.bundle,
    ...(cgroups.length > 0 && { cgroups }),
  };
  const remove = async () => {
    const killed = killedForMemory(cgroups);
    if (killed > 0)
      warn(`out of memory, at the limit of --memory or one above it: processes of the container killed: ${killed}`);
    await removeCgroups(cgroups);
    await removeBundle(plan);
    removeState(states, id);
  };
  const observe = ({ pid }: Attempt) => {
    const startTime = startTimeOf(pid);
    if (startTime !== null) writeState(states, { ...state, pid, startTime });
  };
  reserve(ownDirectory(states), state);
  try {
    makeBundle(plan);
    makeCgroups(sys, plan.cgroups);
    const started = await withRoot(plan, warn, (rooted) => start({ ...containerOptions(rooted), observe }));
    return { started, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function withRoot<T>(plan: ContainerPlan, warn: Warn, start: (plan: ContainerPlan) => Promise<T>): Promise<T> {
  try {
    return await start(plan);
  } catch (error) {
    if (!isOverlayRefused(error) || plan.layers.length > 1) throw error;
    warn(
      `no overlay here (${(error as SyscallError).code}): what the container writes, it writes to the directory itself`,
    );
    return await start({ ...plan, rootBy: 'bind' });
  }
}

/** No overlayfs in the kernel, none for ordinary users, or not over this filesystem. mount(2) */
function isOverlayRefused(error: unknown): boolean {
  return isErrno(error, 'ENODEV', 'EPERM', 'EINVAL') && error.call === 'mount' && error.values[2] === 'overlay';
}
