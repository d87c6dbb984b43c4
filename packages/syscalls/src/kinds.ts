/**
 * The kinds of argument that system calls take.
 *
 * A kind knows three things about its argument: which values to refuse before the kernel is asked, the machine words the
 * kernel gets for it, and how strace writes it. Pure: nothing here makes a call.
 */
import {
  AT_FDCWD,
  type FlagSet,
  MKNOD_TYPES,
  POLL_EVENTS,
  S_IFMT,
  SOCK_TYPE_MASK,
  SOCKET_FLAGS,
  SOCKET_TYPES,
} from './constants.ts';

/** A number; or what is passed by its address: bytes, or a string, in UTF-8 and ended by a NUL. */
export type Item = number | Uint8Array | string;

/** A register's content: an item, or the address of several in memory, ended by 0. */
export type Word = Item | readonly Item[];

export interface Kind<T> {
  /** Why `value` must not reach the kernel, as the end of a sentence ("must be …"), or null for a right value. */
  problem(value: unknown): string | null;
  /** What the kernel gets: one word for most kinds, two for a buffer with its length. */
  words(value: T): readonly Word[];
  /** The argument as strace writes it. `result` is there once the call has returned. */
  show(value: T, result?: number): string;
  /** Hands what the kernel wrote into `words` back to the caller's own value. */
  readBack?(value: T, words: readonly Word[]): void;
  /** The memory that the kernel fills, if it is any. */
  filled?(value: T): Uint8Array | null;
}

/** A path or another string for the kernel. Bytes serve for names that are not UTF-8; a string is sent as UTF-8. */
export type Text = string | Uint8Array;

/** A file to wait for in poll(2). `revents` is filled in by the call. */
export interface PollFd {
  readonly fd: number;
  readonly events: number;
  revents?: number;
}

/** A path or another NUL-terminated string. */
export const text: Kind<Text> = {
  problem(value) {
    const problem = contentProblem(value);
    if (problem !== null) return problem;
    const hasNul = typeof value === 'string' ? value.includes('\0') : (value as Uint8Array).includes(0);
    return hasNul ? 'must not contain a NUL byte, which ends a string in the kernel' : null;
  },
  words: (value) => [terminated(value)],
  show: quote,
};

/** Any kind, or null for a NULL pointer. */
export function nullable<T>(kind: Kind<T>): Kind<T | null> {
  return {
    problem(value) {
      const problem = value === null ? null : kind.problem(value);
      return problem === null ? null : `${problem} (or null)`;
    },
    words: (value) => (value === null ? [0] : kind.words(value)),
    show: (value, result) => (value === null ? 'NULL' : kind.show(value, result)),
    filled: (value) => (value === null ? null : (kind.filled?.(value) ?? null)),
  };
}

/** Several strings: an array of pointers, ended by NULL, as execve(2) takes its arguments and environment. */
export const texts: Kind<readonly Text[]> = {
  problem(value) {
    if (!Array.isArray(value)) return 'must be an array of strings';
    const problem = value.map(text.problem).find((found) => found !== null);
    return problem === undefined ? null : `has an item that ${problem}`;
  },
  words: (value) => [value.map(terminated)],
  show: (value) => `[${value.map(quote).join(', ')}]`,
};

/** An environment that lies in this process's memory already. */
export interface EnvironmentInMemory {
  readonly address: number;
  /** How many variables there are. */
  readonly count: number;
}

/** The environment of a program: strings like {@link texts}, or where they lie. strace shows the number only. */
export const environment: Kind<readonly Text[] | EnvironmentInMemory> = {
  problem: (value) => (isInMemory(value) ? null : texts.problem(value)),
  words: (value) => (isInMemory(value) ? [value.address] : texts.words(value)),
  show: (value) => `[/* ${isInMemory(value) ? value.count : value.length} vars */]`,
};

function isInMemory(value: unknown): value is EnvironmentInMemory {
  return typeof value === 'object' && value !== null && 'address' in value;
}

/** NULL, where there is nothing else here. */
export const none: Kind<null> = {
  problem: (value) => (value === null ? null : 'must be null'),
  words: () => [0],
  show: () => 'NULL',
};

