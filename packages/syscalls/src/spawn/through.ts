/**
 * The small program of ours that a child becomes before the command (../init/*.S): from a sealed file in memory, which is
 * all that /proc/PID/exe leads to from then on, with memory of its own.
 */
import { constants } from 'node:os';
import {
  AT_EMPTY_PATH,
  CLONE_VFORK,
  F_ADD_SEALS,
  F_DUPFD_CLOEXEC,
  F_SEAL_GROW,
  F_SEAL_SEAL,
  F_SEAL_SHRINK,
  F_SEAL_WRITE,
  MFD_ALLOW_SEALING,
  MFD_CLOEXEC,
  MFD_EXEC,
} from '../constants.ts';
import { pipe } from '../files.ts';
import { initFile } from '../init/code.ts';
import { architecture } from '../platform.ts';
import { type Program, type Recorder, record } from '../record.ts';
import { sys } from '../run.ts';
import { type Execution, execute } from './exec.ts';

/** What the small program does: it becomes the command, or stays as its parent. */
export type Through = (typeof WAYS)[number];

const WAYS = ['sealed', 'init'] as const;

/** @throws TypeError for what is none. */
export function checkThrough(through: Through): void {
  if (!WAYS.includes(through)) throw new TypeError(`not a program to go through: ${through}`);
}

/** What ps(1) shows of it. */
const NAME = 'ns-tool-init';

/** An answer: 32 bits, 0 or a negative errno. */
const ANSWER = 4;
const LOWEST = -4095;

/** The descriptors that a child takes along for the small program. */
export interface Passage {
  /** Of its file. */
  readonly file: number;
  /** To write the answers to. */
  readonly answers: number;
}

/**
 * The small program for one child, and the pipe in which it tells what it has done. Its end of that is closed by the
 * execve(2) that works.
 *
 * The file is for this child alone: what those in its namespaces do with it, such as chmod(2), must not reach another.
 */
export class OpenPassage implements Passage {
  readonly file: number;
  readonly answers: number;
  private readonly told: number;
  private readonly unclosed = new Set<number>();

  /**
   * @param count how many descriptors the child gets, from 0 on: its file must not be under one of these numbers.
   * @throws SyscallError EACCES from memfd_create where vm.memfd_noexec is 2.
   */
  constructor(count: number) {
    try {
      [this.told, this.answers] = pipe(sys);
      this.unclosed.add(this.told).add(this.answers);
      const made = makeExecutable();
      this.unclosed.add(made);
      sys.write(made, initFile[architecture]);
      sys.fcntl(made, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
      this.file = made < count ? sys.fcntl(made, F_DUPFD_CLOEXEC, count) : made;
      this.unclosed.add(this.file);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * Waits until the command runs, or the child has ended.
   *
   * @param most so many results at most: who is in the same container may have come into possession of the other end.
   */
  read(most: number): number[] {
    this.closeOne(this.answers);
    const told = Buffer.alloc(most * ANSWER);
    let length = 0;
    for (let read = -1; read !== 0; length += read) read = sys.read(this.told, told.subarray(length));
    return resultsIn(told.subarray(0, length));
  }

  /** As `read`, in the event loop, until `signal` is aborted: what has been told by then. */
  async hear(most: number, signal: AbortSignal | undefined): Promise<number[]> {
    const { Socket } = process.getBuiltinModule('node:net');
    this.closeOne(this.answers);
    this.unclosed.delete(this.told);
    const socket = new Socket({ fd: this.told, readable: true, writable: false, ...(signal && { signal }) });
    let told = Buffer.alloc(0);
    try {
      for await (const chunk of socket) {
        told = Buffer.concat([told, chunk]);
        if (told.length >= most * ANSWER) break;
      }
    } catch (error) {
      if (!signal?.aborted) throw error;
    }
    return resultsIn(told.subarray(0, most * ANSWER));
  }

  close(): void {
    for (const fd of this.unclosed) this.closeOne(fd);
  }

  private closeOne(fd: number): void {
    if (this.unclosed.delete(fd)) sys.close(fd);
  }
}

/** The whole answers, up to the first that cannot be one. */
function resultsIn(told: Buffer): number[] {
  const results = Array.from({ length: Math.floor(told.length / ANSWER) }, (_, i) => told.readInt32LE(i * ANSWER));
  const wrong = results.findIndex((result) => result > 0 || result < LOWEST);
  return wrong === -1 ? results : results.slice(0, wrong);
}

/** Before Linux 6.3 every file in memory may be executed, and no flag says so. */
function makeExecutable(): number {
  const flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  const fd = sys.allowing('EINVAL').memfd_create(NAME, flags | MFD_EXEC);
  return fd < 0 ? sys.memfd_create(NAME, flags) : fd;
}

/**
 * The child's last step: to become the small program.
 *
 * @param answers the descriptor that it has for them then.
 */
export function pass(sys: Recorder, file: number, answers: number, through: Through, execution: Execution): void {
  const { paths, argv, environment } = execution;
  const stays = through === 'init' ? 1 : 0;
  const numbers = [stays, answers, paths.length].map(String);
  sys.execveat(file, '', [NAME, ...numbers, ...paths, ...argv], environment, AT_EMPTY_PATH);
}

/** What the small program does then. Of each step there is an answer, but of the execve(2) that works. */
export function beyond(through: Through, execution: Execution): Program {
  return record((sys) => {
    if (through === 'init') sys.clone(CLONE_VFORK | constants.signals.SIGCHLD, null, null);
    execute(sys, execution);
  });
}
