/** Job control, as this process sees it. See credentials(7), tty_ioctl(4), and proc_pid_stat(5). */
import { fstatSync } from 'node:fs';
import { processStat } from './process-stat.ts';

/** /dev/tty, by its number: the terminal of the session, whichever that is. */
const OWN_TERMINAL = 0x500;

/** Whether this process is in the foreground of the terminal of its session, whose keys send it signals then. */
export function isInForeground(): boolean {
  return jobControl().isInForeground;
}

/** Whether this process may read from a terminal without being stopped by SIGTTIN: that of its session, in the foreground only. */
export function mayRead(fd: number): boolean {
  const { terminal, isInForeground } = jobControl();
  const { rdev } = fstatSync(fd);
  return (rdev !== terminal && rdev !== OWN_TERMINAL) || isInForeground;
}

function jobControl() {
  const field = processStat('self');
  const [processGroup, terminal, foregroundGroup] = [field(5), field(7), field(8)];
  return { terminal: Number(terminal), isInForeground: processGroup === foregroundGroup };
}
