/** Settings that keep user namespaces from being made: user_namespaces(7), and what distributions have added. */
import { readFileSync } from 'node:fs';

interface Setting {
  readonly name: string;
  /** The value that forbids. */
  readonly forbids: string;
  readonly means: string;
  /** The command that changes it. */
  readonly change: string;
}

const SETTINGS: readonly Setting[] = [
  {
    name: 'user/max_user_namespaces',
    forbids: '0',
    means: 'none is allowed',
    change: 'sudo sysctl user.max_user_namespaces=10000',
  },
  {
    name: 'kernel/unprivileged_userns_clone',
    forbids: '0',
    means: 'only root may make one (Debian)',
    change: 'sudo sysctl kernel.unprivileged_userns_clone=1',
  },
  {
    name: 'kernel/apparmor_restrict_unprivileged_userns',
    forbids: '1',
    means: 'only programs with an AppArmor profile for it may use one (Ubuntu)',
    change: 'sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0',
  },
];

/** Reads a setting by its name below /proc/sys, or returns null where there is none. */
type Read = (name: string) => string | null;

/** The settings that forbid user namespaces, in words; empty if none does. Pure, but for `read`. */
export function whyNoUserNamespace(read: Read): string {
  return forbidding(read)
    .map(({ name, forbids, means }) => `/proc/sys/${name} is ${forbids}: ${means}`)
    .join('; ');
}

/** What to do where user namespaces are restricted: the same advice, whichever command meets it. */
export function userNamespaceHint(read: Read = readSetting): string {
  const found = forbidding(read);
  if (found.length === 0) {
    return 'A seccomp filter or security module forbids user namespaces here, as in a container (--security-opt seccomp=unconfined), or chroot(2) does, or a limit of /proc/sys/user is reached.';
  }
  return `User namespaces are restricted here. ${whyNoUserNamespace(read)}. To allow them: ${found.map(({ change }) => change).join('; ')}`;
}

function forbidding(read: Read): readonly Setting[] {
  return SETTINGS.filter(({ name, forbids }) => read(name) === forbids);
}

export function readSetting(name: string): string | null {
  try {
    return readFileSync(`/proc/sys/${name}`, 'utf8').trim();
  } catch {
    return null;
  }
}
