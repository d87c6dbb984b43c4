/** Starting another command in a container. Pure. */
import {
  becomeUser,
  NAMESPACE_KINDS,
  type NamespaceKind,
  PR_SET_DUMPABLE,
  type SpawnOptions,
  TIOCSCTTY,
} from '@ns-tool/syscalls';
import type { Inside } from './inside.ts';
import type { Account } from './plan.ts';
import { leaveKeys } from './session.ts';

/** What is asked for, beside the command. */
export interface ExecOptions {
  readonly env: Readonly<Record<string, string>>;
  /** An absolute path inside. */
  readonly workingDir: string;
  /** Who it runs as; as the first process if left out. */
  readonly account?: Pick<Account, 'uid' | 'gid' | 'groups'>;
  /** The directories of the cgroups of the container. */
  readonly cgroups?: readonly string[];
  /** The descriptor of a terminal for it, in place of standard input, output and error. */
  readonly slave?: number;
}

/**
 * How to start a command that is to be in a container as its first process is: in its namespaces and cgroups and with its
 * root, with no capability that it has not, and with its environment.
 *
 * @param pidfd of the first process.
 * @param kinds the kinds of namespace in which that differs from this process.
 */
export function execOptions(
  pidfd: number,
  kinds: readonly NamespaceKind[],
  inside: Inside,
  { env, workingDir, account, cgroups = [], slave }: ExecOptions,
): SpawnOptions {
  const { uid, gid, groups, capabilities, noNewPrivileges } = { ...inside, ...account };
  return {
    // Joined all at once: the kernel enters the user namespace first, from which comes the privilege for the others.
    join: [{ pidfd, kinds: NAMESPACE_KINDS.filter((kind) => kinds.includes(kind)) }],
    ...(cgroups.length > 0 && { cgroups }),
    env: { ...inside.env, ...env },
    // From setns(2) to execve(2) it is this process for who is in the container: its program, its memory, its descriptors.
    beforeJoining: (sys) => sys.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0),
    through: 'sealed',
    setup(sys) {
      leaveKeys(sys);
      if (slave !== undefined) sys.ioctl(slave, TIOCSCTTY, 0);
      sys.chdir(workingDir);
      becomeUser(sys, { uid, gid, groups: inside.groups === null ? null : groups }, capabilities);
    },
    noNewPrivileges,
    newSession: true,
    ...(slave !== undefined && { stdio: slave }),
    parentDeathSignal: 'SIGKILL',
  };
}
