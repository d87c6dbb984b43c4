/** What the processes of this machine see of their mount namespaces, read from /proc. See proc(5). */
import { fromBytes, parseMountinfo, toBytes } from '@ns-tool/mount-table';
import {
  AT_FDCWD,
  isErrno,
  O_DIRECTORY,
  O_RDONLY,
  readDirectory,
  readFile,
  readLink,
  STATX_INO,
  STATX_MNT_ID,
  type Sys,
  withOpen,
} from '@ns-tool/syscalls';
import { type Holder, holders, pathInView, type RootDirectory, showsRoot, type View, withRoot } from './view.ts';

export interface Survey {
  /** One for each mount namespace and root directory that a process has, by lowest pid. */
  readonly views: readonly View[];
  /** That of the process that was asked about. */
  readonly asked: View;
  /** How many processes may not be looked at. */
  readonly unreadable: number;
  /** Views of which no table shows the mount that holds their root directory: what appears on it is not known. */
  readonly rootless: readonly View[];
}

/**
 * Looks at every process, and at the table of one for each mount namespace and root directory. Takes time in proportion to
 * the number of processes and the size of the tables.
 *
 * Mounts may change meanwhile: the kernel has no picture of all namespaces at one moment.
 *
 * @param asked the pid of the process that is asked about; `self` is this one.
 * @throws SyscallError if that cannot be looked at: ENOENT or ESRCH without such a process, EACCES if it is another user's.
 */
export function survey(sys: Sys, asked: number | 'self'): Survey {
  const own = placeOf(sys, 'thread-self');
  const place = asked === 'self' ? own : placeOf(sys, asked);
  const members = new Map<string, { readonly place: Place; readonly pids: number[] }>();
  let unreadable = 0;
  for (const pid of pids(sys, asked)) {
    const place = ifThere(() => placeOf(sys, pid));
    if (place === 'unreadable') unreadable++;
    if (place === null || place === 'unreadable') continue;
    const known = members.get(keyOf(place));
    if (known === undefined) members.set(keyOf(place), { place, pids: [pid] });
    else known.pids.push(pid);
  }
  const read = [...members.values()].flatMap(({ place, pids }) => viewOf(sys, place, pids) ?? []);
  const rootless: View[] = [];
  const find = holders(read);
  const views = read.map((view) => {
    if (showsRoot(view)) return view;
    const completed = withBorrowedRoot(sys, view, find(view.namespace, view.root.mountId), own.namespace);
    if (completed === null) rootless.push(view);
    return completed ?? view;
  });
  const view = views.find((view) => keyOf(view) === keyOf(place));
  if (view === undefined) {
    // It has ended since, for which this is the error, or has gone elsewhere.
    readFile(sys, `/proc/${asked}/mountinfo`);
    return survey(sys, asked);
  }
  return { views, asked: view, unreadable, rootless };
}

/** Where a process is. */
type Place = Pick<View, 'namespace' | 'root'>;

function keyOf({ namespace, root }: Place): string {
  return `${namespace} ${root.identity}`;
}

function placeOf(sys: Sys, pid: number | 'thread-self'): Place {
  const link = (name: string) => fromBytes(readLink(sys, AT_FDCWD, `/proc/${pid}/${name}`));
  const identity = identify(sys, `/proc/${pid}/root`);
  return { namespace: link('ns/mnt'), root: { ...identity, path: link('root') } };
}

/** Which directory it is, and in which mount. The path may end with a link of procfs, which is followed. statx(2). */
function identify(sys: Sys, path: string): Omit<RootDirectory, 'path'> {
  const statx = Buffer.alloc(256);
  sys.statx(AT_FDCWD, toBytes(path), 0, STATX_INO | STATX_MNT_ID, statx);
  // stx_mask (0), stx_ino (32), stx_dev_major (136), stx_dev_minor (140), stx_mnt_id (144).
  const mountId = (statx.readUInt32LE(0) & STATX_MNT_ID) === 0 ? null : Number(statx.readBigUInt64LE(144));
  const device = `${statx.readUInt32LE(136)}:${statx.readUInt32LE(140)}`;
  return { mountId, identity: `${mountId} ${device} ${statx.readBigUInt64LE(32)}` };
}

/** The view of these processes, from the first that has not ended. */
function viewOf(sys: Sys, place: Place, pids: readonly number[]): View | null {
  for (const pid of pids) {
    const view = ifThere(() => ({
      ...place,
      pid,
      command: fromBytes(readFile(sys, `/proc/${pid}/comm`)).replace(/\n$/, ''),
      mounts: parseMountinfo(readFile(sys, `/proc/${pid}/mountinfo`)),
      isRootBorrowed: false,
    }));
    if (view !== null && view !== 'unreadable') return view;
  }
  return null;
}

/**
 * The view with the mount that holds its root; null if that is not known.
 *
 * The kernel tells a path from this process's root if it lies below that, and from the root of the namespace otherwise
 * (d_path in fs/d_path.c). In another namespace nothing lies below; in one's own, the directory found must be the one meant.
 */
function withBorrowedRoot(sys: Sys, view: View, holder: Holder | undefined, own: string): View | null {
  const path = holder === undefined ? null : pathInView(view.root, holder);
  if (holder === undefined || path === null) return null;
  if (view.namespace === own) {
    const there = ifThere(() => identify(sys, `/proc/${holder.view.pid}/root${path}`));
    if (there === null || there === 'unreadable' || there.identity !== view.root.identity) return null;
  }
  return withRoot(view, holder, path);
}

/** Those of all processes, and the one asked about: /proc/TID of a thread is there, too, but not listed. */
function pids(sys: Sys, asked: number | 'self'): number[] {
  const names = withOpen(sys, AT_FDCWD, '/proc', O_RDONLY | O_DIRECTORY, (fd) => readDirectory(sys, fd));
  const listed = names.map(({ name }) => Number(name.toString())).filter(Number.isInteger);
  return [...new Set([...listed, ...(asked === 'self' ? [] : [asked])])].sort((a, b) => a - b);
}

/** What is read of a process that may have ended: null then. EINVAL is the answer of one that has no mounts any more. */
function ifThere<T>(read: () => T): T | null | 'unreadable' {
  try {
    return read();
  } catch (error) {
    if (isErrno(error, 'EACCES', 'EPERM')) return 'unreadable';
    if (isErrno(error, 'ENOENT', 'ESRCH', 'EINVAL')) return null;
    throw error;
  }
}
