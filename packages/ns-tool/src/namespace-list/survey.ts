/**
 * Finds every namespace that this process can find: of all processes and their threads, of open file descriptors, of the
 * mounts in each mount namespace, and the owners and parents of all these.
 *
 * What is out of reach: namespaces that only a socket keeps, or a mount that is in no mount namespace, or a descriptor on
 * its way through a socket; and what lies in processes that may not be looked at.
 */
import {
  isErrno,
  NAMESPACE_KINDS,
  NS_GET_NSTYPE,
  NS_GET_OWNER_UID,
  NS_GET_PARENT,
  NS_GET_USERNS,
  namespaceFile,
  namespaceFlags,
  type Sys,
} from '@ns-tool/syscalls';
import type { Files } from './files.ts';
import { namespaceMounts } from './mountinfo.ts';
import { linkTo, NAMESPACE_TYPES, type Namespace, type NamespaceType, parseLink } from './namespace.ts';
import { nsfsDevice, onAnyFile, onNamespace } from './open.ts';

export interface Survey {
  /** By inode number. */
  readonly namespaces: readonly Namespace[];
  /** How many processes may not be looked at. */
  readonly unreadable: number;
}

/** A namespace about which more may still be found. */
type Draft = { -readonly [K in keyof Namespace]: K extends 'mountPoints' ? string[] : Namespace[K] };

/**
 * Looks at the machine as /proc shows it. A process that ends meanwhile is left out.
 *
 * @param owners whether to ask each namespace for its owner, which takes a fifth of the time; otherwise only user and pid
 *   namespaces, and those without a process, are asked. These lead to all others but for one kind: an owner all of whose
 *   processes have ended, while one that came from outside, without joining it, lives on in what it owns.
 * @throws ENOENT, of node:fs, without a proc filesystem in which this process is.
 */
export function survey(files: Files, sys: Sys, owners: boolean): Survey {
  const found = new Found(files, sys);
  const unreadable = pidsIn(files).filter((pid) => !lookAtProcess(files, found, pid)).length;
  lookAtMounts(files, found);
  for (const draft of found.drafts()) if (owners || leadsOn(draft)) found.relate(draft);
  return { namespaces: found.drafts().sort((a, b) => a.id - b.id), unreadable };
}

/**
 * The inode numbers of the namespaces that a process is in.
 *
 * @throws ENOENT, of node:fs, if there is no such process; EACCES if it may not be looked at.
 */
export function namespacesOf(files: Files, pid: number): ReadonlySet<number> {
  return new Set(linksIn(files, `/proc/${pid}/ns`).flatMap((link) => parseLink(link)?.id ?? []));
}

function leadsOn({ type, pid }: Namespace): boolean {
  return type === 'user' || type === 'pid' || pid === null;
}

/** Lowest first, so that the first process seen in a namespace has the lowest pid in it. */
function pidsIn(files: Files): number[] {
  const names = files.readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return names.map(Number).sort((a, b) => a - b);
}

/** Every process has a user namespace; one that has ended and is not reaped has no others but its pid namespace. */
const OTHER_TYPES = NAMESPACE_TYPES.filter((type) => type !== 'user');

/** Where a thread can be without its process. unshare(2), setns(2). */
const THREAD_TYPES: readonly NamespaceType[] = ['mnt', 'net', 'ipc', 'uts', 'cgroup'];

/** Returns false if that is not allowed. */
function lookAtProcess(files: Files, found: Found, pid: number): boolean {
  const directory = `/proc/${pid}`;
  try {
    for (const link of linksIn(files, `${directory}/ns`)) found.enter(link, pid);
  } catch (error) {
    return hasEnded(error);
  }
  lookAtDescriptors(files, found, pid);
  lookAtThreads(files, found, pid);
  found.keep(linkAt(files, `${directory}/ns/time_for_children`), { by: 'children', pid });
  return true;
}

function linksIn(files: Files, directory: string): string[] {
  const links = [files.readlinkSync(`${directory}/user`)];
  for (const type of OTHER_TYPES) {
    const link = linkAt(files, `${directory}/${type}`);
    if (link !== '') links.push(link);
  }
  return links;
}

function lookAtDescriptors(files: Files, found: Found, pid: number): void {
  const directory = `/proc/${pid}/fd`;
  for (const fd of ifAny(() => files.readdirSync(directory)) ?? []) {
    const link = linkAt(files, `${directory}/${fd}`);
    // One that was opened by a mount point bears its path; and `/` once that mount is gone.
    const namespace = link === '/' ? found.linkOf(`${directory}/${fd}`) : link;
    found.keep(namespace, { by: 'descriptor', pid, fd: Number(fd) });
  }
}

function lookAtThreads(files: Files, found: Found, pid: number): void {
  const directory = `/proc/${pid}/task`;
  // Its links are itself, its parent, and one for each thread: proc_task_getattr in fs/proc/base.c.
  const threads = (ifAny(() => files.statSync(directory).nlink) ?? 0) - 2;
  if (threads <= 1) return;
  for (const tid of ifAny(() => files.readdirSync(directory)) ?? []) {
    // The links of the first thread are those of the process.
    if (tid === String(pid)) continue;
    for (const type of THREAD_TYPES) {
      const link = linkAt(files, `${directory}/${tid}/ns/${type}`);
      found.keep(link, { by: 'thread', pid, tid: Number(tid) });
    }
  }
}

