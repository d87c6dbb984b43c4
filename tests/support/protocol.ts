/** What a test asks of its stand, and what it hears back. */

/** One start of a program in the stand. */
export interface Start {
  /** The built command, or the same product code behind a layer around its system calls. */
  readonly program: 'ns-tool' | 'under-test' | 'slave-under-test';
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Run it as this user, without groups. */
  readonly uid?: number;
  /** A command to start it with: `['setpriv', …]`. */
  readonly through?: readonly string[];
  /** Options for Node itself: `['-r', 'file.cjs']`. */
  readonly nodeOptions?: readonly string[];
  /** Send this signal to the program once its output contains `after`. */
  readonly signal?: { readonly name: NodeJS.Signals; readonly after: string };
}

/** How a program ended. */
export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What the program wrote to descriptor 3: one system call a line, from `under-test`. */
  readonly calls: readonly string[];
}

/** What a process can know of its own surroundings. The tool must not change any of it. */
export interface Surroundings {
  /** /proc/self/mountinfo. */
  readonly mountTable: string;
  /** Every file of the stand: path, type, mode, content. */
  readonly files: readonly string[];
}

export interface Observed {
  readonly runs: readonly Ended[];
  readonly before: Surroundings;
  readonly after: Surroundings;
  /** Whether the kernel reported a change of the stand's mount table meanwhile, also one that was undone. */
  readonly mountEvent: boolean;
  /** Names made, removed or changed meanwhile in the stand's directories, also where that was undone. */
  readonly fileEvents: readonly string[];
}

export type Request =
  /** Starts programs, `atOnce` at a time, and observes until all have ended. */
  | { readonly do: 'run'; readonly starts: readonly Start[]; readonly atOnce: number }
  /** Runs a shell script in the stand: to prepare it, or to look. */
  | { readonly do: 'shell'; readonly script: string }
  /** Reads the mount table of a process's namespace. */
  | { readonly do: 'mounts'; readonly pid: number };

export type Answer = { readonly value: unknown } | { readonly error: string };
