/** Taking hold of a container's first process. */
import { readlinkSync } from 'node:fs';
import { POLLIN, type Sys } from '@ns-tool/syscalls';
import { type ContainerState, isAlive } from './state.ts';

/**
 * Opens a descriptor of its first process, or returns null if that has ended. The pid may be another process's by now; so
 * that is looked at once the descriptor is open, since from then on it means one process only.
 */
export function holdProcess(sys: Sys, state: ContainerState): number | null {
  const pidfd = sys.allowing('ESRCH').pidfd_open(state.pid, 0);
  if (pidfd < 0) return null;
  if (isAlive(state)) return pidfd;
  sys.close(pidfd);
  return null;
}

/**
 * Whether a process that is held has ended, or is about to: it gives up its namespaces first, and the first one of a pid
 * namespace then waits for all others in there. pid_namespaces(7)
 */
export function hasEnded(sys: Sys, pidfd: number, pid: number): boolean {
  return sys.poll([{ fd: pidfd, events: POLLIN }], 0) > 0 || hasNoNamespaces(pid);
}

function hasNoNamespaces(pid: number): boolean {
  try {
    readlinkSync(`/proc/${pid}/ns/mnt`);
    return false;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ESRCH';
  }
}
