/** Ending a container from outside. */
import { constants } from 'node:os';
import { POLLIN, type Sys } from '@ns-tool/syscalls';
import { holdProcess } from './hold.ts';
import type { ContainerState } from './state.ts';

/** How a container came to its end: by itself, upon a signal; or because SIGKILL left it no choice; or before. */
export type Stopped = 'ended' | 'killed' | 'had ended';

/**
 * Sends a signal to the first process of a container, and SIGKILL if it has not ended after a while. With it end all others
 * of its pid namespace. As PID 1 it ignores every signal that it has no handler for: pid_namespaces(7).
 *
 * @param patience milliseconds.
 */
export function stop(sys: Sys, state: ContainerState, signal: NodeJS.Signals, patience: number): Stopped {
  const pidfd = holdProcess(sys, state);
  if (pidfd === null) return 'had ended';
  try {
    send(sys, pidfd, signal);
    if (hasEndedWithin(sys, pidfd, patience)) return 'ended';
    send(sys, pidfd, 'SIGKILL');
    hasEndedWithin(sys, pidfd, -1);
    return 'killed';
  } finally {
    sys.close(pidfd);
  }
}

function send(sys: Sys, pidfd: number, signal: NodeJS.Signals): void {
  sys.allowing('ESRCH').pidfd_send_signal(pidfd, constants.signals[signal], null, 0);
}

function hasEndedWithin(sys: Sys, pidfd: number, milliseconds: number): boolean {
  const deadline = performance.now() + milliseconds;
  for (;;) {
    const left = milliseconds < 0 ? -1 : Math.max(0, Math.ceil(deadline - performance.now()));
    const ready = sys.allowing('EINTR').poll([{ fd: pidfd, events: POLLIN }], left);
    if (ready >= 0) return ready > 0;
  }
}
