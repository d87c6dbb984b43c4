/** The start of a process as text: what is planned, and what came of it. */
import {
  type Attempt,
  cloneFlagsOf,
  type IdMaps,
  type IdRange,
  programOf,
  ResultOf,
  type SpawnOptions,
  showCall,
  showOutcome,
  showProgram,
} from '@ns-tool/syscalls';

/** The calls that start a command, in strace's notation; the parent's first. */
export function showPlan(argv: readonly [string, ...string[]], options: SpawnOptions): string[] {
  const { idMaps, ...inChild } = options;
  const [command, ...args] = argv;
  const program = programOf(command, args, inChild);
  const lines = showProgram(program).filter((_, i) => program[i]?.aside === false);
  return [showCall('clone', [cloneFlagsOf(options), null, null]), ...showMaps('CHILD', idMaps), ...lines];
}

/** The calls that were made, each with its result. The command's own execve(2) is the last: those that follow never ran. */
export function showAttempt({ cloned, flags, steps }: Attempt, idMaps: IdMaps | undefined): string[] {
  const lines = steps.flatMap(({ call: { name, args, aside }, result }, i) => {
    const becameCommand = name === 'execve' && result === null && steps[i - 1]?.result !== null;
    if (aside || (result === null && !becameCommand)) return [];
    const values = args.map((arg) => (arg instanceof ResultOf ? steps[arg.step]?.result : arg));
    return [showOutcome(name, values, result ?? 0)];
  });
  return [showOutcome('clone', [flags, null, null], cloned), ...showMaps(String(cloned), idMaps), ...lines];
}

/** What the parent writes meanwhile, while the child waits for it. */
function showMaps(child: string, idMaps: IdMaps | undefined): string[] {
  if (idMaps === undefined) return [];
  const show = (file: string, ranges: readonly IdRange[]) =>
    ranges.map(
      ({ inside, outside, count }) => `# the parent writes to /proc/${child}/${file}: ${inside} ${outside} ${count}`,
    );
  return [...show('gid_map', idMaps.gid), ...show('uid_map', idMaps.uid)];
}
