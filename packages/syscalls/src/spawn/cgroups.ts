/** The cgroups of a child. See cgroups(7). */
import { AT_FDCWD, O_CLOEXEC, O_WRONLY } from '../constants.ts';
import type { Recorder } from '../record.ts';

/** Moves this process into cgroups, by their directories. While the files are still in sight, and ours to write. */
export function joinCgroups(sys: Recorder, directories: readonly string[]): void {
  for (const directory of directories) {
    const fd = sys.openat(AT_FDCWD, `${directory}/cgroup.procs`, O_WRONLY | O_CLOEXEC);
    // 0 is who writes it.
    sys.write(fd, '0');
    sys.close(fd);
  }
}
