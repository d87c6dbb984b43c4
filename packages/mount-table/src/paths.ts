/** Absolute paths, as strings: no link is followed. */

/** A path below a directory. @param relative empty, or with a slash in front. */
export function joinPath(directory: string, relative: string): string {
  return `${directory === '/' ? '' : directory}${relative === '/' ? '' : relative}` || '/';
}

/** What leads from a directory to a path, empty or with a slash in front; null if the path does not lie below. */
export function pathBelow(path: string, directory: string): string | null {
  if (path === directory) return '';
  if (directory === '/') return path;
  return path.startsWith(`${directory}/`) ? path.slice(directory.length) : null;
}
