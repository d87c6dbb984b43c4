/**
 * Writing the entries of a layer into a directory, in the form that overlayfs takes for a lower layer. See the kernel's
 * Documentation/filesystems/overlayfs.rst, "whiteouts and opaque directories", and the OCI image specification, layer.md.
 *
 * All paths begin at the working directory, which is in a root of its own (unpacker.ts). Even so, no symbolic link of the
 * archive is ever followed by the kernel: a path is used only once each directory on it is known to be one.
 */
import fs from 'node:fs';
import {
  AT_FDCWD,
  AT_SYMLINK_NOFOLLOW,
  errnoMessage,
  isErrno,
  makedev,
  S_IFBLK,
  S_IFCHR,
  S_IFIFO,
  S_IFSOCK,
  sys,
} from '@ns-tool/syscalls';
import { ImageError } from '../error.ts';
import {
  attributeNames,
  type Below,
  dependent,
  type Implied,
  type Lower,
  type LowerDirectory,
  type Times,
} from './below.ts';
import { bad, meaningOf, type Place, placeOf, shown } from './names.ts';
import { ancestorsOf, bytes, isWhiteout, join, lstat, type Path, parentOf } from './paths.ts';
import { writeAround } from './sparse.ts';
import type { Entry } from './tar/read.ts';

/** How to write what depends on who unpacks. */
export interface Privileges {
  /** The prefix of overlayfs's own attributes: `trusted.` for root, `user.` where it is mounted with `userxattr`. */
  readonly overlay: 'trusted' | 'user';
  /** Whether files get the owners that the archive names. Otherwise all belong to who unpacks. */
  readonly owners: boolean;
  /** Whether devices can be made. */
  readonly devices: boolean;
}

/** How a layer marks what of lower layers it hides. */
export type Marks =
  /** As overlayfs takes it. */
  | 'overlay'
  /**
   * By what every filesystem can hold, and no archive has: sockets; and by {@link Tree.opaque}. For as long as it takes until
   * the layer lies over the lower ones (merge.ts).
   */
  | 'passing';

/** A directory that exists. */
interface Directory {
  /** The times that it shall have once all is in it; null if the archive does not say. */
  times: Times | null;
  /** Whether only something in it is in the archive, and so it is what it is below. */
  isImplied?: boolean;
  /** What it is below then. */
  lower?: LowerDirectory;
  /** Whether the layer has it, or something in it: not if it has been made for whiteouts alone. */
  isReal: boolean;
}

export class Tree {
  /** Every directory that exists. */
  private readonly directories = new Map<Path, Directory>([['', { times: null, isReal: true }]]);
  private file: OpenFile | null = null;
  /** How many attributes could not be set, by name. */
  readonly leftOut = new Map<string, number>();
  /** The directories in which nothing of lower layers is left. */
  readonly opaque = new Set<Path>();
  /** Where there are whiteouts. */
  readonly whiteouts = new Set<Path>();

  constructor(
    private readonly privileges: Privileges,
    private readonly marks: Marks,
    private readonly below: Below,
  ) {}

  /** @throws ImageError for an entry that cannot be; errors of the kernel are explained by `explain`. */
  begin(entry: Entry): void {
    const meaning = meaningOf(entry.name);
    switch (meaning.kind) {
      case 'aufs':
        return;
      case 'whiteout':
        this.explain(entry, () => this.whiteOut(entry.name, meaning.place));
        return;
      case 'opaque':
        this.explain(entry, () => this.makeOpaque(this.walk(meaning.place, entry.name, 'hide')));
        return;
      case 'entry':
        this.explain(entry, () => this.add(entry, meaning.place));
    }
  }

  data(piece: Buffer, position: number): void {
    const { file } = this;
    if (file === null) return;
    this.explain(file.entry, () => {
      file.written = Math.max(file.written, writeAround(file.fd, piece, position));
    });
  }

