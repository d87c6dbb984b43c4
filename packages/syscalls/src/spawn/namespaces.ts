/** The kinds of namespace, by the names that people use. */
import {
  CLONE_NEWCGROUP,
  CLONE_NEWIPC,
  CLONE_NEWNET,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWUSER,
  CLONE_NEWUTS,
} from '../constants.ts';

/** A kind of namespace, as namespaces(7) calls it. */
export type NamespaceKind = keyof typeof NAMESPACE_KINDS;

/** The flag of clone(2) that makes each. A time namespace is made otherwise. */
export const NAMESPACE_KINDS = {
  mount: CLONE_NEWNS,
  uts: CLONE_NEWUTS,
  ipc: CLONE_NEWIPC,
  net: CLONE_NEWNET,
  pid: CLONE_NEWPID,
  user: CLONE_NEWUSER,
  cgroup: CLONE_NEWCGROUP,
} as const;

/** The flags of several kinds together. */
export function namespaceFlags(kinds: readonly NamespaceKind[]): number {
  return kinds.reduce((flags, kind) => flags | NAMESPACE_KINDS[kind], 0);
}
