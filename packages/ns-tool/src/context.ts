import type { Sys } from '@ns-tool/syscalls';

/** What commands get from outside. */
export interface Context {
  /** The system calls. Loaded when a command asks for them: help and mistakes need none. */
  loadSys(): Promise<Sys>;
  /** The words that start this program again: Node and its script. */
  readonly self: readonly string[];
  /** The words of the command line after the program's name. */
  readonly argv: readonly string[];
}