  end(): void {
    const { file } = this;
    if (file === null) return;
    this.file = null;
    const { fd, path, entry } = file;
    this.explain(entry, () => {
      // A hole at the end is no data that would make the file longer.
      if (file.written < entry.size) fs.ftruncateSync(fd, entry.size);
      fs.closeSync(fd);
      this.finish(path, entry);
    });
  }

  /** All entries are there: the times of directories, which each new entry in them has changed. */
  close(): void {
    for (const [path, { lower }] of this.directories) if (lower !== undefined) this.adopt(path, lower);
    for (const [path, { times, lower }] of this.directories) {
      const known = times ?? lower?.times;
      if (known !== undefined) setTimes(path, known);
    }
  }

  private add(entry: Entry, place: Place): void {
    const path = this.locate(place, entry.name);
    if (path === '' && entry.type !== 'directory') throw bad(entry.name, `would replace the root by a ${entry.type}`);
    switch (entry.type) {
      case 'directory':
        this.makeDirectory(path);
        if (this.directories.get(path)?.times) this.removeAttributes(path);
        this.finish(path, entry);
        this.directories.set(path, { times: [entry.atime, entry.mtime], isReal: true });
        return;
      case 'file': {
        // O_EXCL follows no link.
        const { O_WRONLY, O_CREAT, O_EXCL } = fs.constants;
        const fd = this.make(path, () => fs.openSync(bytes(path), O_WRONLY | O_CREAT | O_EXCL, 0o600));
        this.file = { fd, path, entry, written: 0 };
        return;
      }
      case 'link':
        this.link(entry, path);
        return;
      case 'symlink':
        if (entry.linkname === '') throw bad(entry.name, 'is a symbolic link to nowhere');
        this.make(path, () => fs.symlinkSync(Buffer.from(entry.linkname, 'latin1'), bytes(path)));
        this.finish(path, entry);
        return;
      case 'fifo':
        this.make(path, () => sys.mknodat(AT_FDCWD, bytes(path), S_IFIFO | 0o600, 0));
        this.finish(path, entry);
        return;
      default:
        this.makeDevice(path, entry);
        this.finish(path, entry);
    }
  }

  private makeDevice(path: Path, { type, name, devmajor, devminor }: Entry): void {
    if (!this.privileges.devices) {
      throw new ImageError(
        'unsupported',
        `the layer's entry ${shown(name)} is a ${type}, which only root can make`,
        'Use this image as root: with sudo.',
      );
    }
    // The kernel's dev_t has 12 and 20 bits.
    if (devmajor < 0 || devmajor >= 2 ** 12 || devminor < 0 || devminor >= 2 ** 20)
      throw bad(name, 'is no device that can be');
    const format = type === 'block device' ? S_IFBLK : S_IFCHR;
    this.make(path, () => sys.mknodat(AT_FDCWD, bytes(path), format | 0o600, makedev(devmajor, devminor)));
    // overlayfs would take it for one.
    if (isWhiteout(lstat(path))) this.addWhiteout(path);
  }

  /**
   * Another name for a file that this layer has: layer.md says that one whose other name is elsewhere comes as a file of its
   * own. A link shares owner, mode and times with the file, so these are left as they are.
   */
  private link({ name, linkname }: Entry, path: Path): void {
    const place = placeOf(linkname);
    const parent = this.walk(place.slice(0, -1), name, 'find');
    const target = place.length === 0 || parent === null ? null : join(parent, place.at(-1) as string);
    const found = target === null ? undefined : lstat(target);
    if (target === null || found === undefined || isWhiteout(found)) {
      throw bad(name, `is a hard link to ${shown(linkname)}, which is not in this layer before it`);
    }
    if (found.isDirectory()) throw bad(name, `is a hard link to ${shown(linkname)}, a directory`);
    if (target === path || target.startsWith(`${path}/`))
      throw bad(name, 'is a hard link that would replace its target');
    // As linkat(2) without AT_SYMLINK_FOLLOW: to a symbolic link, not to where that points.
    this.make(path, () => fs.linkSync(bytes(target), bytes(path)));
  }

