/** Capabilities of a process. Pure. See capabilities(7). */
import { CAPABILITIES } from '@ns-tool/syscalls';

/**
 * The names in the effective set of a process, by bit. One that is newer than this table is called by its number: `CAP_41`.
 *
 * @param status its /proc/PID/status, of which the line is `CapEff:	000001ffffffffff`.
 */
export function effectiveCapabilities(status: string): string[] {
  const set = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  const bits = Array.from({ length: 64 }, (_, bit) => bit).filter((bit) => (set >> BigInt(bit)) & 1n);
  return bits.map((bit) => CAPABILITIES[bit] ?? `CAP_${bit}`);
}
