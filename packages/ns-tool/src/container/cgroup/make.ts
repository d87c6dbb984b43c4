/** The making of cgroups. See cgroups(7). */
import { join } from 'node:path';
import { AT_FDCWD, isErrno, O_WRONLY, type Sys, SyscallError, withOpen } from '@ns-tool/syscalls';
import { NotStarted } from '../../errors.ts';
import { printable } from '../../output.ts';
import { hintFor } from './hints.ts';
import { type PlannedCgroup, pathOfCgroup } from './plan.ts';

/** A directory to make, or a file to write to. */
interface Step {
  readonly path: string;
  /** Null for a directory. */
  readonly content: string | null;
  /** Whether a file may be missing. */
  readonly optional?: true;
}

/** The parent must give the controllers first: the files to write to come with them. */
function stepsOf(cgroup: PlannedCgroup): Step[] {
  const directory = pathOfCgroup(cgroup);
  return [
    ...cgroup.enable.map((name) => ({ path: join(cgroup.parent, 'cgroup.subtree_control'), content: `+${name}` })),
    { path: directory, content: null },
    ...cgroup.settings.map(({ file, ...setting }) => ({ path: join(directory, file), ...setting })),
  ];
}

/** What is done, as comments of a program. */
export function showCgroups(planned: readonly PlannedCgroup[]): string[] {
  return planned
    .flatMap(stepsOf)
    .map(({ path, content }) =>
      content === null ? `# the parent makes the cgroup ${path}` : `# the parent writes to ${path}: ${content}`,
    );
}

/**
 * Makes cgroups, with their limits and without processes.
 *
 * @throws NotStarted for what the kernel refuses. Some may have been made then.
 */
export function makeCgroups(sys: Sys, planned: readonly PlannedCgroup[]): void {
  for (const cgroup of planned) {
    for (const step of stepsOf(cgroup)) {
      try {
        perform(sys, step);
      } catch (error) {
        if (step.optional && isErrno(error, 'ENOENT')) continue;
        if (!(error instanceof SyscallError)) throw error;
        // write(2) does not tell to which file.
        const message = error.call === 'write' ? `${printable(step.path)}: ${error.message}` : error.message;
        throw new NotStarted(message, hintFor(error, cgroup, process.geteuid?.() === 0), { cause: error });
      }
    }
  }
}

function perform(sys: Sys, { path, content }: Step): void {
  if (content === null) sys.mkdirat(AT_FDCWD, path, 0o755);
  else withOpen(sys, AT_FDCWD, path, O_WRONLY, (fd) => sys.write(fd, content));
}
