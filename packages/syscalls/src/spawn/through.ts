/**
 * The small program of ours that a child becomes before the command (../init/*.S): from a sealed file in memory, which is
 * all that /proc/PID/exe leads to from then on, with memory of its own.
 */
import { constants } from 'node:os';
import {
  AT_EMPTY_PATH,
  F_ADD_SEALS,
  F_DUPFD_CLOEXEC,
  F_SEAL_EXEC,
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
import { isErrno } from '../syscall-error.ts';
import { type Execution, execute } from './exec.ts';

/** What the small program does: it becomes the command, or stays as its parent. */
export type Through = 'sealed' | 'init';

/** What ps(1) shows of it. */
const NAME = 'ns-tool-init';

/** What a child takes along for it. */
export interface Passage {
  /** The descriptor of the file in memory. */
  readonly file: number;
  /** The descriptor to write the answers to. */
  readonly answers: number;
}

let file: number | undefined;

/**
 * The descriptor of the small program, which is made once.
 *
 * @param above the numbers that a child gives to others.
 * @throws SyscallError EACCES from memfd_create where vm.memfd_noexec is 2.
 */
export function sealedProgram(above: number): number {
  file ??= makeSealedProgram();
  if (file <= above) {
    const moved = sys.fcntl(file, F_DUPFD_CLOEXEC, above + 1);
    sys.close(file);
    file = moved;
  }
  return file;
}

function makeSealedProgram(): number {
  const [fd, executable] = makeExecutable(MFD_CLOEXEC | MFD_ALLOW_SEALING);
  try {
    sys.write(fd, initFile[architecture]);
    // Who is root in a container owns it, and could keep others from executing it.
    const more = executable ? F_SEAL_EXEC : 0;
    sys.fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | more);
    return fd;
  } catch (error) {
    sys.close(fd);
    throw error;
  }
}

/** Before Linux 6.3 every file in memory may be executed, and no flag says so. */
function makeExecutable(flags: number): [fd: number, executable: boolean] {
  try {
    return [sys.memfd_create(NAME, flags | MFD_EXEC), true];
  } catch (error) {
    if (!isErrno(error, 'EINVAL')) throw error;
    return [sys.memfd_create(NAME, flags), false];
  }
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

/** What the small program does then: each step has an answer if it has failed, or another follows. */
export function beyond(through: Through, execution: Execution): Program {
  return record((sys) => {
    if (through === 'init') sys.clone(constants.signals.SIGCHLD, null, null);
    execute(sys, execution);
  });
}

/** An answer: 32 bits, 0 or a negative errno. */
const ANSWER = 4;
const LOWEST = -4095;

/** The pipe in which the small program tells what it has done. Its writing end is closed by the execve(2) that works. */
export class Answers {
  private readonly ends = pipe(sys);
  private readonly unclosed = new Set(this.ends);

  /** The child's end. */
  get source(): number {
    return this.ends[1];
  }

  /**
   * Waits until the command runs, or the child has ended.
   *
   * @param most so many results at most: who is in the same container may have come into possession of the other end.
   */
  read(most: number): number[] {
    const [end, source] = this.ends;
    this.closeOne(source);
    const results: number[] = [];
    const answer = new DataView(new ArrayBuffer(ANSWER));
    while (results.length < most && sys.read(end, new Uint8Array(answer.buffer)) === ANSWER) {
      const result = answer.getInt32(0, true);
      if (result > 0 || result < LOWEST) break;
      results.push(result);
    }
    return results;
  }

  close(): void {
    for (const fd of this.unclosed) this.closeOne(fd);
  }

  private closeOne(fd: number): void {
    if (this.unclosed.delete(fd)) sys.close(fd);
  }
}
