/** Learning from a child itself which mount namespace it is in: when its parent could look, it may have ended. */
import { AT_FDCWD, O_CLOEXEC, POLLIN, type Recorder, readLink, type Sys } from '@ns-tool/syscalls';

/** More than `mnt:[4294967295]` takes. */
const LENGTH = 32;

/** The mount namespace of this thread, as an inode number: 4026531841 for `mnt:[4026531841]`. See namespaces(7). */
export function ownMountNamespace(sys: Sys): number {
  return idIn(readLink(sys, AT_FDCWD, '/proc/thread-self/ns/mnt'));
}

export interface NamespaceReport {
  /** Records what the child does to report. For its `setup`. */
  send(sys: Recorder): void;
  /** What the child has reported, once it has become its command, or has failed: NaN if that was before. */
  receive(): number;
  /** Gives back its descriptors. */
  close(): void;
}

/** Prepares a report. It takes two descriptors until it is closed. */
export function namespaceReport(sys: Sys): NamespaceReport {
  const fds = new Int32Array(2);
  sys.pipe2(new Uint8Array(fds.buffer), O_CLOEXEC);
  const [readEnd = -1, writeEnd = -1] = fds;
  // In the child both steps have the same memory for it: what the first reads, the second writes.
  const link = Buffer.alloc(LENGTH, ' ');
  return {
    send(child) {
      child.readlinkat(AT_FDCWD, '/proc/self/ns/mnt', link);
      child.write(writeEnd, link);
    },
    receive() {
      // It is in the pipe by now, unless the child has failed before. In `link`, it is also what a trace of the steps shows.
      if (sys.poll([{ fd: readEnd, events: POLLIN }], 0) > 0) sys.read(readEnd, link);
      return idIn(link);
    },
    close() {
      sys.close(readEnd);
      sys.close(writeEnd);
    },
  };
}

function idIn(link: Buffer): number {
  return Number(/\d+/.exec(link.toString())?.[0]);
}
