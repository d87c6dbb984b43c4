/** Waiting for changes of mount tables. */
import type { Mount } from '@ns-tool/mount-table';
import {
  AT_FDCWD,
  isErrno,
  O_CLOEXEC,
  O_RDONLY,
  PIDFD_THREAD,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLNVAL,
  POLLPRI,
  type PollFd,
  type Sys,
} from '@ns-tool/syscalls';
import { UserError } from '../errors.ts';
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

/** A process that is watched. */
interface Watch extends Look {
  readonly source: Watched;
  /** Its descriptor, in which poll(2) finds POLLIN once it has ended. Null for this process, and where there is none. */
  readonly process: PollFd | null;
}

/** What is seen of a mount table. */
interface Look {
  /** The table, open: the kernel reports a change to who has it open, once. */
  readonly table: PollFd;
  readonly mounts: readonly Mount[];
}

/**
 * Yields what changes in the mount tables of processes, as it happens. Waits in poll(2), which blocks this thread: signals
 * without a handler end the process all the same. See "/proc/pid/mounts" in proc_pid_mounts(5) and mounts_poll in
 * fs/proc_namespace.c.
 *
 * Every table is compared at every event, so that what sends none is seen with the next one: what mount(2) does to the
 * propagation of a mount (do_change_type in fs/namespace.c; that of mount_setattr(2) is reported), and a process that goes to
 * another namespace or root directory. Changes that are undone before the table has been read are not seen.
 *
 * @param output the descriptor of the output; the wait ends when nobody reads it any more.
 * @param interval how often to look without an event as well, in milliseconds; null for never.
 * @param onReady called when all tables have been read: from then on nothing is missed.
 * @throws UserError for a process that cannot be watched.
 */
export function* watch(
  sys: Sys,
  sources: readonly Watched[],
  output: number,
  interval: number | null,
  onReady: () => void,
): Generator<Event, void> {
  let watches = sources.map((source) => start(sys, source));
  onReady();
  while (watches.length > 0) {
    // Nothing is asked of it; these three events come unasked.
    const reader: PollFd = { fd: output, events: 0 };
    wait(
      sys,
      [reader, ...watches.flatMap(({ table, process }) => (process === null ? table : [table, process]))],
      interval,
    );
    if (has(reader, POLLERR | POLLHUP | POLLNVAL)) {
      yield { isUnread: true };
      return;
    }
    const still: Watch[] = [];
    for (const watch of watches) {
      const { source, mounts: before } = watch;
      const seen = hasEnded(watch) ? null : lookAgain(sys, source);
      sys.close(watch.table.fd);
      if (seen === null) {
        if (watch.process !== null) sys.close(watch.process.fd);
        yield { source, hasEnded: true };
        continue;
      }
      still.push({ ...watch, ...seen });
      const changes = changesBetween(before, seen.mounts);
      if (changes.length > 0) yield { source, changes, before, after: seen.mounts };
    }
    watches = still;
  }
}

function start(sys: Sys, source: Watched): Watch {
  // Read first, for its errors.
  readTable(sys, source);
  return { source, process: processOf(sys, source), ...look(sys, source) };
}

/** Opens the table before it is read, so that no change lies in between. Anew each time, since its process may be elsewhere. */
function look(sys: Sys, source: Watched): Look {
  const name = source.pid === 'self' ? 'thread-self' : source.pid;
  const fd = sys.openat(AT_FDCWD, `/proc/${name}/mountinfo`, O_RDONLY | O_CLOEXEC);
  try {
    return { table: { fd, events: POLLPRI }, mounts: readTable(sys, source) };
  } catch (error) {
    sys.close(fd);
    throw error;
  }
}

/** Null where the kernel has none for it: for a thread that does not lead its process, before Linux 6.9. */
function processOf(sys: Sys, { pid }: Watched): PollFd | null {
  if (pid === 'self') return null;
  for (const flags of [0, PIDFD_THREAD]) {
    // If it has ended, reading its table says so.
    const fd = sys.allowing('EINVAL', 'ENOENT', 'ESRCH', 'ENOSYS').pidfd_open(pid, flags);
    if (fd >= 0) return { fd, events: POLLIN };
  }
  return null;
}

/** By its descriptor, since another process can have its pid already. */
function hasEnded({ process }: Watch): boolean {
  return process !== null && has(process, POLLIN);
}

/** Null if the process has ended meanwhile. */
function lookAgain(sys: Sys, source: Watched): Look | null {
  try {
    return look(sys, source);
  } catch (error) {
    const cause = error instanceof UserError ? error.cause : error;
    if (isErrno(cause, 'ENOENT', 'ESRCH', 'EINVAL')) return null;
    throw error;
  }
}

function wait(sys: Sys, files: readonly PollFd[], timeout: number | null): void {
  // EINTR: stopped and continued, or the window was resized.
  sys.allowing('EINTR').poll(files, timeout ?? -1);
}

function has({ revents = 0 }: PollFd, events: number): boolean {
  return (revents & events) !== 0;
}