  /**
   * A whiteout hides what lower layers have, and nothing of this one: layer.md says so, in whichever order they come. A
   * directory of this layer that is whited out as well stands for itself alone.
   */
  private whiteOut(name: string, place: Place): void {
    const parent = this.walk(place.slice(0, -1), name, 'hide');
    if (parent === null) return;
    const path = join(parent, place.at(-1) as string);
    const directory = this.directories.get(path);
    if (directory?.isReal) {
      this.makeOpaque(path);
      return;
    }
    if (directory !== undefined) this.remove(path);
    if (lstat(path) !== undefined) return;
    const format = this.marks === 'overlay' ? S_IFCHR : S_IFSOCK;
    marking(() => sys.mknodat(AT_FDCWD, bytes(path), format, makedev(0, 0)));
    this.addWhiteout(path);
  }

  /**
   * Where nothing lies below a directory, or it is opaque, overlayfs lists the whiteouts in it too, as files that cannot be
   * looked at or removed; unless it looks as if it had been copied up from an unknown place: fs/overlayfs/inode.c,
   * "non-merge dir that may have whiteouts".
   */
  private addWhiteout(path: Path): void {
    this.whiteouts.add(path);
    if (this.marks === 'overlay') this.mark(parentOf(path), 'origin', '');
  }

  private makeOpaque(path: Path | null): void {
    if (path === null) return;
    this.opaque.add(path);
    if (this.marks === 'passing') return;
    if (path === '') throw dependent('it hides all of them, which overlayfs takes from no root');
    this.mark(path, 'opaque', 'y');
  }

  private mark(path: Path, name: string, value: string): void {
    marking(() => sys.lsetxattr(bytes(path), `${this.privileges.overlay}.overlay.${name}`, value, 0));
  }

  /**
   * Makes a directory of which the archive has only what is in it. As tools that pack what has changed leave it out, it is
   * what it is in the layers below, if it is there.
   */
  private imply(path: Path): void {
    const isHidden = this.isHidden(path);
    const lower = this.lower(path);
    this.makeDirectory(path);
    const directory = this.directories.get(path) as Directory;
    directory.isImplied = !isHidden;
    if (lower?.type === 'directory') directory.lower = lower;
  }

  /** The directories that the archive implies: over other layers, they are to be what they are there. */
  implied(): readonly Implied[] {
    return [...this.directories].flatMap(([path, { isImplied, isReal }]) => (isImplied ? [{ path, isReal }] : []));
  }

  /**
   * Makes the implied directories of a layer, which was unpacked while those below were out of reach, what they are there.
   *
   * @throws ImageError `dependent` where the layer would have been unpacked otherwise.
   */
  adoptAll(implied: readonly Implied[]): void {
    for (const { path, isReal } of implied) {
      const lower = this.lower(path);
      const isOtherwise = lower === undefined ? !isReal : lower.type !== 'directory';
      if (isOtherwise) throw dependent(`it has files in ${shown(path)}, which is no directory there`);
      if (lower?.type === 'directory') this.directories.set(path, { times: null, lower, isReal });
    }
    this.close();
  }

  private adopt(path: Path, { uid, gid, mode, attributes }: LowerDirectory): void {
    fs.lchownSync(bytes(path), uid, gid);
    for (const [name, value] of attributes) this.trySetting(path, name, value);
    fs.chmodSync(bytes(path), mode);
  }

  /** What there is below at a path, and is not hidden. */
  private lower(path: Path): Lower | undefined {
    return typeof this.below === 'string' || this.isHidden(path) ? undefined : this.below.find(path);
  }

  /** Whether this layer shows nothing of those below at a path. */
  private isHidden(path: Path): boolean {
    return isWhiteout(lstat(path)) || ancestorsOf(path).some((parent) => this.opaque.has(parent));
  }

