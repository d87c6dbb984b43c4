/** What a child does before it is the command, as a list of steps. */
import { CLONE_PIDFD, CLONE_VFORK, CLONE_VM, PR_SET_NO_NEW_PRIVS, PR_SET_PDEATHSIG } from '../constants.ts';
import { type Program, type Recorder, record, recordInto } from '../record.ts';
import { boundCapabilities, keepCapabilities } from './capabilities.ts';
import { joinCgroups } from './cgroups.ts';
import { execute, executionOf } from './exec.ts';
import { type IdMaps, isSelfMap, writeIdMaps } from './id-maps.ts';
import { type Entrance, entranceOf, fork, join, namespaceFlags } from './namespaces.ts';
import type { SpawnOptions } from './options.ts';
import { resetSignals, signalNumber } from './signals.ts';
import { checkStdio, connect, type Plumbing, type Stdio } from './stdio.ts';
import { beyond, checkThrough, type Passage, pass } from './through.ts';
import type { Tie } from './tie.ts';
import { writeTimeOffsets } from './time-offsets.ts';

/** How a child is made, before it has a program. */
export interface Birth {
  readonly entrance: Entrance;
  /** The ID maps that this process writes, while the child waits: null where it writes them itself, or has none. */
  readonly mapsFromOutside: IdMaps | null;
  /** Whether it waits until this process has done something for its namespaces. */
  readonly waits: boolean;
  /** The flags of the clone(2) that makes it. Where it waits, or others may stop it, this process must not stand still. */
  readonly flags: number;
  /** Where a child that makes another one leaves the pid of that. */
  readonly forkedPid: Uint8Array;
}

/** How the child is made that these options ask for. */
export function birthOf(options: SpawnOptions): Birth {
  const { namespaces = [], join = [], namespaceCall, cgroups = [] } = options;
  const entrance = entranceOf(namespaces, join, namespaceCall, cgroups.length > 0);
  const mapsFromOutside = mapsFromOutsideOf(options);
  const waits = mapsFromOutside !== null || Object.keys(options.keep ?? {}).length > 0;
  if (waits && entrance.byClone3.length > 0)
    throw new TypeError('the namespaces that clone3 makes are out of reach here');
  const sharing = entrance.sharesMemory ? CLONE_VM : 0;
  const standing = waits || entrance.isAmongOthers ? 0 : CLONE_VFORK;
  const flags = namespaceFlags(entrance.byClone) | sharing | CLONE_PIDFD | standing;
  return { entrance, mapsFromOutside, waits, flags, forkedPid: new Uint8Array(4) };
}

/**
 * The ID maps that this process has to write for the child, or null. A self map the child writes; and in a user namespace
 * that was joined, it is alone with its own.
 */
export function mapsFromOutsideOf({ idMaps, join = [] }: SpawnOptions): IdMaps | null {
  return idMaps === undefined || join.length > 0 || isSelfMap(idMaps) ? null : idMaps;
}

/** The flags of clone(2) that `spawn` uses. */
export function cloneFlagsOf(options: SpawnOptions): number {
  return birthOf(options).flags;
}

/** The program of `spawn` without running it: what `--dry-run` shows. */
export function programOf(command: string, args: readonly string[] = [], options: SpawnOptions = {}): Program {
  const sources = descriptors(options.stdio ?? 'inherit').map((item, fd) => (typeof item === 'string' ? fd : item));
  // Under numbers that they can have, since nothing is opened here.
  const passage = { answers: sources.length, file: sources.length + 1 };
  const { steps, beyond } = programFor(command, args, options, birthOf(options), {
    plumbing: { sources, ends: new Map() },
    tie: null,
    passage,
  });
  return [...steps, ...beyond];
}

/** What each descriptor of the child is. */
export function descriptors(stdio: Stdio | readonly Stdio[]): readonly Stdio[] {
  const each = typeof stdio === 'string' || typeof stdio === 'number' ? [stdio, stdio, stdio] : stdio;
  for (const [fd, item] of each.entries()) checkStdio(fd, item);
  return each;
}

