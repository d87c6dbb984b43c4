import { basename, dirname } from 'node:path';

/** The version of an exercise that a file belongs to: each has a folder of its name. */
export function versionOf(file: string): string {
  return basename(dirname(file));
}
