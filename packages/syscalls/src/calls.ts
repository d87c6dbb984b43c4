/** The system calls as functions, made from one function for all of them. */
import { type ErrnoName, errnoNumber } from './errno.ts';
import { type Sys, type SyscallName, table } from './table.ts';

/** Makes a call, and returns its result. Of the errors, those whose numbers are allowed are results, too: below zero. */
export type MakeCall = (name: SyscallName, args: readonly unknown[], allowed: readonly number[]) => number;

const NAMES = Object.keys(table) as SyscallName[];

/** The functions of `sys` over another way to make a call. */
export function callsBy(make: MakeCall): Sys {
  const made = new Map<string, Sys>();
  const allowing = (...errors: ErrnoName[]): Sys => {
    const key = errors.join();
    const calls = made.get(key) ?? callsAllowing(errors.map(errnoNumber));
    made.set(key, calls);
    return calls;
  };
  const callsAllowing = (allowed: readonly number[]) => {
    const calls = NAMES.map((name) => [name, (...args: unknown[]) => make(name, args, allowed)]);
    return { ...Object.fromEntries(calls), allowing } as Sys;
  };
  return allowing();
}
