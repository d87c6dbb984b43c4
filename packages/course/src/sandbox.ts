/**
 * The sandbox: where a learner's programs run, and where a mistake reaches nothing of the machine.
 *
 * It is made of what the course teaches: a process in namespaces of its own, cut off from the machine's mounts by
 * MS_PRIVATE, in which then everything is made shared, since on private mounts nothing could ever leak.
 */
import {
  CLONE_NEWIPC,
  CLONE_NEWNS,
  CLONE_NEWUTS,
  MS_PRIVATE,
  MS_REC,
  MS_SHARED,
  mapSelf,
  type NamespaceKind,
  type SpawnOptions,
  type Sys,
} from '@ns-tool/syscalls';
import { CHECKOUT } from './checkout.ts';
import { CourseError } from './errors.ts';

/** The variable that tells a program that it runs in the sandbox. */
export const SANDBOXED = 'NS_TOOL_SANDBOX';

/** The namespaces of the sandbox. Without root it takes a user namespace to be allowed the others. */
export function sandboxNamespaces(): readonly NamespaceKind[] {
  const always = ['mount', 'pid', 'uts', 'ipc'] as const;
  return isRoot() ? always : ['user', ...always];
}

export const isRoot = () => process.getuid?.() === 0;

/**
 * How to spawn a process that is in the sandbox. It and all that it starts end with the thread that has started it.
 *
 * @param scratch a directory of which it finds an empty one, and in which what it writes is gone with it; or none.
 * @throws CourseError where the sandbox would cover the checkout or Node.js.
 */
export function sandbox(scratch: string | null): SpawnOptions {
  for (const [what, path] of [
    ['this checkout', CHECKOUT],
    ['Node.js', process.execPath],
  ] as const) {
    if (path.startsWith('/mnt/')) throw new CourseError(`${what} is below /mnt, which the sandbox covers`, 'Move it.');
  }
  return {
    namespaces: sandboxNamespaces(),
    ...(isRoot() ? {} : { idMaps: mapSelf() }),
    parentDeathSignal: 'SIGKILL',
    env: environment(),
    setup: (sys) => {
      sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);
      sys.mount('proc', '/proc', 'proc', 0, null);
      if (scratch !== null) sys.mount('sandbox', scratch, 'tmpfs', 0, null);
      sys.mount('sandbox', '/mnt', 'tmpfs', 0, null);
      sys.mount(null, '/', null, MS_REC | MS_SHARED, null);
    },
  };
}

/** Moves this thread out of the sandbox that others share, into one like it: no test sees what another has left. */
export function enterSandboxOfOwn(sys: Sys): void {
  sys.unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC);
  sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);
  sys.mount('sandbox', '/mnt', 'tmpfs', 0, null);
  sys.mount(null, '/', null, MS_REC | MS_SHARED, null);
}

/** Ours, without what would change or slow down each Node that a test starts. */
function environment(): NodeJS.ProcessEnv {
  const ours = Object.entries(process.env).filter(([name]) => !/^(NODE_|npm_|VITEST)/.test(name));
  return { ...Object.fromEntries(ours), [SANDBOXED]: '1' };
}