/** What a child takes along from its parent. */
export interface Luggage {
  readonly plumbing: Plumbing;
  readonly tie: Tie | null;
  /** Null where it becomes the command itself. */
  readonly passage: Passage | null;
}

/** What a child does. */
export interface ChildProgram {
  /** The steps of its own. */
  readonly steps: Program;
  /** What the small program does that it becomes by the last of them, if any. */
  readonly beyond: Program;
}

/** What the child does: it enters its namespaces, prepares itself, and becomes the command. */
export function programFor(
  command: string,
  args: readonly string[],
  options: SpawnOptions,
  birth: Birth,
  { plumbing, tie, passage }: Luggage,
): ChildProgram {
  const { through } = options;
  if (through !== undefined) checkThrough(through);
  const execution = executionOf(command, [options.argv0 ?? command, ...args], options.env);
  const passes = through !== undefined && passage !== null;
  // The answers go to the descriptor after those of the command.
  const sources = passes ? [...plumbing.sources, passage.answers] : plumbing.sources;
  const steps = record((sys) => {
    tie?.begin(sys);
    enterNamespaces(sys, options, birth, tie);
    prepare(sys, options, tie);
    connect(sys, { ...plumbing, sources });
    sys.include(resetSignals);
    if (passes) pass(sys, passage.file, plumbing.sources.length, through, execution);
    else execute(sys, execution);
  });
  return { steps, beyond: passes ? beyond(through, execution) : [] };
}

function enterNamespaces(sys: Recorder, options: SpawnOptions, birth: Birth, tie: Tie | null): void {
  const { cgroups = [], beforeJoining, idMaps, timeOffsets } = options;
  const { entrance, forkedPid } = birth;
  joinCgroups(sys, cgroups);
  if (beforeJoining !== undefined) recordInto(sys, beforeJoining);
  join(sys, entrance.joined);
  if (entrance.byUnshare.length > 0) sys.unshare(namespaceFlags(entrance.byUnshare));
  tie?.wait(sys);
  const ownMaps = birth.mapsFromOutside === null && idMaps !== undefined ? idMaps : { uid: [], gid: [] };
  const mapsOwn = ownMaps.uid.length + ownMaps.gid.length > 0;
  // By clone3 the user namespace comes with the fork.
  if (mapsOwn && !entrance.byClone3.includes('user')) writeIdMaps(sys, 'self', ownMaps, true);
  if (timeOffsets !== undefined) writeTimeOffsets(sys, timeOffsets);
  if (entrance.forks) fork(sys, entrance, forkedPid);
  if (mapsOwn && entrance.byClone3.includes('user')) writeIdMaps(sys, 'self', ownMaps, true);
}

function prepare(sys: Recorder, options: SpawnOptions, tie: Tie | null): void {
  const { setup, cwd, groups, gid, uid, capabilities, parentDeathSignal } = options;
  if (options.newSession) sys.setsid();
  if (setup !== undefined) recordInto(sys, setup);
  if (cwd !== undefined) sys.chdir(cwd);
  if (capabilities !== undefined) boundCapabilities(sys, capabilities);
  if (groups !== undefined) sys.setgroups(groups);
  if (gid === -1) throw new TypeError('not a group ID: -1');
  if (uid === -1) throw new TypeError('not a user ID: -1');
  if (gid !== undefined) sys.setresgid(gid, gid, gid);
  if (uid !== undefined) sys.setresuid(uid, uid, uid);
  if (capabilities !== undefined) keepCapabilities(sys, capabilities);
  if (options.noNewPrivileges) sys.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  // A change of IDs or capabilities clears it, so it comes after them. A parent that has ended by now is noticed then.
  if (parentDeathSignal !== undefined) {
    sys.prctl(PR_SET_PDEATHSIG, signalNumber(parentDeathSignal), 0, 0, 0);
    tie?.check(sys);
  }
}
