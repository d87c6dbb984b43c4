/** What there is to know of the terminal before a table is drawn. */
import { type Sys, TIOCGWINSZ } from '@ns-tool/syscalls';

/** Whether the locale has more than ASCII to draw with. locale(7). */
export function isUnicode({ LC_ALL, LC_CTYPE, LANG }: NodeJS.ProcessEnv): boolean {
  return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '');
}

/** How wide the terminal is, or null if standard output is none. ioctl_tty(2). */
export function terminalWidth(sys: Sys): number | null {
  const size = Buffer.alloc(8);
  try {
    sys.ioctl(1, TIOCGWINSZ, size);
  } catch {
    return null;
  }
  // 0 where nobody has told.
  return size.readUInt16LE(2) || 80;
}
