/** What a container is made from: an image of the store, or a directory. */
import { realpathSync, statSync } from 'node:fs';
import type { ImageConfig } from '@ns-tool/images';
import { NotStarted } from '../errors.ts';
import { printable } from '../output.ts';

/** What an image says of its command. */
export type CommandDefaults = Omit<ImageConfig, 'volumes' | 'stopSignal'>;

export interface Rootfs {
  /** How it is called: the image's name, or the directory's path. */
  readonly name: string;
  /** Of the image's manifest; none for a directory. */
  readonly digest?: string;
  /** Absolute paths, lowest first. */
  readonly layers: readonly string[];
  readonly config: CommandDefaults;
}

/** A directory says nothing of a command. */
const NOTHING_SAID: CommandDefaults = { entrypoint: null, cmd: ['/bin/sh'], env: [], workingDir: '/', user: '' };

/**
 * The root that a word means: a directory, by a path with a slash or the name of one that exists; or an image of the store.
 *
 * @throws NotStarted if there is neither.
 */
export async function rootfsOf(imageOrPath: string, find: (name: string) => Promise<Rootfs | null>): Promise<Rootfs> {
  const isPath = /^(\.{0,2}\/|\.{1,2}$)/.test(imageOrPath);
  const image = isPath ? null : await find(imageOrPath);
  if (image !== null) return image;
  if (statSync(imageOrPath, { throwIfNoEntry: false })?.isDirectory()) {
    return { name: imageOrPath, layers: [realpathSync.native(imageOrPath)], config: NOTHING_SAID };
  }
  const shown = printable(imageOrPath);
  if (isPath) throw new NotStarted(`no such directory: ${shown}`, 'Give a directory with a root in it, or an image.');
  throw new NotStarted(
    `no such image: ${shown}`,
    `Get it: ns-tool pull ${shown}. For a directory give a path: ./${shown}`,
  );
}
