/** Machine code of ours in the tests: the tools that make it of its sources, and mistakes in those. */
import type { Architecture } from '@ns-tool/syscalls';
import { expect } from 'vitest';

/** The name of a tool of binutils or of gcc for an architecture, which may be another than this machine's. */
export function toolFor(architecture: Architecture, name: string): string {
  const triple = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }[architecture];
  return process.arch === architecture ? name : `${triple}-${name}`;
}

/** What runs programs of an architecture on a machine of another. */
export function emulatorOf(architecture: Architecture): string {
  return { x64: 'qemu-x86_64-static', arm64: 'qemu-aarch64-static' }[architecture];
}

/** What a mistake replaces in the source: text that stands there once, or a pattern; and what it puts there. */
export type Change = readonly [from: string | RegExp, to: string];

/** The source with a mistake in it. Blanks are made single first. */
export function mistaken(source: string, [from, to]: Change): string {
  const spaced = source.replace(/[ \t]+/g, ' ');
  const found = spaced.split(from).length - 1;
  if (typeof from === 'string') expect(found, `"${from}" in the source`).toBe(1);
  else expect(found, `${from} in the source`).toBeGreaterThan(1);
  return spaced.replaceAll(from, () => to);
}

/** Bytes as code.ts has them, so that a difference shows what belongs there. */
export function hexLines(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex').replace(/.{64}/g, '$&\n').trimEnd();
}
