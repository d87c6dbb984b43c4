import type { Sys } from '@ns-tool/syscalls';

/** What commands get from outside. */
export interface Context {
  /** The system calls. Loaded when a command asks for them: help and mistakes need none. */
  loadSys(): Promise<Sys>;
}
