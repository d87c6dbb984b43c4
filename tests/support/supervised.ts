/**
 * Runs of the product with changed programs of its children (changes.ts), under a supervisor in a stand
 * (programs/supervisor.ts), which sends signals where a child stops, and looks for processes that are left.
 */
import type { ErrnoName, SyscallName } from '@ns-tool/syscalls';
import { type Change, MISTAKEN } from './changes.ts';
import type { Observed } from './protocol.ts';
import type { Stand } from './stand.ts';

/** What is changed. */
export interface Changes {
  readonly changes?: readonly Change[];
  /** Which of the product's children they are of, in the order in which it makes them: 0, the first, if left out. */
  readonly of?: number;
  /** How long the product pauses when it has made a child, in milliseconds: for a child that must wait for it. */
  readonly pause?: number;
}

/** One run of the product. */
export interface Run extends Changes {
  readonly args: readonly string[];
  /** As this user, without groups. */
  readonly uid?: number;
  /** A command to start it with, which becomes it. */
  readonly through?: readonly string[];
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** What to do meanwhile, once: where a child stops, or when the command has started. */
  readonly act?: Act;
}

export interface Act {
  readonly when: 'stopped' | 'started';
  readonly signal: NodeJS.Signals;
  /** To ns-tool; to its child, with several to the one that runs the program; or to the first of several. */
  readonly to: 'ns-tool' | 'child' | 'first child';
}

/** What a command prints to be known to run, on a line of its own. */
export const STARTED = 'the command has started';

export function hasStarted(...outputs: readonly (string | undefined)[]): boolean {
  return outputs.some((output) => `\n${output}`.includes(`\n${STARTED}\n`));
}

/** What the product would do: the program of the child whose program can be changed, and the clone(2) that makes it. */
export interface Report {
  readonly program: readonly RecordedStep[];
  readonly cloneFlags: number;
}

/** How a run ended. */
export interface Outcome {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Null if that child was not made. */
  readonly report: Report | null;
  readonly hasActed: boolean;
  /** Whether it did not end, and had to be killed. */
  readonly hung: boolean;
  /** The processes that were still there a while after its end, and had to be killed. */
  readonly left: readonly string[];
}

/** A step as JSON has it: the result of an earlier step is an object with its number, `step`. */
export interface RecordedStep {
  readonly name: SyscallName;
  readonly args: readonly unknown[];
  readonly allowed: readonly ErrnoName[];
  /** Whether it only serves the start. */
  readonly aside: boolean;
  /** In strace's notation. */
  readonly shown: string;
}

/** What the supervisor is asked for. */
export interface Task {
  readonly runs: readonly Run[];
  readonly atOnce: number;
}

/** Makes these runs, `atOnce` at a time, and observes the stand meanwhile. */
export async function supervise(
  stand: Stand,
  task: Task,
): Promise<Observed & { readonly outcomes: readonly Outcome[] }> {
  const { status, signal, stdout, stderr, ...observed } = await stand.run({
    program: 'ns-tool',
    // In the place of ns-tool: Node, the program, and its argument.
    through: ['sh', '-c', 'exec "$1" /checkout/tests/.programs/supervisor.cjs "$3"', 'sh'],
    args: [JSON.stringify(task)],
  });
  if (status !== 0) throw new Error(`the supervisor ended: ${signal ?? status}\n${stderr}`);
  const outcomes = JSON.parse(stdout) as Outcome[];
  const mistaken = outcomes.find((outcome) => outcome.stderr.includes(MISTAKEN));
  if (mistaken !== undefined) throw new Error(mistaken.stderr);
  return { ...observed, outcomes };
}
