/** System calls as strace(1) writes them. */
import { errnoMessage, errnoName } from './errno.ts';
import { type Description, type SyscallName, table } from './table.ts';

/**
 * The arguments of a call, each as strace writes it: `['"tmpfs"', '"/mnt"', '"tmpfs"', 'MS_NOSUID|MS_NODEV', 'NULL']`.
 *
 * @param result the call's result, which says how much of a filled buffer to show; leave out before the call.
 */
export function showArgs(name: SyscallName, args: readonly unknown[], result?: number): string[] {
  const { kinds }: Description = table[name];
  return kinds.map((kind, i) => kind.show(args[i], result)).filter((shown) => shown !== '');
}

/** A call: `mount("tmpfs", "/mnt", "tmpfs", MS_NOSUID|MS_NODEV, NULL)`. */
export function showCall(name: SyscallName, args: readonly unknown[], result?: number): string {
  return `${name}(${showArgs(name, args, result).join(', ')})`;
}

/** A call with its result: `umount2("/mnt", 0) = -1 EINVAL (Invalid argument)`. `result` is negative for an errno. */
export function showOutcome(name: SyscallName, args: readonly unknown[], result: number): string {
  const outcome = result < 0 ? `-1 ${errnoName(-result)} (${errnoMessage(-result)})` : String(result);
  return `${showCall(name, args, result)} = ${outcome}`;
}
