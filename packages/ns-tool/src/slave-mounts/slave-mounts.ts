/**
 * Mounts that take from the host and give nothing back.
 *
 * A slave mount receives the mounts and unmounts of its master, here of its original outside, and passes none to it. So
 * inside, everything can be unmounted, while what the host mounts later still appears. See mount_namespaces(7), "Shared
 * subtrees".
 */
import { fromBytes, toBytes } from '@ns-tool/mount-table';
import { type ErrnoName, errnoName, MS_REC, MS_SLAVE, type Recorder, type StepResult } from '@ns-tool/syscalls';

/** A mount point that path lookup does not reach: it has been unmounted since, or another mount covers it. */
const OUT_OF_REACH: readonly ErrnoName[] = ['EINVAL', 'ENOENT', 'ENOTDIR', 'EACCES'];

/**
 * Makes every mount of a new mount namespace a slave of its original. For the `setup` of a child in that namespace.
 *
 * The mount points are remounted one by one. The last step makes slaves of the rest: what another mount covers, and what
 * the host has mounted since the table was read. It must succeed, so that no shared mount is left.
 *
 * @param mountPoints those of the table, in its order.
 * @param announce called before each is remounted.
 */
export function remountAsSlaves(
  sys: Recorder,
  mountPoints: readonly string[],
  announce: (mountPoint: string) => void = () => {},
): void {
  const reaching = sys.allowing(...OUT_OF_REACH);
  for (const mountPoint of mountPoints) {
    announce(mountPoint);
    reaching.mount(null, toBytes(mountPoint), null, MS_SLAVE, null);
  }
  sys.mount(null, '/', null, MS_REC | MS_SLAVE, null);
}

/** What came of one mount point. */
export interface Remount {
  readonly mountPoint: string;
  /** Why it was out of reach, and became a slave with the last step only; or null. */
  readonly error: string | null;
}

/** What came of each mount point, from the steps of the child that {@link remountAsSlaves} has set up. */
export function remountsOf(steps: readonly StepResult[]): Remount[] {
  return steps.flatMap(({ call: { name, args }, result }) => {
    if (name !== 'mount' || args[3] !== MS_SLAVE) return [];
    const error = result !== null && result < 0 ? errnoName(-result) : null;
    return [{ mountPoint: fromBytes(args[1] as Uint8Array), error }];
  });
}
