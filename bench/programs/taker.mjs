// A way of container-ways.mjs in a process of its own, by take-way.mjs.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('take-way.mjs', import.meta.url));

/** The process that takes a way. */
export class Taker {
  /** @type {number[]} Milliseconds. */
  times = [];
  /** @type {string | undefined} Why the way cannot be taken. */
  why;

  /**
   * @param {string} way
   * @param {import('./container-ways.mjs').Places} places
   */
  constructor(way, places) {
    this.way = way;
    this.process = fork(PROGRAM, [way, JSON.stringify(places)], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    this.said = this.process.stderr?.setEncoding('utf8').toArray();
  }

  /**
   * @param {number} runs in a loop
   * @param {boolean} counts
   */
  async take(runs, counts) {
    if (this.why !== undefined) return;
    this.process.send(runs);
    /** @type {(number[] | string)[]} */
    const [taken = []] = await once(this.process, 'message');
    if (typeof taken === 'string') this.why = (await this.end()).split('\n').at(-1) || taken;
    else if (counts) this.times.push(...taken);
  }

  /** Returns what was said of errors. */
  async end() {
    if (this.process.connected) this.process.disconnect();
    return ((await this.said) ?? []).join('').trim();
  }
}
