/** Capabilities of a process. Pure. See capabilities(7). */
import { CAPABILITIES, type Capability } from '@ns-tool/syscalls';

/**
 * The names in the effective set of a process, by bit. One that is newer than this table is called by its number: `CAP_41`.
 *
 * @param status its /proc/PID/status, of which the line is `CapEff:	000001ffffffffff`.
 */
export function effectiveCapabilities(status: string): string[] {
  return bitsOf(status, 'CapEff').map((bit) => CAPABILITIES[bit] ?? `CAP_${bit}`);
}

/** The names in the bounding set of a process, without those that are newer than this table. */
export function boundingCapabilities(status: string): readonly Capability[] {
  return bitsOf(status, 'CapBnd').flatMap((bit) => CAPABILITIES[bit] ?? []);
}

function bitsOf(status: string, set: string): number[] {
  const mask = BigInt(`0x${new RegExp(`^${set}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1] ?? '0'}`);
  return Array.from({ length: 64 }, (_, bit) => bit).filter((bit) => (mask >> BigInt(bit)) & 1n);
}
