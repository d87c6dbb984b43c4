/** How often to try again, and how long to wait before. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Tries in all, where each one fails. */
export const ATTEMPTS = 5;
const FIRST_DELAY = 400;
/** No registry may make us wait longer, in milliseconds. */
const LONGEST_DELAY = 30_000;

/** A failure that may be over soon. */
export class Interruption extends Error {
  override readonly name = 'Interruption';

  constructor(
    /** What to tell the user if it is not. */
    readonly lasting: Error,
    /** Null if the connection failed, else the status of the answer, and its `Retry-After` in milliseconds. */
    readonly answer: { readonly status: number; readonly retryAfter: number | null } | null = null,
  ) {
    super(lasting.message, { cause: lasting });
  }
}

export class Patience {
  private failures = 0;

  /** After something went well: what fails next fails for the first time. */
  renew(): void {
    this.failures = 0;
  }

  /** Waits before the next try. @throws the lasting error of `interruption` if there were enough. */
  async wait({ lasting, answer }: Interruption): Promise<void> {
    this.failures++;
    if (this.failures >= ATTEMPTS) throw lasting;
    await sleep(delayAfter(this.failures, answer?.retryAfter ?? null, Math.random()));
  }
}

/**
 * Milliseconds to wait after so many failures: twice as long each time, between half of it and all of it, so that many who
 * failed together do not come back together; or what the server has asked for.
 */
export function delayAfter(failures: number, retryAfter: number | null, random: number): number {
  const own = FIRST_DELAY * 2 ** (failures - 1) * (0.5 + random / 2);
  return Math.min(LONGEST_DELAY, Math.max(own, retryAfter ?? 0));
}

/** `Retry-After` in milliseconds: seconds, or a date. RFC 9110, section 10.2.3. */
export function parseRetryAfter(header: string | undefined, now: number): number | null {
  if (header === undefined) return null;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000;
  // Date.parse takes much else for a date.
  const date = header.endsWith(' GMT') ? Date.parse(header) : Number.NaN;
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}

/** Tries until it goes well. */
export async function withPatience<T>(attempt: () => Promise<T>): Promise<T> {
  const patience = new Patience();
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Interruption)) throw error;
      await patience.wait(error);
    }
  }
}
