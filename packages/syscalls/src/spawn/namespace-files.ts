/** Namespaces that outlive their processes: each is mounted on a file. See namespaces(7), "The /proc/PID/ns/ directory". */
import { MNT_DETACH, MS_BIND } from '../constants.ts';
import { sys } from '../run.ts';
import type { SyscallError } from '../syscall-error.ts';
import { type NamespaceKind, namespaceFile } from './namespaces.ts';

/** For a kind of namespace, the file on which to mount it. The file must exist. */
export type NamespaceFiles = Partial<Readonly<Record<NamespaceKind, string>>>;

/**
 * Mounts namespaces of a process on files, in the mount namespace of this thread.
 *
 * @returns the files, so that they can be given up again.
 * @throws SyscallError EINVAL for a mount namespace whose file lies on a shared mount: it could come to hold itself.
 */
export function keepNamespaces(pid: number, files: NamespaceFiles): string[] {
  const kept: string[] = [];
  try {
    for (const [kind, file] of Object.entries(files) as [NamespaceKind, string][]) {
      // The process itself is in none of these yet.
      const name = kind === 'time' ? 'time_for_children' : namespaceFile(kind);
      sys.mount(`/proc/${pid}/ns/${name}`, file, null, MS_BIND, null);
      kept.push(file);
    }
    return kept;
  } catch (error) {
    giveUpNamespaces(kept);
    throw error as SyscallError;
  }
}

export function giveUpNamespaces(files: readonly string[]): void {
  for (const file of files) sys.umount2(file, MNT_DETACH);
}