/** Bytes that the kernel reads, passed with their address alone: a struct whose size the kernel knows. */
export function given(size: number): Kind<Uint8Array> {
  return {
    problem: (value) => (value instanceof Uint8Array ? tooShort(value, size) : 'must be a Uint8Array'),
    words: (value) => [value],
    show: () => '{...}',
  };
}

/** Bytes that the kernel reads, passed with their length. */
export const counted: Kind<Text> = {
  problem: text.problem,
  words(value) {
    const bytes = toBytes(value);
    return [bytes, bytes.length];
  },
  show: (value) => `${quote(value)}, ${toBytes(value).length}`,
};

/** The same, but for a file, where a NUL is a byte like any other. */
export const content: Kind<Text> = { ...counted, problem: contentProblem };

/** A buffer that the kernel fills, passed with its length. The call's result is the number of bytes filled in. */
export const filled: Kind<Uint8Array> = {
  problem: bufferProblem,
  words: (value) => [value, value.length],
  show: (value, result = 0) => `${showFilled(value, result)}, ${value.length}`,
  filled: (value) => value,
};

/** The same, of IDs of 64 bits: the kernel gets, and returns, how many they are. */
export const filledIds: Kind<Uint8Array> = {
  problem: bufferProblem,
  words: (value) => [value, countOfIds(value)],
  show: (value) => `{...}, ${countOfIds(value)}`,
  filled: (value) => value,
};

function countOfIds(buffer: Uint8Array): number {
  return Math.floor(buffer.length / 8);
}

/** A struct of fixed size that the kernel fills. */
export function struct(size: number): Kind<Uint8Array> {
  return {
    problem: (value) => bufferProblem(value) ?? tooShort(value as Uint8Array, size),
    words: (value) => [value],
    show: () => '{...}',
    filled: (value) => value,
  };
}

/** As much as a command of ioctl(2) that there is here reads or fills. */
const IOCTL_SIZE = 64;

/**
 * The last argument of ioctl(2), whose type is the command's: NULL, a number, or a struct. The kernel gets memory that is
 * large enough for all commands, so that none writes beyond a struct that is too small for it.
 */
export const ioctlArgument: Kind<Uint8Array | number | null> = {
  problem: (value) => (typeof value === 'number' ? int.problem(value) : nullable(struct(8)).problem(value)),
  words(value) {
    if (!(value instanceof Uint8Array)) return [value ?? 0];
    return [value.length < IOCTL_SIZE ? Buffer.concat([value], IOCTL_SIZE) : value];
  },
  readBack(value, [memory]) {
    if (value instanceof Uint8Array) value.set((memory as Uint8Array).subarray(0, value.length));
  },
  show: (value) => (typeof value === 'number' ? String(value) : value === null ? 'NULL' : '{...}'),
};

/** Bits with names, shown as `MS_NOSUID|MS_NODEV`. Bits outside the set are refused. */
export function flags(set: FlagSet): Kind<number> {
  const all = Object.values(set).reduce((bits, flag) => bits | flag, 0);
  return {
    problem(value) {
      if (!isUnsigned(value)) return 'must be flags: an integer, zero or above';
      const unknown = (value & ~all) >>> 0;
      if (value > 0xffffffff || unknown !== 0) return `must not have the unknown bits 0x${unknown.toString(16)}`;
      return null;
    },
    words: (value) => [value],
    show: (value) => showFlags(set, value),
  };
}

/** The flags of openat(2). The access mode is a number in the two lowest bits, so O_RDONLY is written when it is 0. */
export function openFlags(set: FlagSet): Kind<number> {
  const bits = flags(set);
  return {
    ...bits,
    show: (value) => ((value & 3) !== 0 ? bits.show(value) : value === 0 ? 'O_RDONLY' : `O_RDONLY|${bits.show(value)}`),
  };
}

/** What openat2(2) is asked for. */
export interface OpenHow {
  readonly flags: number;
  readonly resolve: number;
}

/** A struct open_how and its size: `{flags=O_RDONLY|O_PATH, resolve=RESOLVE_IN_ROOT}, 24`. */
export function openHow(opening: FlagSet, resolving: FlagSet): Kind<OpenHow> {
  const [open, resolve] = [openFlags(opening), flags(resolving)];
  return {
    problem(value) {
      const how = value as Partial<OpenHow> | null;
      return open.problem(how?.flags) ?? resolve.problem(how?.resolve);
    },
    // flags, mode, resolve: as Linux 5.6 has brought it.
    words: (how) => [new Uint8Array(BigUint64Array.of(BigInt(how.flags), 0n, BigInt(how.resolve)).buffer), 24],
    show: (how) => `{flags=${open.show(how.flags)}, resolve=${resolve.show(how.resolve)}}, 24`,
  };
}

