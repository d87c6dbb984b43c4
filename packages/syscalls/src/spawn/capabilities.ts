/** Capabilities by name, and how a child keeps some and loses the others. See capabilities(7). */
import {
  PR_CAP_AMBIENT,
  PR_CAP_AMBIENT_CLEAR_ALL,
  PR_CAP_AMBIENT_RAISE,
  PR_CAPBSET_DROP,
  PR_SET_KEEPCAPS,
} from '../constants.ts';
import type { Recorder } from '../record.ts';
import { sys } from '../run.ts';

/** A capability: `'CAP_SYS_ADMIN'`. */
export type Capability = (typeof CAPABILITIES)[number];

/** All of include/uapi/linux/capability.h: the index is the bit in a set. */
export const CAPABILITIES = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_DAC_READ_SEARCH',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETPCAP',
  'CAP_LINUX_IMMUTABLE',
  'CAP_NET_BIND_SERVICE',
  'CAP_NET_BROADCAST',
  'CAP_NET_ADMIN',
  'CAP_NET_RAW',
  'CAP_IPC_LOCK',
  'CAP_IPC_OWNER',
  'CAP_SYS_MODULE',
  'CAP_SYS_RAWIO',
  'CAP_SYS_CHROOT',
  'CAP_SYS_PTRACE',
  'CAP_SYS_PACCT',
  'CAP_SYS_ADMIN',
  'CAP_SYS_BOOT',
  'CAP_SYS_NICE',
  'CAP_SYS_RESOURCE',
  'CAP_SYS_TIME',
  'CAP_SYS_TTY_CONFIG',
  'CAP_MKNOD',
  'CAP_LEASE',
  'CAP_AUDIT_WRITE',
  'CAP_AUDIT_CONTROL',
  'CAP_SETFCAP',
  'CAP_MAC_OVERRIDE',
  'CAP_MAC_ADMIN',
  'CAP_SYSLOG',
  'CAP_WAKE_ALARM',
  'CAP_BLOCK_SUSPEND',
  'CAP_AUDIT_READ',
  'CAP_PERFMON',
  'CAP_BPF',
  'CAP_CHECKPOINT_RESTORE',
] as const;

/** A thread has no more than this many: two words of 32 bits. */
const MOST = 64;

/** _LINUX_CAPABILITY_VERSION_3 of linux/capability.h, and the pid 0: this thread. */
const HEADER = new Uint8Array(Uint32Array.of(0x20080522, 0).buffer);

/**
 * Takes from the bounding set what is not kept: no program that is executed can get it back. Before a change of the user,
 * which costs CAP_SETPCAP; and what is kept now outlasts that change.
 */
export function boundCapabilities(sys: Recorder, kept: readonly Capability[]): void {
  dropFromBoundingSet(sys, kept);
  sys.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
}

const dropping = new Map<string, (sys: Recorder) => void>();

/** Few sets are kept by many programs. */
function dropFromBoundingSet(sys: Recorder, kept: readonly Capability[]): void {
  const names = kept.join();
  const drop = dropping.get(names) ?? dropAllBut(new Set(kept.map(bitOf)));
  dropping.set(names, drop);
  sys.include(drop);
}

function dropAllBut(bits: ReadonlySet<number>): (sys: Recorder) => void {
  return (sys) => {
    // EINVAL: this kernel has no such capability.
    const trying = sys.allowing('EINVAL');
    for (let bit = 0; bit < MOST; bit++) if (!bits.has(bit)) trying.prctl(PR_CAPBSET_DROP, bit, 0, 0, 0);
  };
}

/**
 * Becomes a user as a login does: user 0 has these capabilities, any other user none, and no program that is executed can
 * get more. They are not inheritable, so that a program with file capabilities gets what the bounding set leaves and no
 * more.
 *
 * @param groups supplementary groups; null where setgroups(2) is denied: user_namespaces(7).
 * @throws SyscallError EPERM for a capability that this process has not; EINVAL for an ID that is not mapped.
 */
export function becomeUser(
  sys: Recorder,
  { uid, gid, groups }: { readonly uid: number; readonly gid: number; readonly groups: readonly number[] | null },
  capabilities: readonly Capability[],
): void {
  dropFromBoundingSet(sys, capabilities);
  if (groups !== null) sys.setgroups(groups);
  sys.setresgid(gid, gid, gid);
  sys.setresuid(uid, uid, uid);
  // A change from user 0 to another has emptied the permitted set. None is ambient that is not inheritable.
  setCapabilities(sys, uid === 0 ? capabilities : [], []);
}

/**
 * The capabilities that this thread may use, whether or not it does at present: its permitted set. Those that are newer than
 * {@link CAPABILITIES} are left out.
 */
export function permittedCapabilities(): readonly Capability[] {
  const words = new Uint32Array(6);
  sys.capget(HEADER, new Uint8Array(words.buffer));
  const [, lower = 0, , , upper = 0] = words;
  return CAPABILITIES.filter((_, bit) => ((bit < 32 ? lower >>> bit : upper >>> (bit - 32)) & 1) === 1);
}

/** Keeps capabilities, also beyond execve(2) for whom is not user 0, and loses all others. After a change of the user. */
export function keepCapabilities(sys: Recorder, kept: readonly Capability[]): void {
  sys.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  setCapabilities(sys, kept, kept);
  for (const name of kept) sys.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, bitOf(name), 0, 0);
}

function setCapabilities(sys: Recorder, permitted: readonly Capability[], inheritable: readonly Capability[]): void {
  const sets = [permitted, permitted, inheritable].map((names) =>
    names.reduce((set, name) => set | (1n << BigInt(bitOf(name))), 0n),
  );
  // struct __user_cap_data_struct, twice: effective, permitted, inheritable; of each the lower half, then the upper.
  const words = [0n, 32n].flatMap((shift) => sets.map((set) => Number((set >> shift) & 0xffffffffn)));
  sys.capset(HEADER, new Uint8Array(Uint32Array.from(words).buffer));
}

function bitOf(name: Capability): number {
  const bit = CAPABILITIES.indexOf(name);
  if (bit === -1) throw new TypeError(`not a capability: ${name}`);
  return bit;
}
