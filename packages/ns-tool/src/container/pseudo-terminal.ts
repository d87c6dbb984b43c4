/**
 * A terminal for a container: a pseudo-terminal, between which and the user's own all that is typed and shown is copied.
 * The container never has the user's: who has a terminal can type on it for whoever reads it next (TIOCSTI). pty(7)
 */
import { fchownSync, fstatSync, readlinkSync, writeSync } from 'node:fs';
import { isatty, ReadStream } from 'node:tty';
import {
  AT_FDCWD,
  isErrno,
  makedev,
  O_CLOEXEC,
  O_DIRECTORY,
  O_NOCTTY,
  O_NONBLOCK,
  O_PATH,
  O_RDWR,
  RESOLVE_IN_ROOT,
  S_IFCHR,
  S_IFMT,
  type Sys,
  SyscallError,
  sys,
  TCGETS,
  TCSETS,
  TIOCGPTPEER,
  TIOCGWINSZ,
  TIOCSPTLCK,
  TIOCSWINSZ,
} from '@ns-tool/syscalls';
import { NotStarted } from '../errors.ts';
import { mayRead } from '../foreground.ts';
import { printBytes } from '../output.ts';
import type { TerminalInside } from './plan.ts';
import { showRest, unlessFull } from './rest.ts';
import { rawSettings, TERMIOS_SIZE } from './termios.ts';

export interface PseudoTerminal {
  /** What is written to it, the container reads as typed; non-blocking. */
  readonly master: number;
  readonly inside: TerminalInside;
}

const STDIN = 0;

/** @throws NotStarted if this process has no terminal itself, in docker's words. */
export function requireTerminal(): void {
  if (isatty(STDIN)) return;
  throw new NotStarted('the input device is not a TTY', 'Leave -t out where standard input is a file or a pipe.');
}

/**
 * The terminal that a container gets: where it is asked for, and else where this process is at one, if there can be another.
 */
export function terminalFor(isAskedFor: boolean, open: () => PseudoTerminal): PseudoTerminal | null {
  if (isAskedFor) return open();
  if (!isAtTerminal()) return null;
  try {
    return open();
  } catch (error) {
    if (error instanceof NotStarted || error instanceof SyscallError) return null;
    throw error;
  }
}

/** Whether standard input, output and error are one terminal, which this process may use. */
function isAtTerminal(): boolean {
  const [input, ...others] = [STDIN, 1, 2].map((fd) => (isatty(fd) ? fstatSync(fd).rdev : null));
  return input !== null && others.every((device) => device === input) && mayRead(STDIN);
}

/** A pseudo-terminal of the host's. */
export function openPseudoTerminal(sys: Sys): PseudoTerminal {
  return openMaster(sys, '/dev/ptmx');
}

/**
 * Opens a terminal for a container of `run`, whose option `terminal` is what is `inside`.
 *
 *     const { master, inside } = openTerminal({ rows: 24, columns: 80 });
 *     const container = await run('./rootfs', ['sh'], { terminal: inside });
 *     closeSync(inside.slave);
 *     new ReadStream(master).on('data', show).on('error', () => {}); // of node:tty
 *     writeSync(master, 'ls\n');
 *
 * Both descriptors are the caller's to close: `inside.slave` once `run` has returned or thrown, `master` at the end, as that
 * stream does by itself. When nobody has the slave any more, it ends, or fails with EIO. pty(7)
 *
 * @throws SyscallError if there can be no more: ENOSPC.
 */
export function openTerminal({ rows, columns }: { readonly rows: number; readonly columns: number }): PseudoTerminal {
  const terminal = openPseudoTerminal(sys);
  // struct winsize, of which the rest is in pixels: ioctl_tty(2)
  sys.ioctl(terminal.master, TIOCSWINSZ, new Uint8Array(Uint16Array.of(rows, columns, 0, 0).buffer));
  return terminal;
}

/**
 * A pseudo-terminal of a container's, so that it has a name in there.
 *
 * What lies at its place, the container decides: links are followed within its root, and anything but the device by which
 * the kernel makes terminals is not opened.
 *
 * @param pid of a process in it.
 */
export function openPseudoTerminalOf(sys: Sys, pid: number): PseudoTerminal {
  const root = sys.openat(AT_FDCWD, `/proc/${pid}/root`, O_PATH | O_DIRECTORY | O_CLOEXEC);
  try {
    const found = sys.openat2(root, 'dev/pts/ptmx', { flags: O_PATH | O_CLOEXEC, resolve: RESOLVE_IN_ROOT });
    try {
      if (isPtmx(found)) return openMaster(sys, `/proc/self/fd/${found}`);
    } finally {
      sys.close(found);
    }
  } finally {
    sys.close(root);
  }
  throw new NotStarted('in the container /dev/pts/ptmx makes no terminals', 'Leave -t out.');
}