/** What mount_setattr(2) is asked for. */
export interface MountAttr {
  readonly set: number;
  readonly clear: number;
}

/** A struct mount_attr and its size: `{attr_set=MOUNT_ATTR_RDONLY, attr_clr=0}, 32`. */
export function mountAttr(set: FlagSet): Kind<MountAttr> {
  const bits = flags(set);
  return {
    problem(value) {
      const attr = value as Partial<MountAttr> | null;
      return bits.problem(attr?.set) ?? bits.problem(attr?.clear);
    },
    // attr_set, attr_clr, propagation, userns_fd: as Linux 5.12 has brought it.
    words: (attr) => [new Uint8Array(BigUint64Array.of(BigInt(attr.set), BigInt(attr.clear), 0n, 0n).buffer), 32],
    show: (attr) => `{attr_set=${bits.show(attr.set)}, attr_clr=${bits.show(attr.clear)}}, 32`,
  };
}

/** What clone3(2) is asked for. */
export interface CloneArgs {
  readonly flags: number;
  /** 4 bytes for the child's pid, with CLONE_PARENT_SETTID. */
  readonly parentTid: Uint8Array;
}

/** A struct clone_args, whose other members are 0: `{flags=CLONE_VM|CLONE_VFORK}, 64`. */
export function cloneArgs(set: FlagSet): Kind<CloneArgs> {
  const bits = flags(set);
  return {
    problem(value) {
      const args = value as Partial<CloneArgs> | null;
      return bits.problem(args?.flags) ?? struct(4).problem(args?.parentTid);
    },
    // flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls: as Linux 5.3 has brought it.
    words: ({ flags, parentTid }) => [[flags, 0, 0, parentTid, 0, 0, 0, 0], 64],
    show: ({ flags }) => `{flags=${bits.show(flags)}}, 64`,
    filled: ({ parentTid }) => parentTid,
  };
}

/** An argument that is of no interest to who reads the call. */
export function unshown<T>(kind: Kind<T>): Kind<T> {
  return { ...kind, show: () => '' };
}

/** One of several named numbers. */
export function oneOf(set: FlagSet): Kind<number> {
  const names = new Map(Object.entries(set).map(([name, value]) => [value, name]));
  return {
    problem: (value) => (names.has(value as number) ? null : `must be one of ${[...names.values()].join(', ')}`),
    words: (value) => [value],
    show: (value) => names.get(value) ?? String(value),
  };
}

/** An open file descriptor. The kernel looks at 32 bits: 2 ** 32 would be 0. */
export const fd: Kind<number> = {
  problem: (value) =>
    isUnsigned(value) && value < 2 ** 31 ? null : 'must be a file descriptor: an integer, zero or above, of 31 bits',
  words: (value) => [value],
  show: String,
};

/** The directory that a path starts from: a file descriptor, or AT_FDCWD for the working directory. */
export const dirFd: Kind<number> = {
  problem: (value) => (value === AT_FDCWD ? null : fd.problem(value)),
  words: (value) => [value],
  show: (value) => (value === AT_FDCWD ? 'AT_FDCWD' : String(value)),
};

/** A plain integer. */
export const int: Kind<number> = {
  problem: (value) => (Number.isSafeInteger(value) ? null : 'must be an integer'),
  words: (value) => [value as number],
  show: String,
};

/** An integer of which the kernel looks at 32 bits. */
export const int32: Kind<number> = {
  ...int,
  problem: (value) => (value === ((value as number) | 0) ? null : 'must be an integer of 32 bits'),
};

/** The end of a range of descriptors, open or not. */
export const lastFd: Kind<number> = {
  ...int,
  problem: (value) => (isUnsigned(value) && value <= 0xffffffff ? null : 'must be a file descriptor, or 2 ** 32 - 1'),
};

/** The kernel takes 2 ** 32 for 0, which is root, and 2 ** 32 - 1 for -1. */
function isId(value: unknown): boolean {
  return isUnsigned(value) && value < 0xffffffff;
}

