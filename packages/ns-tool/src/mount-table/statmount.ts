/**
 * The mount table by listmount(2) and statmount(2), Linux 6.8: each mount by itself, and of it only what is asked for.
 *
 * /proc/PID/mountinfo computes for each slave which peer group it receives from in its own namespace (propagate_from), and
 * for that walks the peers of its master: with a thousand mounts of a thousand peers, half a second for each reading.
 */
import { fromBytes, type Mount, optionsReader } from '@ns-tool/mount-table';
import { isErrno, MS_UNBINDABLE, type Sys } from '@ns-tool/syscalls';

/** include/uapi/linux/mount.h: what to ask for. propagate_from, 4, is left out. */
const SB_BASIC = 0x1;
const MNT_BASIC = 0x2;
const MNT_ROOT = 0x8;
const MNT_POINT = 0x10;
const FS_TYPE = 0x20;
const MNT_OPTS = 0x80;
const FS_SUBTYPE = 0x100;
const SB_SOURCE = 0x200;

const ASKED = SB_BASIC | MNT_BASIC | MNT_ROOT | MNT_POINT | FS_TYPE | MNT_OPTS | FS_SUBTYPE | SB_SOURCE;

/** Without these, a table cannot be told. Options and subtype are missing for a mount that has none. */
const NEEDED = SB_BASIC | MNT_BASIC | MNT_ROOT | MNT_POINT | FS_TYPE;

/** listmount: all mounts of this namespace. */
const LSMT_ROOT = 2n ** 64n - 1n;

/** struct mnt_id_req: size (32 bits), spare (32), mnt_id, param, mnt_ns_id (64 each). */
const REQUEST_SIZE = 32;

/** struct statmount, in front of its strings. */
const STATMOUNT_SIZE = 512;

/** What a mount takes, nearly always. */
const BUFFER_SIZE = 4096;

/** How many IDs to fetch at once. */
const IDS = 1024;

/**
 * All mounts of this process's namespace that lie below its root, as parseMountinfo has them, but without `propagateFrom`.
 *
 * @returns null where the kernel cannot tell all that is needed, so that mountinfo must be read.
 */
export function mountsByStatmount(sys: Sys): Mount[] | null {
  try {
    const mounts: Mount[] = [];
    const optionsOf = optionsReader();
    // One of each for all mounts: to make them takes longer than the kernel does.
    const wanted = requestFor(0n, BigInt(ASKED));
    const request = new Uint8Array(wanted.buffer);
    let status = new Status(new Uint8Array(BUFFER_SIZE));
    for (const id of idsOf(sys)) {
      wanted.setBigUint64(8, id, true);
      status = statmount(sys, request, status);
      if (status.isGone) continue;
      if (!status.has(NEEDED)) return null;
      const mount = mountOf(status, optionsOf);
      if (mount !== null) mounts.push(mount);
    }
    return mounts;
  } catch (error) {
    if (isErrno(error, 'ENOSYS', 'EINVAL', 'EPERM', 'E2BIG')) return null;
    throw error;
  }
}

function* idsOf(sys: Sys): Generator<bigint> {
  let last = 0n;
  for (;;) {
    const ids = new BigUint64Array(IDS);
    const count = sys.listmount(new Uint8Array(requestFor(LSMT_ROOT, last).buffer), new Uint8Array(ids.buffer), 0);
    yield* ids.subarray(0, count);
    if (count < IDS) return;
    last = ids[count - 1] ?? 0n;
  }
}

/** A struct mnt_id_req. */
function requestFor(mount: bigint, param: bigint): DataView<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(REQUEST_SIZE));
  view.setUint32(0, REQUEST_SIZE, true);
  view.setBigUint64(8, mount, true);
  view.setBigUint64(16, param, true);
  return view;
}

/** Fills in what there is to know of a mount, here or in a larger one; nothing, if it is there no more. */
function statmount(sys: Sys, request: Uint8Array, status: Status): Status {
  try {
    sys.statmount(request, status.bytes, 0);
    return status;
  } catch (error) {
    if (isErrno(error, 'EOVERFLOW'))
      return statmount(sys, request, new Status(new Uint8Array(status.bytes.length * 2)));
    if (!isErrno(error, 'ENOENT')) throw error;
    status.bytes.fill(0, 0, STATMOUNT_SIZE);
    return status;
  }
}

/** A struct statmount, by the offsets of its members. */
class Status {
  private readonly view: DataView;

  constructor(readonly bytes: Uint8Array<ArrayBuffer>) {
    this.view = new DataView(bytes.buffer);
  }

  get isGone(): boolean {
    return this.number(0) === 0;
  }

  has(flags: number): boolean {
    return (this.number(8) & flags) === flags;
  }

  number(at: number): number {
    return this.view.getUint32(at, true);
  }

  /** A string, which stands behind the struct; empty where it was not written. */
  string(at: number, flag: number): string {
    if (!this.has(flag)) return '';
    const start = STATMOUNT_SIZE + this.number(at);
    return fromBytes(this.bytes.subarray(start, this.bytes.indexOf(0, start)));
  }
}

/** Null for a mount to which this process's root does not lead. */
function mountOf(status: Status, optionsOf: (text: string) => readonly string[]): Mount | null {
  const mountPoint = status.string(108, MNT_POINT);
  if (!mountPoint.startsWith('/')) return null;
  const subtype = status.string(120, FS_SUBTYPE);
  const type = status.string(36, FS_TYPE);
  const ofFilesystem = status.string(4, MNT_OPTS);
  return {
    id: status.number(56),
    parentId: status.number(60),
    device: `${status.number(16)}:${status.number(20)}`,
    root: status.string(104, MNT_ROOT),
    mountPoint,
    options: namesOf(status.number(64), MOUNT_ATTRS),
    peerGroup: status.number(80) || null,
    master: status.number(88) || null,
    propagateFrom: null,
    unbindable: (status.number(72) & MS_UNBINDABLE) !== 0,
    unknownFields: [],
    type: subtype === '' ? type : `${type}.${subtype}`,
    source: status.string(124, SB_SOURCE),
    superOptions: [...namesOf(status.number(32), SB_FLAGS), ...(ofFilesystem === '' ? [] : optionsOf(ofFilesystem))],
  };
}

type Names = readonly (readonly [mask: number, value: number, name: string])[];

/** mnt_attr, in the order of show_mnt_opts in fs/proc_namespace.c. */
const MOUNT_ATTRS: Names = [
  [0x1, 0x0, 'rw'],
  [0x1, 0x1, 'ro'],
  [0x2, 0x2, 'nosuid'],
  [0x4, 0x4, 'nodev'],
  [0x8, 0x8, 'noexec'],
  [0x70, 0x10, 'noatime'],
  [0x80, 0x80, 'nodiratime'],
  [0x70, 0x0, 'relatime'],
  [0x200000, 0x200000, 'nosymfollow'],
  [0x100000, 0x100000, 'idmapped'],
];

/** sb_flags, in the order of show_sb_opts there. */
const SB_FLAGS: Names = [
  [0x1, 0x0, 'rw'],
  [0x1, 0x1, 'ro'],
  [0x10, 0x10, 'sync'],
  [0x80, 0x80, 'dirsync'],
  [0x2000000, 0x2000000, 'lazytime'],
];

function namesOf(bits: number, names: Names): string[] {
  return names.filter(([mask, value]) => (bits & mask) === value).map(([, , name]) => name);
}
