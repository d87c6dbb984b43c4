/** The life of a container: from its plan to its end, with a state that others can read meanwhile. */
import { join } from 'node:path';
import type { CopyOptions } from '@ns-tool/images';
import { type Attempt, type SpawnOptions, type Sys, sys } from '@ns-tool/syscalls';
import { makeBundle, removeBundle } from './bundle.ts';
import { makeCgroups } from './cgroup/make.ts';
import { pathOfCgroup } from './cgroup/plan.ts';
import { killedForMemory, removeCgroups } from './cgroup/remove.ts';
import { type ContainerOptions, newId, planContainer } from './decide.ts';
import { ownDirectory, type Places, STATES_HINT, unlessRefused } from './host.ts';
import { whyNoOverlay } from './overlay.ts';
import { type ContainerPlan, isInPlace } from './plan.ts';
import { containerOptions } from './recipe.ts';
import type { Rootfs } from './rootfs.ts';
import { type ContainerState, removeState, reserve, startTimeOf, writeState } from './state.ts';

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
  places: Places,
): Decided {
  const id = newId();
  const plan = planContainer(sys, rootfs, command, options, id, places);
  return { plan, id, name: options.name ?? id, image: rootfs.name };
}

const STORE_HINT = 'Choose another directory for its files: --store DIR, or set NS_TOOL_STORE.';

/** Told what a reader should know. */
export type Warn = (message: string) => void;

/** Has an image copied: what ends that, and is told of it, is the caller's. */
export type Copying = (copy: (options: CopyOptions) => Promise<string>) => Promise<string>;

/**
 * Makes the files of a container, and starts it by `start`, with the options of its recipe.
 *
 * Where there can be no overlay, a copy of the image becomes the root, or a plain directory itself; `warn` is told, as
 * it is of processes that were killed for lack of memory.
 *
 * @param start starts the command, and returns once it runs, or once it has ended: then it calls `observe` in between.
 * @returns what `start` returns, and what removes all of the container again.
 */
export async function begin<T>(
  { plan, id, name, image }: Decided,
  { store, states }: Places,
  start: (options: SpawnOptions & { readonly observe: (attempt: Attempt) => void }) => Promise<T>,
  warn: Warn,
  copying: Copying = (copy) => copy({}),
): Promise<{ readonly started: T; readonly remove: () => Promise<void> }> {
  const cgroups = plan.cgroups.map(pathOfCgroup);
  const state: ContainerState = {
    id,
    name,
    pid: process.pid,
    startTime: ownStartTime(),
    starting: true,
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
    if (!isInPlace(plan)) await removeBundle(plan);
    removeState(states, id);
  };
  const observe = ({ pid }: Attempt) => {
    const startTime = startTimeOf(pid);
    const { starting: _, ...started } = state;
    if (startTime !== null) writeState(states, { ...started, pid, startTime });
  };
  unlessRefused('make', () => reserve(ownDirectory(states), state), STATES_HINT);
  try {
    const make = () => unlessRefused('make', () => makeBundle(plan), STORE_HINT);
    if (plan.image !== null) await (await import('./images.ts')).keepImage(store, plan.layers, make);
    else if (plan.rootBy === 'overlay') {
      (await import('./images.ts')).checkOwnStore(store);
      make();
    }
    makeCgroups(sys, plan.cgroups);
    const run = (rooted: ContainerPlan) => start({ ...containerOptions(rooted), observe });
    const started = await run(plan).catch(async (error: unknown) => {
      const why = whyNoOverlay(error);
      if (why === null) throw error;
      // `observe` may have seen the child that has failed.
      writeState(states, state);
      return await run(await withoutOverlay(plan, why, store, warn, copying));
    });
    return { started, remove };
  } catch (error) {
    // Why it could not start is what must be told; what is left besides, cleanup removes.
    await remove().catch((left: Error) => warn(left.message));
    throw error;
  }
}

let started: number | undefined;

/** It does not change, and to make its file takes the kernel a while. */
function ownStartTime(): number {
  started ??= startTimeOf('self') ?? 0;
  return started;
}

/** The plan of the same container with a root that takes no overlay, once there is one. */
async function withoutOverlay(
  plan: ContainerPlan,
  why: string,
  store: string,
  warn: Warn,
  copying: Copying,
): Promise<ContainerPlan> {
  const { bundle, image } = plan;
  if (image === null) {
    warn(`${why}: what the container writes, it writes to the directory itself`);
    return { ...plan, rootBy: 'bind' };
  }
  warn(`${why}: the container gets a copy of the image, which takes longer, and more of the disk`);
  const { copyImage } = await import('./images.ts');
  const root = await copying((options) => copyImage(store, image, join(bundle, 'copy'), options));
  return { ...plan, layers: [root], rootBy: 'bind' };
}
