/** Learning from a child itself which mount namespace it is in: when its parent could look, it may have ended. */
import { AT_FDCWD, POLLIN, pipe, type Recorder, type Sys } from '@ns-tool/syscalls';
import { namespaceIdIn } from '../namespace-id.ts';

/** More than `mnt:[4294967295]` takes. */
const LENGTH = 32;

/** A message of a child about its mount namespace. */
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
  const [readEnd, writeEnd] = pipe(sys);
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
      return namespaceIdIn(link.toString());
    },
    close() {
      sys.close(readEnd);
      sys.close(writeEnd);
    },
  };
}
