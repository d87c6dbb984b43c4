/** Removing the files of a layer, which are not all this user's own. */
import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { spawn } from '@ns-tool/syscalls';
import { layerIds } from '../layers/ids.ts';

/**
 * Removes a tree. Where an ordinary user may not, since its files have subordinate IDs or its directories are read-only,
 * it is done as root of a user namespace.
 */
export async function removeTree(path: string): Promise<void> {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (process.geteuid?.() === 0 || (code !== 'EACCES' && code !== 'EPERM')) throw error;
    const { idMaps } = layerIds();
    const child = await spawn('rm', ['-rf', '--', path], { namespaces: ['user'], idMaps });
    const { status } = await child.exited;
    if (status !== 0) throw error;
  }
}

/** How many bytes of disk a tree has, as far as one may look. A file with several names counts once. */
export function diskUsage(path: string): number {
  const counted = new Set<number>();
  const usage = (name: Buffer): number => {
    const stat = lstatSync(name, { throwIfNoEntry: false });
    if (stat === undefined || counted.has(stat.ino)) return 0;
    if (stat.nlink > 1 && !stat.isDirectory()) counted.add(stat.ino);
    const entries = stat.isDirectory() ? entriesOf(name) : [];
    return entries.reduce((sum, entry) => sum + usage(Buffer.concat([name, SLASH, entry])), stat.blocks * 512);
  };
  return usage(Buffer.from(path));
}

const SLASH = Buffer.from('/');

function entriesOf(directory: Buffer): Buffer[] {
  try {
    return readdirSync(directory, { encoding: 'buffer' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return [];
    throw error;
  }
}
