/** What the tests of `ns-tool reach` share: its start, and what all processes of the machine really see. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Mount, parseMountinfo } from '@ns-tool/mount-table';

const program = fileURLToPath(new URL('../../packages/ns-tool/dist/bin/ns-tool.cjs', import.meta.url));

export interface Place {
  readonly namespace: number;
  readonly pid: number;
  readonly command: string;
  readonly path: string;
  readonly reason: { readonly kind: string; readonly group?: number; readonly via?: number | null };
  readonly visible: boolean;
}

export interface Document {
  readonly path: string;
  readonly exists: boolean;
  readonly mount: Mount;
  readonly state: string;
  readonly places: readonly Place[];
  readonly unreadable: number;
  readonly unknown: number;
}

/** Runs the command beside the test. */
export function reach(...args: readonly string[]) {
  const { stdout, stderr, status } = spawnSync(process.execPath, [program, 'reach', ...args], { encoding: 'utf8' });
  return { stdout, stderr, status };
}

export function reachAsJson(path: string, pid: number): Document {
  const { stdout, stderr, status } = reach(path, '--pid', String(pid), '--json');
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

/** A mount as a process sees it. */
export interface Sighting {
  readonly pid: number;
  readonly namespace: number;
  /** The root directory of the process, as the link in /proc has it. */
  readonly root: string;
  readonly mount: Mount;
  readonly visible: boolean;
}

/** Every mount with this source, in the table of every process of the machine that lets itself be read. */
export function sightings(source: string): Sighting[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const mounts = parseMountinfo(readFileSync(`/proc/${pid}/mountinfo`)).filter(
          (mount) => mount.source === source,
        );
        if (mounts.length === 0) return [];
        const namespace = Number(/\d+/.exec(readlinkSync(`/proc/${pid}/ns/mnt`))?.[0]);
        const root = readlinkSync(`/proc/${pid}/root`);
        return mounts.map((mount) => ({ pid: Number(pid), namespace, root, mount, visible: leadsTo(pid, mount) }));
      } catch {
        return [];
      }
    });
}

/** Asks the kernel: whether path lookup from the root of that process leads to the mount. */
function leadsTo(pid: string, { mountPoint, device }: Mount): boolean {
  const [major = 0, minor = 0] = device.split(':').map(Number);
  // makedev(3).
  const number = ((minor & ~0xff) << 12) | (major << 8) | (minor & 0xff);
  return statSync(`/proc/${pid}/root${mountPoint}`, { throwIfNoEntry: false })?.dev === number;
}
