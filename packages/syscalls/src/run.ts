/** System calls, run here: on the calling thread, at once. */
import { refuseWrongArguments } from './arguments.ts';
import { callsBy } from './calls.ts';
import { invoke } from './native.ts';
import { architecture } from './platform.ts';
import { SyscallError } from './syscall-error.ts';
import { type Description, type Sys, type SyscallName, table } from './table.ts';

/** The system calls of the table as functions; each runs on the calling thread and blocks it. */
export const sys: Sys = callsBy(run);

function run(name: SyscallName, args: readonly unknown[], allowed: readonly number[]): number {
  const { number, kinds, forks }: Description = table[name];
  if (forks) throw new TypeError(`${name}: only a child can make this call, as a step of its program; see spawn`);
  refuseWrongArguments(name, args);
  const words = kinds.map((kind, i) => kind.words(args[i]));
  const result = invoke(number[architecture], words);
  if (result < 0) {
    if (allowed.includes(-result)) return result;
    throw new SyscallError(name, args, -result);
  }
  kinds.forEach((kind, i) => {
    kind.readBack?.(args[i], words[i] ?? []);
  });
  return result;
}
