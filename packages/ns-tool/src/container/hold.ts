/** Taking hold of a container's first process. */
import { isErrno, type Sys } from '@ns-tool/syscalls';
import { type ContainerState, isAlive } from './state.ts';

/**
 * Opens a descriptor of its first process, or returns null if that has ended. The pid may be another process's by now; so
 * that is looked at once the descriptor is open, since from then on it means one process only.
 */
export function holdProcess(sys: Sys, state: ContainerState): number | null {
  let pidfd: number;
  try {
    pidfd = sys.pidfd_open(state.pid, 0);
  } catch (error) {
    if (isErrno(error, 'ESRCH')) return null;
    throw error;
  }
  if (isAlive(state)) return pidfd;
  sys.close(pidfd);
  return null;
}
