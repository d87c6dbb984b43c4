/** What a listing says of a process. Pure, but for {@link readProcess}. See proc(5). */
import type { Files } from './files.ts';

export interface Process {
  /** The pid of its parent. */
  readonly ppid: number;
  /** Its effective user. */
  readonly uid: number;
  /** Its command line, or the name of one that has none: a kernel thread, or a process that has ended and is not reaped. */
  readonly command: string;
}

/** A process, or null if it has ended or may not be looked at. */
export function readProcess(files: Files, pid: number): Process | null {
  const read = (file: string) => files.readFileSync(`/proc/${pid}/${file}`, 'utf8');
  try {
    const cmdline = read('cmdline');
    return { ...parseStatus(read('status')), command: cmdline === '' ? read('comm').slice(0, -1) : wordsOf(cmdline) };
  } catch {
    return null;
  }
}

/** /proc/PID/status. The name of the process, which it may choose, is one line there: a newline is written `\n`. */
export function parseStatus(status: string): Pick<Process, 'ppid' | 'uid'> {
  const field = (pattern: RegExp) => Number(pattern.exec(status)?.[1]);
  return { ppid: field(/^PPid:\t(\d+)$/m), uid: field(/^Uid:\t\d+\t(\d+)\t/m) };
}

/** /proc/PID/cmdline, in which a NUL ends each word. */
export function wordsOf(cmdline: string): string {
  return cmdline.replace(/\0$/, '').replaceAll('\0', ' ');
}

/** The names of users in /etc/passwd, by their ID. The first line of an ID counts, as for getpwuid(3). */
export function userNames(passwd: string): ReadonlyMap<number, string> {
  const lines = passwd.split('\n').map((line) => line.split(':'));
  const users = lines.filter(([name, , uid]) => name && /^\d+$/.test(uid ?? ''));
  return new Map(users.toReversed().map(([name = '', , uid]) => [Number(uid), name]));
}
