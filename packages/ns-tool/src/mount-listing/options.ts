/** The options of a mount and of its filesystem in one list. */
import type { Mount } from '@ns-tool/mount-table';

/**
 * Both lists as one, as the column OPTIONS of findmnt(8) has it: `rw` or `ro` first, then all others, those of the mount
 * before those of the filesystem. It is `ro` if either is. See merge_optstr in libmount/src/fs.c of util-linux.
 */
export function mergedOptions({ options, superOptions }: Pick<Mount, 'options' | 'superOptions'>): string {
  const known = merged.get(options) ?? new WeakMap<readonly string[], string>();
  merged.set(options, known);
  const text = known.get(superOptions) ?? merge(options, superOptions);
  known.set(superOptions, text);
  return text;
}

/** What has been merged. Mounts with the same options have them in the same list, from `parseMountinfo`. */
const merged = new WeakMap<readonly string[], WeakMap<readonly string[], string>>();

function merge(options: readonly string[], superOptions: readonly string[]): string {
  const ofMount = options.join();
  if (ofMount === superOptions.join()) return ofMount;
  const all = [...options, ...superOptions];
  const writable = Math.min(count(all, 'rw'), 2);
  const readOnly = Math.min(count(all, 'ro'), 2 - writable);
  const rest = without(without(all, 'rw', writable), 'ro', readOnly);
  return [readOnly > 0 ? 'ro' : 'rw', ...rest].join();
}

function count(options: readonly string[], option: string): number {
  return options.reduce((sum, other) => (other === option ? sum + 1 : sum), 0);
}

/** The list without the first `times` occurrences of an option. */
function without(options: readonly string[], option: string, times: number): string[] {
  let left = times;
  return options.filter((other) => other !== option || left-- <= 0);
}
