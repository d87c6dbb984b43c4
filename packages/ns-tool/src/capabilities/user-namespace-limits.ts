/** Settings that keep user namespaces from being made: user_namespaces(7), and what distributions have added. Pure. */

interface Setting {
  readonly name: string;
  /** The value that forbids. */
  readonly forbids: string;
  readonly means: string;
}

const SETTINGS: readonly Setting[] = [
  { name: 'user/max_user_namespaces', forbids: '0', means: 'none is allowed' },
  { name: 'kernel/unprivileged_userns_clone', forbids: '0', means: 'only root may make one (Debian)' },
  {
    name: 'kernel/apparmor_restrict_unprivileged_userns',
    forbids: '1',
    means: 'only programs with an AppArmor profile for it may use one (Ubuntu)',
  },
];

/**
 * The settings that forbid user namespaces, in words; empty if none does.
 *
 * @param read reads a setting by its name below /proc/sys, null where there is none.
 */
export function whyNoUserNamespace(read: (name: string) => string | null): string {
  return SETTINGS.filter(({ name, forbids }) => read(name) === forbids)
    .map(({ name, forbids, means }) => `/proc/sys/${name} is ${forbids}: ${means}`)
    .join('; ');
}
