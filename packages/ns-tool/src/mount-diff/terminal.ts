import { isatty } from 'node:tty';

/** Whether what is open as `fd` is a terminal that shows colours, and its user wants some: see no-color.org. */
export function isColourful(fd: number): boolean {
  return !process.env.NO_COLOR && process.env.TERM !== 'dumb' && isatty(fd);
}