/** A user or group ID; -1 leaves it as it is. */
export const id: Kind<number> = {
  problem: (value) => (value === -1 || isId(value) ? null : 'must be an ID: an integer from 0 to 4294967294'),
  words: (value) => [value],
  show: String,
};

/** Several IDs: their number, and 32 bits each. */
export const ids: Kind<readonly number[]> = {
  problem: (value) =>
    Array.isArray(value) && value.every(isId) ? null : 'must be an array of IDs: integers from 0 to 4294967294',
  words: (value) => [value.length, new Uint8Array(Uint32Array.from(value).buffer)],
  show: (value) => `${value.length}, [${value.join(', ')}]`,
};

/** Permission bits, written in octal. */
export const mode: Kind<number> = {
  problem: (value) => (isUnsigned(value) && value <= 0o7777 ? null : 'must be permission bits: 0 to 0o7777'),
  words: (value) => [value],
  show: showOctal,
};

const nodeType = oneOf(MKNOD_TYPES);

/** A file type and permission bits, as mknodat(2) takes them: `S_IFCHR|0666`. */
export const nodeMode: Kind<number> = {
  problem(value) {
    if (!isUnsigned(value) || value > 0o177777) return 'must be a file type and permission bits';
    return nodeType.problem(value & S_IFMT);
  },
  words: (value) => [value],
  show: (value) => `${nodeType.show(value & S_IFMT)}|${showOctal(value & ~S_IFMT)}`,
};

const [typeOfSocket, flagsOfSocket] = [oneOf(SOCKET_TYPES), flags(SOCKET_FLAGS)];

/** A type of socket and flags, as socket(2) takes them: `SOCK_RAW|SOCK_CLOEXEC`. */
export const socketType: Kind<number> = {
  problem(value) {
    if (!isUnsigned(value)) return 'must be a type of socket and flags';
    return typeOfSocket.problem(value & SOCK_TYPE_MASK) ?? flagsOfSocket.problem(value & ~SOCK_TYPE_MASK);
  },
  words: (value) => [value],
  show(value) {
    const type = typeOfSocket.show(value & SOCK_TYPE_MASK);
    const others = value & ~SOCK_TYPE_MASK;
    return others === 0 ? type : `${type}|${flagsOfSocket.show(others)}`;
  },
};

/** A device number from {@link makedev}. */
export const device: Kind<number> = {
  problem: (value) => (isUnsigned(value) && value <= 0xffffffff ? null : 'must be a device number; see makedev'),
  words: (value) => [value],
  show: (value) => (value === 0 ? '0' : `makedev(0x${major(value).toString(16)}, 0x${minor(value).toString(16)})`),
};

const pollEvents = flags(POLL_EVENTS);

/** The files of poll(2): an array of struct pollfd and its length. */
export const pollFds: Kind<readonly PollFd[]> = {
  problem(value) {
    if (!Array.isArray(value)) return 'must be an array of { fd, events }';
    for (const item of value as PollFd[]) {
      const problem = fd.problem(item?.fd) ?? pollEvents.problem(item.events);
      if (problem !== null) return `must be an array of { fd, events }, where each ${problem}`;
    }
    return null;
  },
  words(value) {
    const bytes = new DataView(new ArrayBuffer(value.length * POLLFD_SIZE));
    for (const [i, { fd, events }] of value.entries()) {
      bytes.setInt32(i * POLLFD_SIZE, fd, true);
      bytes.setInt16(i * POLLFD_SIZE + 4, events, true);
    }
    return [new Uint8Array(bytes.buffer), value.length];
  },
  readBack(value, [bytes]) {
    const view = new DataView((bytes as Uint8Array).buffer);
    for (const [i, item] of value.entries()) item.revents = view.getInt16(i * POLLFD_SIZE + 6, true);
  },
  show(value) {
    const items = value.map(({ fd, events }) => `{fd=${fd}, events=${showFlags(POLL_EVENTS, events)}}`);
    return `[${items.join(', ')}], ${value.length}`;
  },
};

/** struct pollfd: int fd, short events, short revents. */
const POLLFD_SIZE = 8;

