/** The capabilities of a container. Pure. */
import { CAPABILITIES, type Capability } from '@ns-tool/syscalls';
import { UsageError } from '../errors.ts';
import { printable } from '../output.ts';

/**
 * Docker's defaults (daemon/pkg/oci/caps/defaults.go in moby), but for CAP_MKNOD. Docker can give that, since its device
 * cgroup forbids to open what is made; here a node of the host's disk could be opened. Podman leaves it out too.
 */
const DEFAULT: readonly Capability[] = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FSETID',
  'CAP_FOWNER',
  'CAP_NET_RAW',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETFCAP',
  'CAP_SETPCAP',
  'CAP_NET_BIND_SERVICE',
  'CAP_SYS_CHROOT',
  'CAP_KILL',
  'CAP_AUDIT_WRITE',
];

export interface CapabilityChanges {
  readonly add: readonly string[];
  readonly drop: readonly string[];
  readonly privileged: boolean;
}

/**
 * The capabilities of root inside: the defaults and what is added, without what is dropped. `ALL` stands for all.
 *
 * @param permitted those that this process can give.
 * @throws UsageError for a name that there is not.
 */
export function capabilitiesOf(
  { add, drop, privileged }: CapabilityChanges,
  permitted: readonly Capability[],
): readonly Capability[] {
  const [adding, dropping] = [add, drop].map((names) => names.flatMap(capabilitiesNamed)) as [
    Capability[],
    Capability[],
  ];
  const dropsAll = drop.some((name) => name.toUpperCase() === 'ALL');
  const begin = privileged ? CAPABILITIES : dropsAll ? [] : DEFAULT;
  // As with Docker, what is added one by one outlasts ALL that is dropped.
  const kept = dropsAll ? adding : [...begin, ...adding].filter((name) => !dropping.includes(name));
  return CAPABILITIES.filter((name) => kept.includes(name) && permitted.includes(name));
}

function capabilitiesNamed(text: string): readonly Capability[] {
  const name = text.toUpperCase();
  if (name === 'ALL') return CAPABILITIES;
  const found = CAPABILITIES.find((known) => known === name || known === `CAP_${name}`);
  if (found !== undefined) return [found];
  throw new UsageError(`not a capability: ${printable(text)}`, 'capabilities(7) lists them: --cap-add NET_ADMIN');
}
