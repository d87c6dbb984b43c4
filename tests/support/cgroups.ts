/** Cgroups of this machine, as a test sees them: by their directories, whoever has made them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sys } from '@ns-tool/syscalls';
import { planCgroups } from '../../packages/ns-tool/src/container/cgroup/plan.ts';

/** Whether a suite must be skipped for lack of root, or of a cgroup filesystem with these controllers, and says so. */
export function needsCgroups(what: string): boolean {
  const reason = process.geteuid?.() === 0 ? whyNot() : 'it needs root';
  if (reason !== null) console.warn(`skipped, since ${reason}: ${what}`);
  return reason !== null;
}

function whyNot(): string | null {
  try {
    planCgroups(sys, { memory: 1, cpus: 1, pids: 1 }, 'none');
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** The directories of all cgroups with this name, in every hierarchy that is mounted. */
export function cgroupsNamed(name: string): string[] {
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, , type]) => type === 'cgroup' || type === 'cgroup2');
  return mounts.flatMap(([, mountPoint = '']) => [...below(mountPoint)].filter((path) => path.endsWith(`/${name}`)));
}

/** All directories below one. Others come and go meanwhile. */
function* below(directory: string): Generator<string> {
  let names: string[] = [];
  try {
    names = readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {}
  for (const name of names) {
    const path = join(directory, name);
    yield path;
    yield* below(path);
  }
}

/** The cgroups of a process by controller, the empty string for v2, as this process sees them: /proc/PID/cgroup. */
export function cgroupsIn(table: string): Map<string, string> {
  return new Map(
    [...table.matchAll(/^\d+:([^:\n]*):(.*)$/gm)].flatMap(([, names = '', path = '']) =>
      names.split(',').map((name) => [name, path] as const),
    ),
  );
}

/** Of these, the one by which a controller limits. */
export function cgroupOf(cgroups: ReadonlyMap<string, string>, controller: string): string | undefined {
  return cgroups.get(controller) ?? cgroups.get('');
}

/** What a file of cgroups says, in the one that has it. */
export function readIn(directories: readonly string[], file: string): string | null {
  for (const directory of directories) {
    try {
      return readFileSync(join(directory, file), 'utf8').trim();
    } catch {}
  }
  return null;
}
