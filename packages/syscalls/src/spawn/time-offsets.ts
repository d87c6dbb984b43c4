/** The clocks of a new time namespace. See time_namespaces(7). */
import { AT_FDCWD, O_CLOEXEC, O_WRONLY } from '../constants.ts';
import type { Recorder } from '../record.ts';

/** By how many seconds the clocks of a time namespace go before those of the first one; fractions and less than 0 too. */
export interface TimeOffsets {
  /** CLOCK_MONOTONIC. */
  readonly monotonic?: number;
  /** CLOCK_BOOTTIME: what uptime(1) shows. */
  readonly boottime?: number;
}

/** Sets the clocks of the namespace that this process has made for its children, before it has any. */
export function writeTimeOffsets(sys: Recorder, { monotonic, boottime }: TimeOffsets): void {
  const lines = [
    ...(monotonic === undefined ? [] : [`monotonic ${secondsAndNanoseconds(monotonic)}\n`]),
    ...(boottime === undefined ? [] : [`boottime ${secondsAndNanoseconds(boottime)}\n`]),
  ];
  if (lines.length === 0) return;
  const fd = sys.openat(AT_FDCWD, '/proc/self/timens_offsets', O_WRONLY | O_CLOEXEC);
  sys.write(fd, lines.join(''));
  sys.close(fd);
}

/** The nanoseconds count from the second below: -0.25 is -1 s and 750,000,000 ns. */
function secondsAndNanoseconds(offset: number): string {
  if (!Number.isFinite(offset)) throw new TypeError(`an offset of time must be a number of seconds: ${offset}`);
  const nanoseconds = Math.round((offset - Math.floor(offset)) * 1e9);
  return nanoseconds === 1e9 ? `${Math.floor(offset) + 1} 0` : `${Math.floor(offset)} ${nanoseconds}`;
}
