/** What the kernel tells of a process in one line: proc_pid_stat(5). */
import { readFileSync } from 'node:fs';

/**
 * Reads it.
 *
 * @returns each field by its number in proc_pid_stat(5), from (3) on.
 * @throws ENOENT or ESRCH if there is no such process.
 */
export function processStat(pid: number | 'self'): (number: number) => string | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // Behind the name, (2), which may contain anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (number) => fields[number - 3];
}
