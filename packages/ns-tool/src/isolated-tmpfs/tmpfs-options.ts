/** Options of a tmpfs, checked before they become a string for the kernel. Pure. See tmpfs(5). */
import { UsageError } from '../errors.ts';

export interface TmpfsOptions {
  /** The most it may hold: bytes, with k, m or g, or a share of the memory: `'10m'`, `'50%'`. Half the memory if left out. */
  readonly size?: string | undefined;
  /** Permission bits of its root, in octal: `'0755'`. 1777 if left out. */
  readonly mode?: string | undefined;
}

const SIZE = /^(?:\d+[kmgtpe]?|\d+%)$/i;
const MODE = /^[0-7]{1,4}$/;

/**
 * The data argument of mount(2) for these options, or null for none.
 *
 * @throws UsageError for a value that is none. A comma in particular would smuggle in a further option.
 */
export function tmpfsData({ size, mode }: TmpfsOptions): string | null {
  if (size !== undefined && !SIZE.test(size)) {
    throw new UsageError(
      `--size: not a size: ${JSON.stringify(size)}`,
      'Give bytes, with k, m or g, or a percentage of the memory: --size 10m',
    );
  }
  if (mode !== undefined && !MODE.test(mode)) {
    throw new UsageError(
      `--mode: not permission bits: ${JSON.stringify(mode)}`,
      'Give them in octal, as for chmod: --mode 0755',
    );
  }
  const data = [size && `size=${size}`, mode && `mode=${mode}`].filter(Boolean).join(',');
  return data === '' ? null : data;
}
