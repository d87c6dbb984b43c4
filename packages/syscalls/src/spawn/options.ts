/** How to start a process, and what is told of it. */
import type { Program, Recorder } from '../record.ts';
import type { Capability } from './capabilities.ts';
import type { IdMaps } from './id-maps.ts';
import type { NamespaceFiles } from './namespace-files.ts';
import type { Joined, NamespaceCall, NamespaceKind } from './namespaces.ts';
import type { Stdio } from './stdio.ts';
import type { Through } from './through.ts';
import type { TimeOffsets } from './time-offsets.ts';

/** How to start a process. */
export interface SpawnOptions {
  /** What the command finds as its own name; the command itself if left out. */
  readonly argv0?: string;
  /** The whole environment; this process's if left out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The working directory, in the child's root, after `setup`. */
  readonly cwd?: string;
  /** The child's descriptors 0, 1, 2 and so on; `'inherit'` for all three if left out. No other is open in the command. */
  readonly stdio?: Stdio | readonly Stdio[];
  /** The namespaces to make for it. A time namespace takes Linux 6.1: before, only the command's children are in it. */
  readonly namespaces?: readonly NamespaceKind[];
  /** The call that makes them: `'clone'` if left out. All come to the same. */
  readonly namespaceCall?: NamespaceCall;
  /**
   * Namespaces of others to be in, joined in this order; those of `namespaces` are made after them. A pid namespace can be
   * joined or made, not both (EINVAL).
   */
  readonly join?: readonly Joined[];
  /**
   * Directories of cgroups to be in: it joins them first of all, and where `namespaces` has `'cgroup'`, they are its roots.
   * The child then shares no memory with this process, which the OOM killer of such a cgroup would end along with it.
   */
  readonly cgroups?: readonly string[];
  /** The IDs of its user namespace. A self map is written by the child; others from here, which takes the privilege. */
  readonly idMaps?: IdMaps;
  /** The clocks of its time namespace. */
  readonly timeOffsets?: TimeOffsets;
  /** Files on which to mount its namespaces, so that they outlive it: until umount(2). */
  readonly keep?: NamespaceFiles;
  /** What to do in the child before it joins namespaces: to open what is out of sight afterwards. */
  readonly beforeJoining?: (sys: Recorder) => void;
  /** What to do in the child before the command: calls that are recorded here, and made there. */
  readonly setup?: (sys: Recorder) => void;
  /** Supplementary groups, group and user of the command, set in this order after `setup`. */
  readonly groups?: readonly number[];
  readonly gid?: number;
  readonly uid?: number;
  /** The capabilities of the command, whoever it runs as: these and no others, also for what it executes. */
  readonly capabilities?: readonly Capability[];
  /** No privileges by execve(2) any more: set-user-ID bits and file capabilities. prctl(2), PR_SET_NO_NEW_PRIVS. */
  readonly noNewPrivileges?: boolean;
  /** The signal it gets when the thread that started it ends. If that has happened before it could, it is not started. */
  readonly parentDeathSignal?: NodeJS.Signals;
  /**
   * Ends the start, if it is aborted before the child is the command: the child is killed, and the promise rejects with the
   * signal's reason. In a pid namespace that is joined that may take for ever, since those in it can stop the child; otherwise
   * a child is started before `spawn` returns.
   */
  readonly signal?: AbortSignal;
  /** Make it the leader of a new session. */
  readonly newSession?: boolean;
  /**
   * A small program that the child becomes first, from a sealed file in memory:
   *
   * - `sealed`: it does nothing but become the command. Where strangers run in its namespaces, or an image says what the
   *   command is, so that none of them reaches this process's program and memory through the child: until execve(2) that
   *   is a copy of this process, and its /proc/PID/exe this process's program, open for writing (CVE-2019-5736).
   * - `init`: it stays as PID 1, with the command as its child: it passes signals on, waits for orphans, and ends with the
   *   command's status, or 128 + n if signal n ended that. Without it a command that is PID 1 ignores every signal that it
   *   has no handler for: pid_namespaces(7). With `newSession` the command leads a session of its own as well, and takes
   *   the terminal that is its standard input; the init must have none then.
   */
  readonly through?: Through;
  /** Told of each signal that stops the command, as Ctrl-Z does; `resume` lets it go on. */
  readonly onStopped?: (signal: NodeJS.Signals, resume: () => void) => void;
  /** Told of each child that was made, once it has become the command or has failed: what `--trace` shows. */
  readonly observe?: (attempt: Attempt) => void;
}

/** A child that was made to become the command. */
export interface Attempt {
  readonly pid: number;
  /** The flags of the clone(2) by which this process made a child. */
  readonly flags: number;
  /** What it returned: another pid, where that child has made the one that is to become the command. */
  readonly cloned: number;
  readonly steps: readonly StepResult[];
}

/** A step of the child, and what came of it. */
export interface StepResult {
  readonly call: Program[number];
  /** The result, or the negative errno; null if it has not returned, as execve(2) that has worked. */
  readonly result: number | null;
}
