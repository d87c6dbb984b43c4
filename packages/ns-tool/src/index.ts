/// <reference types="node" preserve="true" />
/** The library of ns-tool: what its commands do, for programs. */
export type { Limits } from './container/cgroup/limits.ts';
export type { ContainerOptions } from './container/decide.ts';
export type { AskedMount, Volume } from './container/mounts.ts';
export type { TerminalInside, TmpfsMount } from './container/plan.ts';
export { openTerminal, type PseudoTerminal } from './container/pseudo-terminal.ts';
export { type Container, type RunOptions, run } from './container/run.ts';
export { UsageError, UserError } from './errors.ts';
export { type IsolatedTmpfs, isolateTmpfs } from './isolated-tmpfs/isolated-tmpfs.ts';
export { type MountPoint, provideMountPoint } from './isolated-tmpfs/mount-point.ts';
export { enterPrivateMountNamespace } from './isolated-tmpfs/private-namespace.ts';
export { type StandIn, standInFor } from './isolated-tmpfs/stand-in.ts';
export type { TmpfsOptions } from './isolated-tmpfs/tmpfs-options.ts';
