/** Children of the test itself, started by spawn(): what they print, and what they leave. */
import { readdirSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import {
  type Child,
  isErrno,
  P_ALL,
  type SpawnOptions,
  spawn,
  sys,
  WEXITED,
  WNOHANG,
  WNOWAIT,
} from '@ns-tool/syscalls';
import { expect } from 'vitest';

/** What a shell script prints in a child. */
export async function output(script: string, options: SpawnOptions = {}): Promise<string> {
  const child = await spawn('/bin/sh', ['-c', script], { stdio: ['ignore', 'pipe', 2], ...options });
  const printed = await text(child.stdout as Readable);
  expect(await child.exited).toEqual({ status: 0, signal: null });
  return printed;
}

/** Why a child was not started. */
export async function rejection(promise: Promise<Child>): Promise<unknown> {
  return await promise.then(
    () => undefined,
    (error) => error,
  );
}

/** Whether this process has a child that it has not reaped. */
export function hasChildren(): boolean {
  try {
    sys.waitid(P_ALL, 0, new Uint8Array(128), WEXITED | WNOHANG | WNOWAIT, null);
    return true;
  } catch (error) {
    if (isErrno(error, 'ECHILD')) return false;
    throw error;
  }
}

/** How many descriptors this process has open. */
export const openFiles = () => readdirSync('/proc/self/fd').length;
