/** System calls, run here: on the calling thread, at once. */
import { invoke } from './native.ts';
import { architecture } from './platform.ts';
import { SyscallError } from './syscall-error.ts';
import { type Description, type Sys, type SyscallName, table } from './table.ts';

/** The system calls of the table as functions; each runs on the calling thread and blocks it. */
export const sys: Sys = Object.fromEntries(
  (Object.keys(table) as SyscallName[]).map((name) => [name, (...args: unknown[]) => run(name, args)]),
) as Sys;

function run(name: SyscallName, args: readonly unknown[]): number {
  const { number, kinds }: Description = table[name];
  refuseWrongArguments(name, kinds, args);
  const words = kinds.map((kind, i) => kind.words(args[i]));
  const result = invoke(number[architecture], words.flat());
  if (result < 0) throw new SyscallError(name, args, -result);
  // Reading back also keeps the bytes that the kernel was given reachable until here.
  for (const [i, kind] of kinds.entries()) kind.readBack?.(args[i], words[i] ?? []);
  return result;
}

function refuseWrongArguments(name: SyscallName, kinds: Description['kinds'], args: readonly unknown[]): void {
  if (args.length !== kinds.length) {
    throw new TypeError(`${name}: takes ${kinds.length} arguments, got ${args.length}`);
  }
  for (const [i, kind] of kinds.entries()) {
    const problem = kind.problem(args[i]);
    if (problem !== null) throw new TypeError(`${name}: argument ${i + 1} ${problem}`);
  }
}
