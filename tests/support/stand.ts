/** A stand to try the tool on: a process with a world of its own (programs/stand.ts), as a test sees it. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { Answer, Ended, Observed, Request, Start } from './protocol.ts';

const checkout = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const program = `${checkout}/tests/.programs/stand.cjs`;

export class Stand implements AsyncDisposable {
  private constructor(private readonly child: ChildProcess) {}

  /** Makes a fresh world. It ends with `dispose`, and with this process, however that ends. */
  static async make(): Promise<Stand> {
    const child = fork(program, [checkout], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execArgv: [] });
    const stand = new Stand(child);
    await stand.next();
    return stand;
  }

  /** A stand for one test, ended with it. */
  static async forTest(): Promise<Stand> {
    const stand = await Stand.make();
    onTestFinished(() => stand.dispose());
    return stand;
  }

  /** Starts a program, and observes the stand until it has ended. */
  async run(start: Start): Promise<Observed & Ended> {
    const observed = await this.runAll([start], 1);
    return { ...observed, ...(observed.runs[0] as Ended) };
  }

  /** Starts several, `atOnce` at a time. */
  async runAll(starts: readonly Start[], atOnce: number): Promise<Observed> {
    return (await this.ask({ do: 'run', starts, atOnce })) as Observed;
  }

  /** Runs a shell script in the stand, and returns what it prints. */
  async shell(script: string): Promise<string> {
    return (await this.ask({ do: 'shell', script })) as string;
  }

  /** The whole mount table of the namespace that a process is in: /proc/self/mounts as its first process would read it. */
  async mountsOf(pid: number): Promise<string> {
    return (await this.ask({ do: 'mounts', pid })) as string;
  }

  async dispose(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  private async ask(request: Request): Promise<unknown> {
    this.child.send(request);
    return await this.next();
  }

  private async next(): Promise<unknown> {
    const answer = await new Promise<Answer>((resolve, reject) => {
      const onExit = (code: number | null, signal: string | null) =>
        reject(new Error(`the stand ended: ${signal ?? code}`));
      this.child.once('exit', onExit);
      this.child.once('message', (message) => {
        this.child.off('exit', onExit);
        resolve(message as Answer);
      });
    });
    if ('error' in answer) throw new Error(answer.error);
    return answer.value;
  }
}