/** Reads a mount table of each mount namespace: first that of this process, whose paths need nothing before them. */
function lookAtMounts(files: Files, found: Found): void {
  lookAtMountsOf(files, found, '/proc/thread-self', '');
  for (const { type, pid } of found.drafts()) {
    if (type === 'mnt' && pid !== null) lookAtMountsOf(files, found, `/proc/${pid}`, `/proc/${pid}/root`);
  }
}

function lookAtMountsOf(files: Files, found: Found, directory: string, root: string): void {
  const mountinfo = ifAny(() => files.readFileSync(`${directory}/mountinfo`));
  if (mountinfo === undefined) return;
  for (const { link, mountPoint } of namespaceMounts(mountinfo)) found.mount(link, mountPoint, root);
}

/** What is found, while it is being found. */
class Found {
  readonly #files: Files;
  readonly #sys: Sys;
  readonly #byLink = new Map<string, Draft>();
  readonly #device: number;

  constructor(files: Files, sys: Sys) {
    this.#files = files;
    this.#sys = sys;
    this.#device = nsfsDevice(files);
  }

  drafts(): Draft[] {
    return [...this.#byLink.values()];
  }

  /** A process that is in it. */
  enter(link: string, pid: number): void {
    const draft = this.#at(link);
    if (draft === undefined) return;
    draft.nprocs++;
    draft.pid ??= pid;
    draft.keeper = null;
  }

  /** Something that keeps it, if no process does. Of several things, the first found is as good as any. */
  keep(link: string, keeper: Namespace['keeper']): void {
    const draft = this.#at(link);
    if (draft?.pid === null) draft.keeper ??= keeper;
  }

  /** A mount of it. Of those in other mount namespaces, which often are copies of each other, one is enough. */
  mount(link: string, mountPoint: string, root: string): void {
    const draft = this.#at(link);
    const path = root + mountPoint;
    if (draft === undefined || draft.mountPoints.includes(path)) return;
    if (root !== '' && draft.mountPoints.length > 0) return;
    draft.mountPoints.push(path);
    // It outlives what else may keep it.
    if (draft.pid === null && draft.keeper?.by !== 'mount') draft.keeper = { by: 'mount', path };
  }

  /** The link text of a namespace by a file of it that bears another name, or the empty string for any other file. */
  linkOf(path: string): string {
    const link = onAnyFile(this.#files, this.#device, path, (fd, id) => {
      const flag = ifErrno(() => this.#sys.ioctl(fd, NS_GET_NSTYPE, null));
      const kind = NAMESPACE_KINDS.find((kind) => namespaceFlags([kind]) === flag);
      return kind && linkTo(namespaceFile(kind) as NamespaceType, id);
    });
    return link ?? '';
  }

  /** Asks for its owner and its parent, and adds them. */
  relate(draft: Draft): void {
    onNamespace(this.#files, this.#device, draft, (fd) => this.#relate(draft, fd));
  }

  #relate(draft: Draft, fd: number): void {
    draft.owner = this.#related(draft, fd, NS_GET_USERNS, 'user');
    if (draft.type === 'user') {
      draft.parent = draft.owner;
      draft.ownerUid = draft.pid === null ? this.#ownerUid(fd) : null;
    }
    if (draft.type === 'pid') draft.parent = this.#related(draft, fd, NS_GET_PARENT, 'pid');
  }

  /** The inode number of a related namespace, or null if there is none, or none in sight. ioctl_ns(2). */
  #related({ type, id }: Draft, fd: number, request: number, relatedType: NamespaceType): number | null {
    const related = ifErrno(() => this.#sys.ioctl(fd, request, null));
    if (related === undefined) return null;
    try {
      const { ino } = this.#files.fstatSync(related);
      const link = linkTo(relatedType, ino);
      if (!this.#byLink.has(link)) {
        this.keep(link, { by: 'namespace', type, id });
        this.#relate(this.#byLink.get(link) as Draft, related);
      }
      return ino;
    } finally {
      this.#files.closeSync(related);
    }
  }

  #ownerUid(fd: number): number | null {
    const answer = Buffer.alloc(8);
    return ifErrno(() => this.#sys.ioctl(fd, NS_GET_OWNER_UID, answer)) === undefined ? null : answer.readUInt32LE(0);
  }

  #at(link: string): Draft | undefined {
    const known = this.#byLink.get(link);
    if (known !== undefined) return known;
    const namespace = parseLink(link);
    if (namespace === null) return undefined;
    const none = { nprocs: 0, pid: null, keeper: null, parent: null, owner: null, ownerUid: null };
    const draft = { ...namespace, ...none, mountPoints: [] };
    this.#byLink.set(link, draft);
    return draft;
  }
}

/** Where a link points, or nowhere: it has gone meanwhile, or may not be read. */
function linkAt(files: Files, path: string): string {
  try {
    return files.readlinkSync(path);
  } catch {
    return '';
  }
}

/** What `read` returns, or undefined where it fails: the process has ended meanwhile, or does not let itself be looked at. */
function ifAny<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** What `ask` returns, or undefined where ioctl(2) says that there is no such namespace, or none in sight. */
function ifErrno(ask: () => number): number | undefined {
  try {
    return ask();
  } catch (error) {
    if (isErrno(error, 'EPERM', 'EINVAL', 'ENOTTY')) return undefined;
    throw error;
  }
}

function hasEnded(error: unknown): boolean {
  return ['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '');
}
