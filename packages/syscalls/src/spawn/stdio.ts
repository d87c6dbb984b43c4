/** The descriptors of a child. */
import type { Socket } from 'node:net';
import { AT_FDCWD, CLOSE_RANGE_CLOEXEC, F_DUPFD_CLOEXEC, F_SETFD, O_CLOEXEC, O_RDWR } from '../constants.ts';
import { pipe } from '../files.ts';
import type { Recorder } from '../record.ts';
import { sys } from '../run.ts';

/**
 * What a descriptor of the child is: the parent's of the same number, a pipe, /dev/null, or a descriptor of the parent. A pipe
 * is for 0, 1 and 2; for others make one by `pipe(sys)`, give an end of it, and close that once the child is started.
 */
export type Stdio = 'inherit' | 'pipe' | 'ignore' | number;

/** @throws TypeError for what is none. */
export function checkStdio(fd: number, item: unknown): void {
  if (item === 'pipe' && fd > 2)
    throw new TypeError(`a pipe is for 0, 1 and 2; for ${fd} make one by pipe(sys), and give an end of it`);
  if (typeof item !== 'number' && item !== 'inherit' && item !== 'pipe' && item !== 'ignore')
    throw new TypeError(`not what a descriptor can be: ${item}; give its fd, 'inherit', 'pipe' or 'ignore'`);
}

/** The parent's side of a child's descriptors. */
export interface Plumbing {
  /** For each descriptor of the child: one of this process, or 'ignore'. */
  readonly sources: readonly (number | 'ignore')[];
  /** This process's ends of the pipes, by the child's descriptor. */
  readonly ends: ReadonlyMap<number, number>;
}

/** Makes the pipes. */
export function openPlumbing(stdio: readonly Stdio[]): Plumbing {
  const ends = new Map<number, number>();
  const sources = stdio.map((item, fd) => {
    if (item === 'inherit') return fd;
    if (item !== 'pipe') return item;
    const [read, write] = pipe(sys);
    // The child reads from its standard input and writes to the others.
    ends.set(fd, fd === 0 ? write : read);
    return fd === 0 ? read : write;
  });
  return { sources, ends };
}

/** Closes the child's ends here, once it has been started or could not be; and also ours, in the second case. */
export function closePlumbing({ sources, ends }: Plumbing, stdio: readonly Stdio[], started: boolean): void {
  for (const [fd, source] of sources.entries()) if (stdio[fd] === 'pipe') sys.close(source as number);
  if (!started) for (const end of ends.values()) sys.close(end);
}

/** Our end of a pipe as a stream. */
export function streamOf({ ends }: Plumbing, fd: number): Socket | null {
  const end = ends.get(fd);
  if (end === undefined) return null;
  // Loaded now, since few children have pipes, and it brings most of node:stream along.
  const { Socket } = process.getBuiltinModule('node:net');
  return new Socket({ fd: end, readable: fd !== 0, writable: fd === 0 });
}

/** Gives the child its descriptors, under their numbers, and lets no other survive execve(2). */
export function connect(sys: Recorder, { sources }: Plumbing): void {
  // First out of the way: what would be overwritten before its turn.
  const moved = sources.map((source, fd) => {
    if (source === 'ignore') return sys.openat(AT_FDCWD, '/dev/null', O_RDWR | O_CLOEXEC);
    return source < sources.length && source !== fd ? sys.fcntl(source, F_DUPFD_CLOEXEC, sources.length) : source;
  });
  for (const [fd, source] of moved.entries()) {
    // dup3(2) would refuse, and dup2(2) not clear close-on-exec, which libuv sets on 0, 1 and 2.
    if (source === fd) sys.fcntl(fd, F_SETFD, 0);
    else sys.dup3(source, fd, 0);
  }
  // Node opens its own files close-on-exec, so an old kernel that cannot do this leaks only what others opened otherwise.
  sys.allowing('ENOSYS', 'EINVAL').close_range(sources.length, 2 ** 32 - 1, CLOSE_RANGE_CLOEXEC);
}
