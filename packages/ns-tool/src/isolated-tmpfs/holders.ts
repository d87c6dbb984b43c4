/** Which processes keep a mount busy. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A process that holds on to a file of a mount. */
export interface Holder {
  readonly pid: number;
  readonly command: string;
  /** What it holds: `'its working directory'`, `'its root'`, `'its program'` or `'an open file'`. */
  readonly what: string;
}

/** The processes of this mount namespace that hold something below a path, from /proc. Those that end meanwhile are left out. */
export function holdersOf(path: string): Holder[] {
  const own = readlinkSync('/proc/thread-self/ns/mnt');
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      const what = link(`/proc/${pid}/ns/mnt`) === own ? whatIsHeld(pid, path) : undefined;
      return what === undefined ? [] : [{ pid: Number(pid), command: commandName(pid), what }];
    });
}

function whatIsHeld(pid: string, path: string): string | undefined {
  const isBelow = (file: string) => file === path || file.startsWith(`${path}/`);
  if (isBelow(link(`/proc/${pid}/cwd`))) return 'its working directory';
  if (isBelow(link(`/proc/${pid}/root`))) return 'its root';
  if (isBelow(link(`/proc/${pid}/exe`))) return 'its program';
  return openFiles(pid).some(isBelow) ? 'an open file' : undefined;
}

function openFiles(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => link(`/proc/${pid}/fd/${fd}`));
  } catch {
    return [];
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function commandName(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trimEnd();
  } catch {
    return '?';
  }
}
