/** The Linux mount table as data. Pure: no I/O, no Node; it runs in a browser as well. */
export { type ChangedMount, diffMounts, type Field, type MountDifference } from './diff.ts';
export { MountTableError } from './error.ts';
export { mountHolding, mountReceiving } from './lookup.ts';
export { formatMountinfo, isDeleted, type Mount, optionalFields, parseMountinfo } from './mountinfo.ts';
export { formatMounts, inMountFormat, lastMountedAt, type MountEntry, parseMounts } from './mounts.ts';
export { display, fromBytes, toBytes } from './names.ts';
export { optionsReader } from './options.ts';
export { joinPath, pathBelow } from './paths.ts';
export {
  findmntPropagation,
  type Member,
  type NamespaceTable,
  type PeerGroup,
  type Propagation,
  propagationGraph,
  propagationOf,
} from './propagation.ts';
export { type Place, type Reason, reach } from './reach.ts';
export { type MountTree, mountTree, type TreeNode } from './tree.ts';
