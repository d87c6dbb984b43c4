/** Which namespaces can be made here, tried for real. */
import { errnoMessage, mapSelf, NAMESPACE_KINDS, type NamespaceKind, SyscallError, spawn } from '@ns-tool/syscalls';
import { readSetting, whyNoUserNamespace } from './user-namespace-limits.ts';

/** What came of the attempt to make a namespace. */
export interface NamespaceCreation {
  readonly kind: NamespaceKind;
  /** Whether this process may make one. */
  readonly possible: boolean;
  /** Whether it may make one inside a user namespace of its own, where it is root; of a user namespace, the same. */
  readonly possibleInUserNamespace: boolean;
  /** Why it may not: the call that failed, and what the kernel's settings say about it. */
  readonly reason: string | null;
}

/** Tries each kind, in a child that ends at once. */
export async function tryNamespaces(): Promise<NamespaceCreation[]> {
  const tried: NamespaceCreation[] = [];
  for (const kind of NAMESPACE_KINDS) {
    const refusedInUserNamespace = await refusal(['user', ...(kind === 'user' ? [] : [kind])]);
    const refused = kind === 'user' ? refusedInUserNamespace : await refusal([kind]);
    tried.push({
      kind,
      possible: refused === null,
      possibleInUserNamespace: refusedInUserNamespace === null,
      reason: refused === null ? null : reasonOf(kind, refused),
    });
  }
  return tried;
}

async function refusal(namespaces: readonly NamespaceKind[]): Promise<SyscallError | null> {
  try {
    const child = await spawn('true', [], {
      namespaces,
      stdio: 'ignore',
      // To be root of it belongs to a user namespace: AppArmor may allow to make one, and deny everything in it.
      ...(namespaces.includes('user') && { idMaps: mapSelf() }),
    });
    await child.exited;
    return null;
  } catch (error) {
    // That there is no true(1) says nothing about namespaces: the child was in them when it looked.
    if (error instanceof SyscallError && error.call === 'execve') return null;
    if (error instanceof SyscallError) return error;
    throw error;
  }
}

function reasonOf(kind: NamespaceKind, { call, errno, code }: SyscallError): string {
  const refused = `${call}: ${errnoMessage(errno)} (${code})`;
  if (kind === 'user') return [refused, whyNoUserNamespace(readSetting)].filter(Boolean).join('; ');
  return code === 'EPERM' ? `${refused}: it takes CAP_SYS_ADMIN` : refused;
}
