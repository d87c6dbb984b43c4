/** What there is to know of the terminal before anything is drawn on it. */
import { type Sys, TIOCGWINSZ } from '@ns-tool/syscalls';

/** Whether the locale has more than ASCII to draw with. locale(7). */
export function isUnicode({ LC_ALL, LC_CTYPE, LANG }: NodeJS.ProcessEnv): boolean {
  return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '');
}

/** How wide the terminal is, or null if standard output, or another descriptor, is none. ioctl_tty(2). */
export function terminalWidth(sys: Sys, fd = 1): number | null {
  const size = Buffer.alloc(8);
  try {
    sys.ioctl(fd, TIOCGWINSZ, size);
  } catch {
    return null;
  }
  // 0 where nobody has told.
  return size.readUInt16LE(2) || 80;
}

/**
 * Whether to use colours: on a terminal, unless NO_COLOR is set; FORCE_COLOR decides before both. See
 * https://no-color.org and https://force-color.org.
 */
export function wantsColours(env: Readonly<Record<string, string | undefined>>, isTerminal: boolean): boolean {
  const { FORCE_COLOR: force, NO_COLOR: no, TERM: terminal } = env;
  if (force !== undefined) return force !== '0' && force !== 'false';
  return isTerminal && !no && terminal !== 'dumb';
}
