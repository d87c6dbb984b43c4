/** Removing the files of a layer, which are not all this user's own. */
import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { spawn } from '@ns-tool/syscalls';
import { layerIds } from '../layers/ids.ts';

/**
 * Removes a tree. Where an ordinary user may not, since its files have subordinate IDs or its directories are read-only,
 * it is done as root of a user namespace. What lies so deep that no path from here names it, rm(1) removes step by step.
 */
export async function removeTree(path: string): Promise<void> {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const isRoot = process.geteuid?.() === 0;
    if (code !== 'ENAMETOOLONG' && (isRoot || (code !== 'EACCES' && code !== 'EPERM'))) throw error;
    const child = await spawn(
      'rm',
      ['-rf', '--', path],
      isRoot ? {} : { namespaces: ['user'], idMaps: layerIds().idMaps },
    );
    const { status } = await child.exited;
    if (status !== 0) throw error;
  }
}

/** How many bytes of disk a tree has, as far as one may look. A file with several names counts once. */
export function diskUsage(path: string): number {
  const counted = new Set<number>();
  const usage = (name: Buffer): number => {
    const stat = seen(() => lstatSync(name, { throwIfNoEntry: false }));
    if (stat === undefined || counted.has(stat.ino)) return 0;
    if (stat.nlink > 1 && !stat.isDirectory()) counted.add(stat.ino);
    const entries = (stat.isDirectory() && seen(() => readdirSync(name, { encoding: 'buffer' }))) || [];
    return entries.reduce((sum, entry) => sum + usage(Buffer.concat([name, SLASH, entry])), stat.blocks * 512);
  };
  return usage(Buffer.from(path));
}

const SLASH = Buffer.from('/');

/** Nothing where one may not look, or no path leads. */
function seen<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'ENAMETOOLONG') return undefined;
    throw error;
  }
}
