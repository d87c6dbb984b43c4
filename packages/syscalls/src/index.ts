/// <reference types="node" preserve="true" />
/**
 * Linux system calls for Node.js.
 *
 * `sys` runs them on the calling thread. `showCall` and `showOutcome` write them as strace does. `interpose` and `trace`
 * put a layer around them.
 */

export { ResultOf } from './arguments.ts';
export * from './constants.ts';
export { makeDirectories } from './directories.ts';
export { type ErrnoName, errnoMessage, errnoName, errnoNumber } from './errno.ts';
export * from './files.ts';
export { interpose, type PendingCall, trace } from './interpose.ts';
export {
  type CloneArgs,
  type EnvironmentInMemory,
  type MountAttr,
  makedev,
  type OpenHow,
  type PollFd,
  quote,
  type Text,
  type Timespec,
} from './kinds.ts';
export { isOverlayRefused, MOUNT_DATA_SIZE, overlayPath } from './overlay.ts';
export { type Architecture, architecture } from './platform.ts';
export { type Program, type Recorder, record, type Step, showProgram } from './record.ts';
export { sys } from './run.ts';
export { showArgs, showCall, showOutcome } from './show.ts';
export { becomeUser, CAPABILITIES, type Capability, permittedCapabilities } from './spawn/capabilities.ts';
export type { Exit } from './spawn/children.ts';
export { IdMapError, type IdMaps, type IdRange, mapSelf, writeIdMaps } from './spawn/id-maps.ts';
export type { NamespaceFiles } from './spawn/namespace-files.ts';
export {
  type Joined,
  NAMESPACE_KINDS,
  type NamespaceCall,
  type NamespaceKind,
  namespaceFile,
  namespaceFlags,
} from './spawn/namespaces.ts';
export type { Attempt, SpawnOptions, StepResult } from './spawn/options.ts';
export { cloneFlagsOf, mapsFromOutsideOf, programOf } from './spawn/program.ts';
export { type Child, ChildEndedEarly, spawn } from './spawn/spawn.ts';
export type { Stdio } from './spawn/stdio.ts';
export {
  mappableIds,
  mapWithSubordinates,
  type SubordinateIds,
  type SubordinateRanges,
  subordinateIds,
} from './spawn/subordinate-ids.ts';
export type { Through } from './spawn/through.ts';
export type { TimeOffsets } from './spawn/time-offsets.ts';
export { isErrno, SyscallError } from './syscall-error.ts';
export { type Calls, type Description, type Sys, type SyscallArgs, type SyscallName, table } from './table.ts';
