/** From what is asked for, what the image says and who asks, to a plan. */
import { randomUUID } from 'node:crypto';
import { realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Sys } from '@ns-tool/syscalls';
import { CAPABILITIES } from '@ns-tool/syscalls';
import { NotStarted, UsageError } from '../errors.ts';
import { printable } from '../output.ts';
import { accountInLayers } from './account-in-layers.ts';
import { capabilitiesOf } from './capability-set.ts';
import type { Limits } from './cgroup/limits.ts';
import { planCgroups } from './cgroup/plan.ts';
import { idMapsFor, type Places } from './host.ts';
import { type AskedMount, inOrder } from './mounts.ts';
import { ownFilesOf } from './own-files.ts';
import type { Account, ContainerMount, ContainerPlan, TerminalInside } from './plan.ts';
import type { CommandDefaults, Rootfs } from './rootfs.ts';

/** What is asked for, beside the image and the command. What is left out, the image says, or Docker's defaults. */
export interface ContainerOptions {
  /** The program that gets the command as its arguments; empty for none. */
  readonly entrypoint?: readonly string[];
  /** Variables over those of the image. */
  readonly env?: Readonly<Record<string, string>>;
  /** The working directory, which is made where it is missing. */
  readonly workingDir?: string;
  /** `USER` or `USER:GROUP`, each by name or number. */
  readonly user?: string;
  readonly mounts?: readonly AskedMount[];
  readonly readOnly?: boolean;
  /** Its root is the directory itself, and no overlay over it: what it writes stays. Not for an image. */
  readonly inPlace?: boolean;
  readonly hostname?: string;
  readonly network?: 'none' | 'host';
  readonly capAdd?: readonly string[];
  readonly capDrop?: readonly string[];
  /** All capabilities, also by execve(2), and all of /proc and /sys. */
  readonly privileged?: boolean;
  /** What it may use at most, by cgroups. */
  readonly limits?: Limits;
  /**
   * A small init as its first process, with the command as its child: it passes signals on, reaps orphans, and ends with
   * the command's status, or with 128 + n if signal n ended that.
   */
  readonly init?: boolean;
  /** A terminal for the command, in place of standard input, output and error: what is `inside` that of `openTerminal`. */
  readonly terminal?: TerminalInside;
  /** `chroot` leaves the host within reach. */
  readonly enterBy?: 'pivot_root' | 'chroot';
}

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Which terminal programs take it for, as docker has it. environ(7) */
const TERM = 'xterm';

/** 12 hexadecimal digits, as Docker shows them. */
export function newId(): string {
  // Random up to there. Its bytes come from a stock, for which the kernel is asked only now and then.
  return randomUUID().replace('-', '').slice(0, 12);
}

/**
 * @param id of the container.
 * @param places where it will have `containers/ID` in the store and `ID` among the states.
 * @throws UsageError, NotStarted for what cannot be.
 */
export function planContainer(
  sys: Sys,
  { name, layers, config, digest }: Rootfs,
  command: readonly string[],
  options: ContainerOptions,
  id: string,
  { host, store, states }: Places,
): ContainerPlan {
  if (options.inPlace && digest !== undefined) {
    throw new NotStarted(
      `${printable(name)} is an image, and stays as it is`,
      'Only a directory can be changed in place: ns-tool run --in-place ./rootfs',
    );
  }
  const account = accountInLayers(sys, layers, options.user ?? config.user);
  const hostname = checkHostname(options.hostname ?? config.hostname ?? id);
  const privileged = options.privileged ?? false;
  const changes = { add: options.capAdd ?? [], drop: options.capDrop ?? [], privileged };
  const idMaps = idMapsFor(host);
  const { terminal = null } = options;
  return {
    argv: argvOf(config, options.entrypoint, command),
    env: environmentOf(config, hostname, account, { ...(terminal !== null && { TERM }), ...options.env }),
    layers,
    image: digest ?? null,
    rootBy: options.inPlace ? 'bind' : 'overlay',
    bundle: join(store, 'containers', id),
    stateDirectory: join(states, id),
    readOnly: options.readOnly ?? false,
    enterBy: options.enterBy ?? 'pivot_root',
    idMaps,
    network: options.network ?? 'none',
    hostname,
    ownFiles: ownFilesOf(hostname),
    mounts: inOrder((options.mounts ?? []).map(found)),
    terminal,
    workingDir: checkWorkingDir(options.workingDir ?? (config.workingDir || '/')),
    account,
    // Who makes a user namespace has all of them in it.
    capabilities: capabilitiesOf(changes, idMaps === null ? host.permitted : CAPABILITIES),
    privileged,
    cgroups: planCgroups(sys, options.limits ?? {}, id),
    init: options.init ?? false,
  };
}

/** Section "Conversion to OCI Runtime Configuration" of the OCI image specification, and `docker run`. */
function argvOf(
  { entrypoint, cmd }: CommandDefaults,
  asked: readonly string[] | undefined,
  command: readonly string[],
): [string, ...string[]] {
  // Another entry point makes nothing of the image's arguments.
  const args = command.length > 0 || asked !== undefined ? command : (cmd ?? []);
  const [program, ...rest] = [...(asked ?? entrypoint ?? []), ...args];
  if (program !== undefined) return [program, ...rest];
  throw new NotStarted('the image says no command to run', 'Give one: ns-tool run IMAGE sh');
}

function environmentOf(
  { env }: CommandDefaults,
  hostname: string,
  { home }: Account,
  asked: Readonly<Record<string, string>>,
): Record<string, string> {
  const ofImage = env.flatMap((variable) => {
    const equals = variable.indexOf('=');
    return equals > 0 ? [[variable.slice(0, equals), variable.slice(equals + 1)]] : [];
  });
  return { PATH: DEFAULT_PATH, HOSTNAME: hostname, HOME: home, ...Object.fromEntries(ofImage), ...asked };
}

function found(mount: AskedMount): ContainerMount {
  if (mount.type === 'tmpfs') return mount;
  const stat = statSync(mount.source, { throwIfNoEntry: false });
  if (stat === undefined) {
    throw new NotStarted(
      `no such file or directory: ${printable(mount.source)}`,
      `What a volume shows must exist: mkdir -p ${printable(mount.source)}`,
    );
  }
  const { source, target, readOnly = false } = mount;
  return {
    type: 'bind',
    source: realpathSync.native(source),
    target,
    readOnly,
    kind: stat.isDirectory() ? 'directory' : 'file',
  };
}

function checkWorkingDir(path: string): string {
  if (path.startsWith('/')) return path;
  throw new UsageError(
    `the working directory is not absolute: ${printable(path)}`,
    'Give a path from the root: -w /srv',
  );
}

/** sethostname(2) takes 64 bytes; and the name is written to /etc/hosts. */
function checkHostname(name: string): string {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,63}$/.test(name)) return name;
  throw new UsageError(
    `not a host name: ${printable(name)}`,
    'A host name has letters, digits, dots and dashes, up to 64: --hostname web-1',
  );
}