  /** It is not real yet, whether something is in it or it is an entry itself. */
  private makeDirectory(path: Path): void {
    if (this.directories.has(path)) return;
    // A whiteout, or a file that it replaces.
    const hides = lstat(path) !== undefined;
    this.make(path, () => fs.mkdirSync(bytes(path), 0o755));
    this.directories.set(path, { times: null, isReal: false });
    if (hides) this.makeOpaque(path);
  }

  /** Makes something at a place where something else may be, which it replaces then. */
  private make<T>(path: Path, makeIt: () => T): T {
    try {
      return makeIt();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    this.remove(path);
    return makeIt();
  }

  private remove(path: Path): void {
    if (!this.directories.has(path)) {
      fs.unlinkSync(bytes(path));
      this.whiteouts.delete(path);
      return;
    }
    for (const name of fs.readdirSync(bytes(path), 'latin1')) this.remove(join(path, name));
    fs.rmdirSync(bytes(path));
    this.directories.delete(path);
    this.opaque.delete(path);
  }

  /** Owner, attributes, mode and times, in the order in which none undoes another: chown(2) clears set-user-ID bits and capabilities. */
  private finish(path: Path, { type, uid, gid, mode, xattrs, atime, mtime }: Entry): void {
    const [owner, group] = this.privileges.owners ? [uid, gid] : [0, 0];
    fs.lchownSync(bytes(path), owner, group);
    for (const [name, value] of xattrs) this.setAttribute(path, name, value);
    if (type !== 'symlink') fs.chmodSync(bytes(path), mode);
    if (type !== 'directory') setTimes(path, [atime, mtime]);
  }

  private setAttribute(path: Path, name: string, value: string): void {
    if (isOurs(name) || !this.trySetting(path, name, value)) this.leftOut.set(name, (this.leftOut.get(name) ?? 0) + 1);
  }

  /** Those that an earlier entry of a directory has set. */
  private removeAttributes(path: Path): void {
    const given = attributeNames(bytes(path)).filter((name) => !isOurs(name));
    for (const name of given) sys.lremovexattr(bytes(path), Buffer.from(name, 'latin1'));
  }

  /** False for what this user may not set, as `trusted.` attributes. */
  private trySetting(path: Path, name: string, value: string): boolean {
    const trying = this.privileges.overlay === 'user' ? sys.allowing('EPERM') : sys;
    return trying.lsetxattr(bytes(path), Buffer.from(name, 'latin1'), Buffer.from(value, 'latin1'), 0) >= 0;
  }

  /** The path of a place, whose parent directory exists then. */
  private locate(place: Place, name: string): Path {
    const base = place.at(-1);
    if (base === undefined) return '';
    const parent = this.walk(place.slice(0, -1), name, 'add') as Path;
    this.markReal(parent);
    return join(parent, base);
  }

  /** Something is in a directory, and so it is real, and all above it. */
  private markReal(path: Path): void {
    const directory = this.directories.get(path);
    if (directory === undefined || directory.isReal) return;
    directory.isReal = true;
    this.markReal(parentOf(path));
  }

  /**
   * The path of a directory, free of symbolic links: those on the way are followed as they will be in the container, whose
   * root the layer's is. Missing directories are made.
   *
   * @param purpose to `add` something in it; to `find` something in it, or null if something on the way is missing, or no
   *   directory; to `hide` something of lower layers in it, or null if none of them can be seen there. umoci whites out the
   *   files of a directory that has become a file, or a symbolic link, which must not be followed then.
   * @throws ImageError `corrupt` if a link leads upward out of the root, nowhere, or around in a circle.
   */
  private walk(place: Place, name: string, purpose: 'add' | 'find' | 'hide'): Path | null {
    const known = place.join('/');
    if (this.directories.has(known)) return known;
    const ahead = [...place];
    // Components that a link has brought: what it names must exist.
    let ofLinks = 0;
    let links = 0;
    let at: Path = '';
    for (let component = ahead.shift(); component !== undefined; component = ahead.shift()) {
      const ofLink = ofLinks > 0;
      if (ofLink) ofLinks -= 1;
      if (component === '' || component === '.') continue;
      if (component === '..') {
        if (at === '') throw bad(name, 'passes through a symbolic link that leads out of the layer');
        at = parentOf(at);
        continue;
      }
      const next = join(at, component);
      if (this.directories.has(next)) {
        at = next;
        continue;
      }
      const own = lstat(next);
      if (own !== undefined && purpose === 'hide') return null;
      const lower = own === undefined ? this.lower(next) : undefined;
      if (own?.isSymbolicLink() || lower?.type === 'link') {
        links += 1;
        if (links > MOST_LINKS) throw bad(name, 'passes through symbolic links that go around in a circle');
        const target = lower?.type === 'link' ? lower.target : fs.readlinkSync(bytes(next), 'latin1');
        if (target.startsWith('/')) at = '';
        const components = target.split('/');
        ahead.unshift(...components);
        ofLinks += components.length;
        continue;
      }
      if (purpose === 'find') return null;
      if (purpose === 'hide' && typeof this.below !== 'string' && lower?.type !== 'directory') return null;
      const isFree = own === undefined || isWhiteout(own);
      if (!isFree) throw bad(name, `lies below ${shown(next)}, which is no directory`);
      if (ofLink && lower?.type !== 'directory') {
        if (this.below === 'out of reach' && own === undefined)
          throw dependent(`it has a symbolic link to ${shown(next)}, which it has not`);
        throw bad(name, `passes through a symbolic link to ${shown(next)}, which is not in this layer`);
      }
      this.imply(next);
      at = next;
    }
    return at;
  }

  /** Does something for an entry; an error of the kernel becomes one that names the entry. */
  private explain(entry: Entry, work: () => void): void {
    try {
      work();
    } catch (error) {
      const { code, errno } = error as NodeJS.ErrnoException;
      if (error instanceof ImageError || code === undefined || errno === undefined) throw error;
      // Node's numbers are negative.
      const why = errnoMessage(Math.abs(errno));
      throw new ImageError(
        'store',
        `the layer's entry ${shown(entry.name)} cannot be unpacked: ${why} (${code})`,
        hintFor(code, entry),
      );
    }
  }
}

interface OpenFile {
  readonly fd: number;
  readonly path: Path;
  readonly entry: Entry;
  /** Where the data ends that has been written. */
  written: number;
}

/** As the kernel: include/linux/namei.h, MAXSYMLINKS. */
const MOST_LINKS = 40;

function hintFor(code: string, { uid, gid }: Entry): string | undefined {
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'The disk is full, or has no inodes left. Free some space, or choose another place: --store DIR';
    case 'EINVAL':
      return `Its owner is ${uid}:${gid}. If these IDs are none of yours, /etc/subuid and /etc/subgid must give you more, or use sudo.`;
    case 'EOPNOTSUPP':
      return 'This filesystem cannot hold it. Choose another place: --store DIR';
    default:
      return undefined;
  }
}

/** What overlayfs keeps for itself would make of a layer another one; and a label belongs to the machine's own policy. */
function isOurs(attribute: string): boolean {
  return /^(trusted|user)\.overlay\./.test(attribute) || attribute === 'security.selinux';
}

function setTimes(path: Path, times: Times): void {
  sys.utimensat(AT_FDCWD, bytes(path), times, AT_SYMLINK_NOFOLLOW);
}

/** Makes a mark for overlayfs. @throws ImageError `dependent` where that cannot be: user_namespaces(7), xattr(7). */
function marking(mark: () => void): void {
  try {
    mark();
  } catch (error) {
    // An overlay has no whiteouts of its own, nor had ordinary users before Linux 5.8; and other filesystems no attributes.
    if (!isErrno(error, 'EPERM', 'EACCES', 'EINVAL', 'EOPNOTSUPP', 'ENOSYS')) throw error;
    throw dependent(`this filesystem cannot mark what a layer hides of those below: ${error.message}`);
  }
}