/** Documentation/admin-guide/devices.txt: "/dev/ptmx". */
function isPtmx(fd: number): boolean {
  const { mode, rdev } = fstatSync(fd);
  return (mode & S_IFMT) === S_IFCHR && rdev === makedev(5, 2);
}

function openMaster(sys: Sys, path: string): PseudoTerminal {
  const master = sys.openat(AT_FDCWD, path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  sys.ioctl(master, TIOCSPTLCK, new Uint8Array(8));
  const slave = sys.ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  return { master, inside: { slave, path: readlinkSync(`/proc/self/fd/${slave}`) } };
}

/** Makes it a user's, as who logs in owns the terminal: programs open it again by its name. @param uid as it is called here. */
export function giveTo({ inside }: PseudoTerminal, uid: number): void {
  fchownSync(inside.slave, uid, -1);
}

/** How long to wait until something has been read of what was typed, in milliseconds: there is room for 4 kB and more. */
const FULL = 10;

/** What is to be told of a command at a pseudo-terminal. */
export interface Told {
  onStarted(): void;
  onStopped(signal: NodeJS.Signals, resume: () => void): void;
}

/**
 * Connects a pseudo-terminal with the terminal of this process once the command of `work` has started, and closes it when
 * that is done. In between Ctrl-C and the like are bytes for the container, whose own terminal makes signals of them.
 */
export async function connected<T>(
  sys: Sys,
  { master, inside: { slave } }: PseudoTerminal,
  work: (told: Told) => Promise<T>,
): Promise<T> {
  const settings = new Uint8Array(TERMIOS_SIZE);
  sys.ioctl(STDIN, TCGETS, settings);
  // The erase character, UTF-8 and so on are the user's.
  sys.ioctl(slave, TCSETS, settings);

  let failure: unknown;
  let isOpen = true;
  let isTaken = false;
  const screen = new ReadStream(master);
  const keyboard = new ReadStream(STDIN);
  /** As when a modem loses its carrier: the container reads nothing more. Our slave keeps the master from its end until then. */
  const hangUp = () => {
    if (!isOpen) return;
    isOpen = false;
    screen.destroy();
    sys.close(slave);
  };
  const show = (bytes: Uint8Array) => {
    try {
      printBytes(bytes);
    } catch (error) {
      failure ??= error;
      hangUp();
    }
  };
  const type = (bytes: Uint8Array) => {
    if (!isOpen) return;
    const rest = bytes.subarray(writeSome(master, bytes));
    if (rest.length === 0) {
      keyboard.resume();
    } else {
      keyboard.pause();
      setTimeout(type, FULL, rest);
    }
  };
  const resize = () => isOpen && copySize(sys, master);
  const takeOver = () => {
    sys.ioctl(STDIN, TCSETS, rawSettings(settings));
    resize();
  };
  const onStarted = () => {
    isTaken = true;
    ifThere(takeOver);
    keyboard.on('data', type);
    // What the command shows has lines already: a terminal that is not taken over would make some of them once more.
    screen.on('data', show);
  };
  const giveBack = () => ifThere(() => sys.ioctl(STDIN, TCSETS, settings));
  const stop = () => {
    giveBack();
    process.kill(process.pid, 'SIGSTOP');
  };
  const onStopped = (_signal: NodeJS.Signals, resume: () => void) => {
    stop();
    resume();
  };
  const handlers = [
    ['SIGWINCH', resize],
    ['SIGTSTP', stop],
    ['SIGCONT', () => isTaken && ifThere(takeOver)],
  ] as const;
  for (const [signal, handler] of handlers) process.on(signal, handler);
  screen.on('error', hangUp);
  keyboard.on('error', hangUp).on('end', hangUp);
  try {
    copySize(sys, master);
    const result = await work({ onStarted, onStopped });
    if (isOpen) showRest(master, show);
    if (failure !== undefined) throw failure;
    return result;
  } finally {
    for (const [signal, handler] of handlers) process.off(signal, handler);
    keyboard.destroy();
    hangUp();
    giveBack();
  }
}

/** The size of this process's terminal for another one. The kernel tells who is at that one (SIGWINCH). */
function copySize(sys: Sys, master: number): void {
  const size = new Uint8Array(8);
  ifThere(() => {
    sys.ioctl(STDIN, TIOCGWINSZ, size);
    sys.ioctl(master, TIOCSWINSZ, size);
  });
}

/** EIO: the terminal has been hung up, as when its window is closed. */
function ifThere(use: () => unknown): void {
  try {
    use();
  } catch (error) {
    if (!isErrno(error, 'EIO')) throw error;
  }
}

/** Writes what there is room for, and returns how many bytes that are. */
function writeSome(fd: number, bytes: Uint8Array): number {
  return unlessFull(() => writeSync(fd, bytes));
}
