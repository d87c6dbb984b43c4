import { constants } from 'node:os';
import { PR_SET_PDEATHSIG } from '../constants.ts';
import { pipe } from '../files.ts';
import type { Recorder } from '../record.ts';
import { sys } from '../run.ts';
import type { Sys } from '../table.ts';
import { type IdMaps, writeIdMaps } from './id-maps.ts';

/**
 * Where a child waits until its parent has written the ID maps of its user namespace, and the parent until the child is
 * off. With CLONE_VFORK the parent would stand still, and the two wait for each other.
 */
export class Gate {
  /** The child waits for a byte in it. */
  private readonly opened = pipe(sys);
  /** The child's end is closed by execve(2), or with the child. */
  private readonly passed = pipe(sys);
  private readonly unclosed = new Set([...this.opened, ...this.passed]);

  constructor(private readonly idMaps: IdMaps) {}

  /** The child's side. If the parent dies meanwhile, it must neither go on without maps nor wait for ever. */
  wait(child: Recorder): void {
    child.prctl(PR_SET_PDEATHSIG, constants.signals.SIGKILL, 0, 0, 0);
    child.read(this.opened[0], new Uint8Array(1));
  }

  /** The parent's side: writes the maps and waits until the child has become the command, or has ended. */
  open(sys: Sys, pid: number): void {
    this.closeOne(this.passed[1]);
    writeIdMaps(sys, pid, this.idMaps, false);
    sys.write(this.opened[1], '.');
    sys.read(this.passed[0], new Uint8Array(1));
  }

  close(): void {
    for (const fd of this.unclosed) this.closeOne(fd);
  }

  private closeOne(fd: number): void {
    if (this.unclosed.delete(fd)) sys.close(fd);
  }
}