/** A time to wait, in milliseconds; below zero without end. The kernel gets a struct timespec, or NULL. */
export const milliseconds: Kind<number> = {
  problem: int.problem,
  words(value) {
    if (value < 0) return [0];
    const timespec = new DataView(new ArrayBuffer(16));
    timespec.setBigInt64(0, BigInt(Math.trunc(value / 1000)), true);
    timespec.setBigInt64(8, BigInt((value % 1000) * 1_000_000), true);
    return [new Uint8Array(timespec.buffer)];
  },
  show: String,
};

/** A time since 1970 began, struct timespec: the nanoseconds count from the second below, so that they are never negative. */
export interface Timespec {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** Two times, of last access and of last modification, as strace shows them: `[{tv_sec=1, tv_nsec=500000000}, …]`. */
export const timespecs: Kind<readonly [Timespec, Timespec]> = {
  problem(value) {
    const isTime = (time: Partial<Timespec> | undefined) =>
      Number.isSafeInteger(time?.seconds) && isUnsigned(time?.nanoseconds) && time.nanoseconds < 1e9;
    return Array.isArray(value) && value.length === 2 && value.every(isTime)
      ? null
      : 'must be two times: { seconds, nanoseconds }, both integers';
  },
  words(value) {
    const bytes = new DataView(new ArrayBuffer(32));
    for (const [i, { seconds, nanoseconds }] of value.entries()) {
      bytes.setBigInt64(i * 16, BigInt(seconds), true);
      bytes.setBigInt64(i * 16 + 8, BigInt(nanoseconds), true);
    }
    return [new Uint8Array(bytes.buffer)];
  },
  show: (value) =>
    `[${value.map(({ seconds, nanoseconds }) => `{tv_sec=${seconds}, tv_nsec=${nanoseconds}}`).join(', ')}]`,
};

/** A device number from its two parts, as the kernel takes it in a system call (new_encode_dev in linux/kdev_t.h). */
export function makedev(major: number, minor: number): number {
  return ((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0;
}

function major(device: number): number {
  return (device >>> 8) & 0xfff;
}

function minor(device: number): number {
  return (device & 0xff) | ((device >>> 12) & ~0xff);
}

function isUnsigned(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function contentProblem(value: unknown): string | null {
  if (value instanceof Uint8Array) return null;
  if (typeof value !== 'string') return 'must be a string or a Uint8Array';
  return value.isWellFormed() ? null : 'must be well-formed Unicode; pass bytes for a name that is not';
}

function tooShort(bytes: Uint8Array, size: number): string | null {
  return bytes.length >= size ? null : `must be at least ${size} bytes long`;
}

function bufferProblem(value: unknown): string | null {
  return value instanceof Uint8Array ? null : 'must be a Uint8Array for the kernel to fill';
}

function toBytes(value: Text): Uint8Array {
  return typeof value === 'string' ? Buffer.from(value) : value;
}

function terminated(value: Text): string | Uint8Array {
  return typeof value === 'string' ? value : Buffer.concat([value, Buffer.of(0)]);
}

function showFlags(set: FlagSet, value: number): string {
  const names = Object.keys(set).filter((name) => (value & (set[name] as number)) !== 0);
  return names.length === 0 ? '0' : names.join('|');
}

function showOctal(value: number): string {
  return value === 0 ? '000' : `0${value.toString(8).padStart(3, '0')}`;
}

/** As much of a filled buffer as strace shows: 32 bytes. */
function showFilled(buffer: Uint8Array, result: number): string {
  if (result <= 0) return '...';
  const shown = quote(buffer.subarray(0, Math.min(result, 32)));
  return result > 32 ? `${shown}...` : shown;
}

const ESCAPES: Readonly<Record<number, string>> = {
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
  34: '\\"',
  92: '\\\\',
};

/** A C string literal: what is not printable ASCII is escaped, so a hostile name cannot drive the terminal. */
export function quote(value: Text): string {
  const bytes = toBytes(value);
  let quoted = '"';
  for (const [i, byte] of bytes.entries()) {
    const letter = ESCAPES[byte];
    if (letter !== undefined) quoted += letter;
    else if (byte >= 0x20 && byte < 0x7f) quoted += String.fromCharCode(byte);
    else quoted += `\\${byte.toString(8).padStart(isDigit(bytes[i + 1]) ? 3 : 1, '0')}`;
  }
  return `${quoted}"`;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}
