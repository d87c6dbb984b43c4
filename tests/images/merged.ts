/** The layers of an image as one tree. */
import type { Readable } from 'node:stream';
import { MS_PRIVATE, MS_REC, type Recorder, spawn } from '@ns-tool/syscalls';
import { onTestFinished } from 'vitest';
import { inventory } from './inventory.ts';

/** Layers, lowest first, as one tree: an overlay in the mount namespace of a child, seen through /proc. */
export async function merged(layers: readonly string[], options: string): Promise<string> {
  const lower = layers.toReversed().join(':');
  const child = await spawn('cat', [], {
    namespaces: ['mount'],
    stdio: ['pipe', 'pipe', 'inherit'],
    parentDeathSignal: 'SIGKILL',
    setup: (sys: Recorder) => {
      sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);
      sys.mount('overlay', '/mnt', 'overlay', 0, `lowerdir=${lower},${options}`);
    },
  });
  (child.stdout as Readable).resume();
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await child.exited;
  });
  return `/proc/${child.pid}/root/mnt`;
}

/** As `inventory`, without what umoci itself leaves in a tree of a user: the owner that a file should have. */
export function comparable(directory: string) {
  return Object.fromEntries(
    Object.entries(inventory(directory)).map(([name, { xattrs = {}, ...seen }]) => {
      const { 'user.rootlesscontainers': _, ...others } = xattrs as Record<string, string>;
      return [name, { ...seen, xattrs: others }];
    }),
  );
}
