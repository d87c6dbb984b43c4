/** Making a namespace with a process in it, and looking at it from inside and from outside. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mapSelf, pipe, readAll, type SpawnOptions, type Sys } from '@ns-tool/syscalls';
import { runCommand } from '../child/run-command.ts';
import { namespaceIdIn } from '../namespace-id.ts';
import type { Demonstration, Facts, View } from './kinds.ts';

/** What was seen. */
export interface Seen {
  /** Inode numbers of the namespace: what `ls -l /proc/PID/ns` shows in brackets. */
  readonly namespace: { readonly outside: number; readonly inside: number };
  readonly outside: Facts;
  readonly inside: Facts;
}

/** This process once all is over. */
export interface Afterwards {
  readonly namespace: number;
  /** Null where the facts were about the child, which has ended. */
  readonly facts: Facts | null;
}

/** How to run a demonstration. */
export interface DemonstrationOptions {
  /** Make a user namespace first, in which this user is root. */
  readonly user: boolean;
  /** What to run inside at the end; empty for nothing. */
  readonly command: readonly string[];
  /** The descriptor that is its standard output. */
  readonly stdout: number;
  readonly observe?: SpawnOptions['observe'];
}

/** Descriptors of the child beside the usual three: to be told to go on, and to tell. */
const GO = 3;
const TELL = 4;

/**
 * The command that starts the child, and how.
 *
 * A shell is the first to run: it prints the files as seen inside, each with a NUL behind it, waits for a line, and becomes
 * the command. It reads them itself, line by line, so that what they say of a process they say of the child.
 *
 * @param pipes the child's ends of the pipes for {@link GO} and {@link TELL}.
 */
export function planOf(
  { files, namespaces, options }: Demonstration,
  { user, command, stdout }: DemonstrationOptions,
  pipes: readonly [go: number, tell: number] = [GO, TELL],
): { readonly argv: [string, ...string[]]; readonly options: SpawnOptions } {
  const script = [
    `for file in ${files.join(' ')}`,
    `do while IFS= read -r line; do printf '%s\\n' "$line"; done < $file; printf '\\0'; done >&${TELL}`,
    `exec ${TELL}>&-`,
    `read -r go <&${GO} && exec ${GO}<&- && exec "$@"`,
  ].join('; ');
  const kinds = user ? (['user', ...namespaces] as const) : namespaces;
  return {
    argv: ['/bin/sh', '-c', script, 'ns-tool', ...(command.length > 0 ? command : ['true'])],
    options: {
      namespaces: kinds,
      stdio: [0, stdout, 2, ...pipes],
      parentDeathSignal: 'SIGKILL',
      ...(kinds.includes('user') && { idMaps: mapSelf() }),
      ...options,
    },
  };
}

/**
 * Makes the namespace and runs the command in it.
 *
 * @param look told what was seen, before the command runs.
 * @returns the command's exit status, or the signal to end by; and how it is outside afterwards.
 * @throws SyscallError for the namespace, or a step of the setup, that the kernel refused.
 */
export async function demonstrate(
  sys: Sys,
  demonstration: Demonstration,
  options: DemonstrationOptions,
  look: (seen: Seen) => void,
): Promise<{ readonly status: number | NodeJS.Signals; readonly afterwards: Afterwards }> {
  const [goRead, goWrite] = pipe(sys);
  const [tellRead, tellWrite] = pipe(sys);
  const plan = planOf(demonstration, options, [goRead, tellWrite]);
  let pid = 0;
  let onStarted = () => {};
  const starting = new Promise<void>((resolve) => {
    onStarted = resolve;
  });
  const ending = runCommand(plan.argv, {
    ...plan.options,
    onStarted,
    observe(attempt) {
      pid = attempt.pid;
      options.observe?.(attempt);
    },
  });
  try {
    // By now the child has its own.
    for (const end of [goRead, tellWrite]) sys.close(end);
    await Promise.race([starting, ending]);
    const told = readAll(sys, tellRead).toString();
    if (told !== '') {
      look(seen(demonstration, pid, told.split('\0')));
      sys.write(goWrite, '\n');
    }
  } finally {
    // Without the line, the child ends.
    for (const end of [goWrite, tellRead]) sys.close(end);
  }
  const { status, askedBy } = await ending;
  return {
    status: askedBy ?? status,
    afterwards: {
      namespace: namespaceId('self', demonstration.link),
      facts: demonstration.aboutChild ? null : demonstration.facts(viewFromOutside('self')),
    },
  };
}

function seen(demonstration: Demonstration, pid: number, told: readonly string[]): Seen {
  const { link, files, aboutChild } = demonstration;
  const inside: View = {
    read: (path) => told[files.indexOf(path)] ?? '',
    list: (path) => readdirSync(`/proc/${pid}/root${path}`),
  };
  return {
    namespace: { outside: namespaceId('self', link), inside: namespaceId(pid, link) },
    outside: demonstration.facts(viewFromOutside(aboutChild ? pid : 'self')),
    inside: demonstration.facts(inside),
  };
}

/** @param subject the process that /proc/self stands for. */
function viewFromOutside(subject: number | 'self'): View {
  return {
    read: (path) => readFileSync(path.replace(/^\/proc\/self(?=\/)/, `/proc/${subject}`), 'utf8'),
    list: (path) => readdirSync(path),
  };
}

function namespaceId(pid: number | 'self', link: string): number {
  return namespaceIdIn(readlinkSync(`/proc/${pid}/ns/${link}`));
}
