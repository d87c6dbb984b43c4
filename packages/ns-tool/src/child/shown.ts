/** The start of a process as text: what is planned, and what came of it. */
import {
  type Attempt,
  cloneFlagsOf,
  type IdRange,
  mapsFromOutsideOf,
  type NamespaceKind,
  namespaceFile,
  programOf,
  ResultOf,
  type SpawnOptions,
  showCall,
  showOutcome,
  showProgram,
} from '@ns-tool/syscalls';
import { printError } from '../output.ts';

/** The calls that start a command, in strace's notation; the parent's first. */
export function showPlan(argv: readonly [string, ...string[]], options: SpawnOptions): string[] {
  const [command, ...args] = argv;
  const program = programOf(command, args, options);
  const lines = showProgram(program).filter((_, i) => program[i]?.aside === false);
  return [showCall('clone', [cloneFlagsOf(options), null, null]), ...showParent('CHILD', options), ...lines];
}

/** The calls that were made, each with its result. The command's own execve(2) is the last: those that follow never ran. */
function showAttempt({ cloned, flags, steps }: Attempt, options: SpawnOptions): string[] {
  const lines = steps.flatMap(({ call: { name, args, aside }, result }, i) => {
    const becameCommand = name === 'execve' && result === null && steps[i - 1]?.result !== null;
    if (aside || (result === null && !becameCommand)) return [];
    const values = args.map((arg) => (arg instanceof ResultOf ? steps[arg.step]?.result : arg));
    return [showOutcome(name, values, result ?? 0)];
  });
  return [showOutcome('clone', [flags, null, null], cloned), ...showParent(String(cloned), options), ...lines];
}

/** An observer for `spawn` with these options: prints what each child has done. What `--trace` stands for. */
export function tracing(options: SpawnOptions): (attempt: Attempt) => void {
  return (attempt) => {
    for (const line of showAttempt(attempt, options)) printError(line);
  };
}

/** What the parent does for the child, which waits for it then. */
function showParent(child: string, options: SpawnOptions): string[] {
  const { uid, gid } = mapsFromOutsideOf(options) ?? { uid: [], gid: [] };
  const show = (file: string, ranges: readonly IdRange[]) =>
    ranges.map(
      ({ inside, outside, count }) => `# the parent writes to /proc/${child}/${file}: ${inside} ${outside} ${count}`,
    );
  const files = Object.entries(options.keep ?? {}).map(
    ([kind, file]) => `# the parent mounts /proc/${child}/ns/${namespaceFile(kind as NamespaceKind)} on ${file}`,
  );
  const program =
    options.through === undefined
      ? []
      : [
          '# the parent makes the file that execveat executes, in memory, and seals it: what follows that, its program does',
        ];
  return [...program, ...show('gid_map', gid), ...show('uid_map', uid), ...files];
}
