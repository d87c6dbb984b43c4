/** How far the copy of an image is, where that takes long: a bar on a terminal, which goes away with its end; else nothing. */
import type { CopyOptions } from '@ns-tool/images';
import type { Sys } from '@ns-tool/syscalls';
import { isUnicode, terminalWidth } from '../terminal.ts';

/** Copies, and shows how far it is on standard error. */
export async function withCopyProgress<T>(
  sys: Sys,
  copy: (onProgress: CopyOptions['onProgress']) => Promise<T>,
): Promise<T> {
  const { TERM } = process.env;
  if (terminalWidth(sys, 2) === null || TERM === 'dumb') return await copy(undefined);
  const [{ default: progress }, { showSize }, { barStyle }] = await Promise.all([
    import('cli-progress'),
    import('./amounts.ts'),
    import('./progress.ts'),
  ]);
  const bar = new progress.SingleBar({
    stream: process.stderr,
    format: 'copying the image {bar} {percentage} % of {amount}',
    ...barStyle(isUnicode(process.env)),
    clearOnComplete: true,
  });
  try {
    return await copy((read, size) => {
      if (bar.isActive) bar.update(read);
      else bar.start(size, read, { amount: showSize(size) });
    });
  } finally {
    bar.stop();
  }
}
