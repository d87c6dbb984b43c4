/** What ties a child to its parent until it has become the command. */
import { pipe } from '../files.ts';
import type { Recorder } from '../record.ts';
import { sys } from '../run.ts';

/**
 * Two pipes. The child tells the parent that it is alive, and learns in the same way whether the parent is: EPIPE. And
 * where the parent has something to do first, such as to write the ID maps, the child waits for it. With CLONE_VFORK the
 * parent would stand still meanwhile, and the two wait for each other.
 */
export class Tie {
  /** From the child to the parent. The child's end is closed by execve(2), or with the child. */
  private readonly told = pipe(sys);
  /** From the parent to the child, which waits for a byte in it. */
  private readonly opened: [read: number, write: number] | null;
  private readonly unclosed: Set<number>;

  /** @param waits whether the child waits for the parent. */
  constructor(waits: boolean) {
    this.opened = waits ? pipe(sys) : null;
    this.unclosed = new Set([...this.told, ...(this.opened ?? [])]);
  }

  /** The child's side, first of all: an end of a pipe that it had too would keep it from hearing that the parent has ended. */
  begin(child: Recorder): void {
    child.aside().close(this.told[0]);
    if (this.opened !== null) child.aside().close(this.opened[1]);
  }

  /** The child's side: waits for the parent, or for its end. */
  wait(child: Recorder): void {
    if (this.opened === null) return;
    child.aside().write(this.told[1], '.');
    child.aside().read(this.opened[0], new Uint8Array(1));
  }

  /** The child's side: ends it if the parent has ended. SIGPIPE is blocked here, as all signals are. */
  check(child: Recorder): void {
    child.aside().write(this.told[1], '.');
  }

  /** The parent's side, where the child waits: does the work, and lets it go on. */
  open(work: () => void): void {
    const { told, opened } = this;
    if (opened === null) return;
    this.closeOne(told[1]);
    // No byte: the child has failed before it came to wait.
    if (sys.read(told[0], new Uint8Array(1)) === 0) return;
    work();
    sys.write(opened[1], '.');
  }

  /** The parent's side, where the child has waited: waits until it has become the command, or has ended. */
  awaitEnd(): void {
    if (this.opened === null) return;
    while (sys.read(this.told[0], new Uint8Array(1)) > 0);
  }

  close(): void {
    for (const fd of this.unclosed) this.closeOne(fd);
  }

  private closeOne(fd: number): void {
    if (this.unclosed.delete(fd)) sys.close(fd);
  }
}
