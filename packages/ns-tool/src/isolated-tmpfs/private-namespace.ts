import { CLONE_NEWNS, MS_PRIVATE, MS_REC, type Sys } from '@ns-tool/syscalls';

/**
 * Detaches this thread from the mount namespace it shares with its parent.
 *
 * A new mount namespace starts as a copy in which every shared mount is still a peer of its original, so a mount made
 * now would appear in the parent too. Making `/` recursively private cuts that tie, hence always both steps.
 * See mount_namespaces(7), "Shared subtrees".
 *
 * Only the calling thread moves. From here on use `fs.*Sync` and child processes: `fs.promises` and callback `fs` run on
 * other threads, which are still outside if anything has used them before.
 *
 * @throws SyscallError EPERM without CAP_SYS_ADMIN; ENOSPC beyond /proc/sys/user/max_mnt_namespaces.
 */
export function enterPrivateMountNamespace(sys: Sys): void {
  sys.unshare(CLONE_NEWNS);
  sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);
}
