/** Pids on the command line, and what to say of one that there is not. */
import { UsageError } from './errors.ts';
import { printable } from './output.ts';

/**
 * A pid as it is typed: `1e3` is none.
 *
 * @param example how to give one: `'--pid 1'`.
 * @throws UsageError for what cannot be a pid.
 */
export function checkedPid(text: string, example: string): number {
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw new UsageError(`not a pid: ${printable(JSON.stringify(text))}`, `Give the number of a process: ${example}`);
}

/** What to do where there is no process with a pid. */
export function noSuchProcess(pid: number | string | null | undefined): string {
  return `There is no process ${pid}, in this pid namespace; ps -e lists those that there are.`;
}

/** What to do where a process may not be looked at: `command`, if it can be told in a few words, shows it to root. */
export function notYours(pid: number | string | null, command?: string): string {
  return process.geteuid?.() === 0
    ? `You are root, but may not look at process ${pid}: no CAP_SYS_PTRACE, or a security module`
    : `Process ${pid} is not yours; run it with sudo${command === undefined ? '.' : `: sudo ns-tool ${command}`}`;
}
