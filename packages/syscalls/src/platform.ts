/**
 * Refuses to load where the table of system calls is not true. Imported before everything that touches the machine.
 */
import process from 'node:process';

export type Architecture = 'x64' | 'arm64';

const { platform, arch } = process;

if (platform !== 'linux' || (arch !== 'x64' && arch !== 'arm64')) {
  throw new Error(`@ns-tool/syscalls needs Linux on x86-64 or arm64; this is ${platform} on ${arch}`);
}

/** The architecture of this process, which decides the numbers of its system calls. */
export const architecture: Architecture = arch;
