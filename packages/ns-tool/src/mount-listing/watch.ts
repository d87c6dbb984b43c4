/** Waiting for changes of mount tables. */
import type { Mount } from '@ns-tool/mount-table';
import {
  AT_FDCWD,
  isErrno,
  O_CLOEXEC,
  O_RDONLY,
  POLLERR,
  POLLHUP,
  POLLNVAL,
  POLLPRI,
  type PollFd,
  type Sys,
} from '@ns-tool/syscalls';
import { readTable } from '../mount-table/source.ts';
import { type Change, changesBetween } from './changes.ts';

export type Watched = { readonly pid: number | 'self' };

/** What is seen of one process. `mounts` is the whole table after the changes, `before` the one before. */
export type Event =
  | {
      readonly source: Watched;
      readonly changes: readonly Change[];
      readonly before: readonly Mount[];
      readonly after: readonly Mount[];
    }
  | { readonly source: Watched; readonly hasEnded: true }
  /** Nobody reads standard output any more. */
  | { readonly isUnread: true };

/**
 * How long at most a change of propagation goes unseen, in milliseconds. The kernel reports every other change at once, but
 * not what mount(2) does to the propagation of a mount (do_change_type in fs/namespace.c): that must be looked for.
 */
const LOOK = 1000;

/** Looking takes at most one part in so many of the time: a table of 100,000 mounts is looked at less often. */
const SHARE = 20;

/** A process that is watched. */
interface Watch {
  readonly source: Watched;
  /** Its table, open: the kernel reports a change to who has it open, once. Reading resets nothing, so it is read anew. */
  readonly table: PollFd;
  mounts: readonly Mount[];
}

/**
 * Yields what changes in the mount tables of processes, as it happens. Waits in poll(2), which blocks this thread: signals
 * without a handler end the process all the same. See "/proc/pid/mounts" in proc_pid_mounts(5) and mounts_poll in
 * fs/proc_namespace.c.
 *
 * Changes that are undone before the table has been read are not seen.
 *
 * @param output the descriptor of the output; the wait ends when nobody reads it any more.
 * @param onReady called when all tables have been read: from then on nothing is missed.
 * @throws UserError for a process that cannot be watched.
 */
export function* watch(
  sys: Sys,
  sources: readonly Watched[],
  output: number,
  onReady: () => void,
): Generator<Event, void> {
  let watches = sources.map((source) => start(sys, source));
  onReady();
  let pause = LOOK;
  while (watches.length > 0) {
    // Nothing is asked of it; these three events come unasked.
    const reader: PollFd = { fd: output, events: 0 };
    wait(sys, [reader, ...watches.map(({ table }) => table)], pause);
    if (has(reader, POLLERR | POLLHUP | POLLNVAL)) {
      yield { isUnread: true };
      return;
    }
    const startedAt = performance.now();
    for (const watch of watches) {
      const { source, mounts: before } = watch;
      const after = tableOf(sys, source);
      if (after === null) {
        watches = watches.filter((other) => other !== watch);
        sys.close(watch.table.fd);
        yield { source, hasEnded: true };
        continue;
      }
      watch.mounts = after;
      const changes = changesBetween(before, after);
      if (changes.length > 0) yield { source, changes, before, after };
    }
    pause = Math.max(LOOK, Math.ceil((performance.now() - startedAt) * SHARE));
  }
}

function start(sys: Sys, source: Watched): Watch {
  // Read first, for its errors; opened before it is read again, so that no change lies in between.
  readTable(sys, source);
  const name = source.pid === 'self' ? 'thread-self' : source.pid;
  const table = sys.openat(AT_FDCWD, `/proc/${name}/mountinfo`, O_RDONLY | O_CLOEXEC);
  return { source, table: { fd: table, events: POLLPRI }, mounts: readTable(sys, source) };
}

/** Null if the process has ended meanwhile. */
function tableOf(sys: Sys, source: Watched): readonly Mount[] | null {
  try {
    return readTable(sys, source);
  } catch (error) {
    const { cause } = error as Error;
    if (isErrno(cause, 'ENOENT', 'ESRCH', 'EINVAL')) return null;
    throw error;
  }
}

function wait(sys: Sys, files: readonly PollFd[], timeout: number): void {
  try {
    sys.poll(files, timeout);
  } catch (error) {
    // Stopped and continued, or the window was resized.
    if (!isErrno(error, 'EINTR')) throw error;
  }
}

function has({ revents = 0 }: PollFd, events: number): boolean {
  return (revents & events) !== 0;
}
