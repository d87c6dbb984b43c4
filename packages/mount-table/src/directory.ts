/** A directory on the way to a mount point. Paths are compared by directories, which are objects, not by strings. */
export class Directory {
  readonly parent: Directory | null;
  private below: Map<string, Directory> | undefined;

  constructor(parent: Directory | null) {
    this.parent = parent;
  }

  /** The directory of this name in this one, if it leads to a mount point. */
  get(name: string): Directory | undefined {
    return this.below?.get(name);
  }

  /** The directory at a path below this one. Is made where there is none yet. */
  descend(path: string): Directory {
    let directory: Directory = this;
    for (const name of componentsOf(path)) directory = directory.get(name) ?? directory.add(name);
    return directory;
  }

  private add(name: string): Directory {
    const directory = new Directory(this);
    this.below ??= new Map();
    this.below.set(name, directory);
    return directory;
  }
}

/** The names in a path. Empty ones and `.` say nothing, see path_resolution(7). */
export function componentsOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}
