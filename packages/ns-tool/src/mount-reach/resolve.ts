/** Where a path leads for a process with a root directory of its own. */
import { display, fromBytes, toBytes } from '@ns-tool/mount-table';
import {
  isErrno,
  O_NOFOLLOW,
  O_PATH,
  openIfExists,
  readLink,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  type Sys,
  status,
} from '@ns-tool/syscalls';
import { UserError } from '../errors.ts';

/** Where a path leads, without symbolic links, `.` and `..`. */
export interface Resolved {
  readonly path: string;
  /** The longest part of it that exists: all of it, or a directory. */
  readonly existing: string;
}

/** As many symbolic links as the kernel follows: MAXSYMLINKS in linux/namei.h. */
const MOST_LINKS = 40;

/**
 * Resolves a path as the kernel does for a process with this root directory, see path_resolution(7): `/` and the targets of
 * symbolic links start there, and `..` leads no higher. That is RESOLVE_IN_ROOT of openat2(2), in single steps, which tell
 * the names as well. As there, the links of procfs are not followed: they lead each process elsewhere.
 *
 * The names of what does not exist are taken as they are, and `..` takes one off again, as `realpath -m` has it.
 *
 * @param root a descriptor of the root directory.
 * @param path absolute.
 * @param procDevices the devices of the procfs mounts there, as mountinfo writes them.
 * @throws UserError for a part that is no directory or may not be searched, and for links in a circle.
 */
export function resolveIn(sys: Sys, root: number, path: string, procDevices: ReadonlySet<string>): Resolved {
  const walk = new Walk(sys, root, procDevices);
  try {
    let links = 0;
    // The next name is the last one here.
    const names = namesOf(path);
    for (let name = names.pop(); name !== undefined; name = names.pop()) {
      const target = walk.step(name);
      if (target === null) continue;
      if (++links > MOST_LINKS) throw new UserError(`${display(path)}: too many symbolic links (ELOOP)`);
      if (target.startsWith('/')) walk.goToRoot();
      names.push(...namesOf(target));
    }
    return { path: walk.path, existing: walk.existing };
  } finally {
    walk.goToRoot();
  }
}

/** The names in a path, the last first. A slash at the end says that it is a directory, as `/.` does. */
function namesOf(path: string): string[] {
  const names = path.split('/').filter((name) => name !== '');
  return (path.endsWith('/') ? [...names, '.'] : names).reverse();
}

/** The way from the root directory to a file, and on to what does not exist. */
class Walk {
  private readonly sys: Sys;
  private readonly root: number;
  private readonly procDevices: ReadonlySet<string>;
  private readonly found: { readonly name: string; readonly fd: number; readonly isDirectory: boolean }[] = [];
  private readonly missing: string[] = [];

  constructor(sys: Sys, root: number, procDevices: ReadonlySet<string>) {
    this.sys = sys;
    this.root = root;
    this.procDevices = procDevices;
  }

  get existing(): string {
    return `/${this.found.map(({ name }) => name).join('/')}`;
  }

  get path(): string {
    return `/${[...this.found.map(({ name }) => name), ...this.missing].join('/')}`;
  }

  /** Goes on by a name. If that is a symbolic link, stays and returns its target. */
  step(name: string): string | null {
    if (this.missing.length === 0 && this.found.at(-1)?.isDirectory === false) {
      throw new UserError(`${display(this.existing)} is not a directory (ENOTDIR)`);
    }
    if (name === '.') return null;
    if (name === '..') this.goUp();
    else if (this.missing.length > 0) this.missing.push(name);
    else return this.enter(name);
    return null;
  }

  goToRoot(): void {
    this.missing.length = 0;
    for (const { fd } of this.found.splice(0)) this.sys.close(fd);
  }

  private goUp(): void {
    if (this.missing.pop() !== undefined) return;
    const last = this.found.pop();
    if (last !== undefined) this.sys.close(last.fd);
  }

  private enter(name: string): string | null {
    const fd = this.open(name);
    if (fd === null) {
      this.missing.push(name);
      return null;
    }
    const { mode, device } = status(this.sys, fd, '');
    if ((mode & S_IFMT) !== S_IFLNK) {
      this.found.push({ name, fd, isDirectory: (mode & S_IFMT) === S_IFDIR });
      return null;
    }
    try {
      if (this.procDevices.has(device)) {
        throw new UserError(
          `${this.shown(name)} is a link of procfs, which leads each process elsewhere`,
          'Give the path that it leads to.',
        );
      }
      return fromBytes(readLink(this.sys, fd, ''));
    } finally {
      this.sys.close(fd);
    }
  }

  private open(name: string): number | null {
    const directory = this.found.at(-1)?.fd ?? this.root;
    try {
      return openIfExists(this.sys, directory, toBytes(name), O_PATH | O_NOFOLLOW);
    } catch (error) {
      if (!isErrno(error, 'EACCES')) throw error;
      throw new UserError(
        `${display(this.existing)} may not be searched: ${error.message}`,
        'Run it with sudo: sudo ns-tool reach …',
        { cause: error },
      );
    }
  }

  private shown(name: string): string {
    return display(`${this.existing === '/' ? '' : this.existing}/${name}`);
  }
}
