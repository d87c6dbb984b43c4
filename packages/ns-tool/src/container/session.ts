/**
 * What a container gets instead of its starter's session. Pure.
 *
 * Sessions and keys are in no namespace. In our session (`newSession` of `spawn` ends that), who is inside could type at our
 * terminal (TIOCSTI), and signal all that was started together with ns-tool: kill(2) and setpriority(2) know a process group
 * by its members, whatever namespaces these are in.
 */
import { KEYCTL_JOIN_SESSION_KEYRING, type Recorder } from '@ns-tool/syscalls';

/**
 * Leaves the keys of our session: who possesses a keyring can read what is in it. session-keyring(7).
 *
 * Some kernels have no keys (ENOSYS), and some filters refuse them, to the container as to us (EPERM).
 */
export function leaveKeys(sys: Recorder): void {
  sys.allowing('ENOSYS', 'EPERM').keyctl(KEYCTL_JOIN_SESSION_KEYRING, null);
}
