/** The arguments of a system call, before it is made or recorded. */
import { type Description, type SyscallName, table } from './table.ts';

/** The result of an earlier step, in place of an argument: a descriptor that exists only once the program runs. */
export class ResultOf {
  constructor(
    /** Which step, counted from 0. */
    readonly step: number,
  ) {}

  /** How it is shown: `r3`. */
  toString(): string {
    return `r${this.step}`;
  }
}

/** @throws TypeError for arguments that must not reach the kernel. A result of an earlier step stands for a descriptor. */
export function refuseWrongArguments(name: SyscallName, args: readonly unknown[]): void {
  const { kinds }: Description = table[name];
  if (args.length !== kinds.length) {
    throw new TypeError(`${name}: takes ${kinds.length} arguments, got ${args.length}`);
  }
  kinds.forEach((kind, i) => {
    const problem = kind.problem(args[i] instanceof ResultOf ? 0 : args[i]);
    if (problem !== null) throw new TypeError(`${name}: argument ${i + 1} ${problem}`);
  });
}
