/** Unpacking in a test: into a directory of its own, beside which nothing may change. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { ImageError, type LayerArchive, type UnpackedLayer, type UnpackOptions, unpackLayer } from '@ns-tool/images';
import { expect, onTestFinished } from 'vitest';
import { inventory } from './inventory.ts';

export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'ns-tool-layers-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  chmodSync(directory, 0o755);
  return directory;
}

export function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** A directory to unpack into. */
export function emptyDirectory(): string {
  const directory = join(temporaryDirectory(), 'fs');
  mkdirSync(directory);
  return directory;
}

/** In pieces that are no whole blocks. */
export function inPieces(bytes: Buffer, length = 1000): Readable {
  const pieces = Array.from({ length: Math.ceil(bytes.length / length) }, (_, i) => i * length);
  return Readable.from(pieces.map((at) => bytes.subarray(at, at + length)));
}

export async function unpack(
  bytes: Buffer,
  options: Partial<UnpackOptions> = {},
): Promise<UnpackedLayer & { directory: string }> {
  const directory = emptyDirectory();
  return { ...(await unpackLayer(inPieces(bytes), directory, { diffId: null, ...options })), directory };
}

/**
 * Why an archive is refused. Nothing outside is touched: neither a tree of files that lies beside the directory, which the
 * archives here try to reach, nor the machine's /etc/passwd.
 */
export async function refusal(bytes: Buffer, options: Partial<UnpackOptions> = {}): Promise<ImageError> {
  const { error } = await attempt(bytes, options);
  expect(error).toBeInstanceOf(ImageError);
  return error as ImageError;
}

/** Unpacks what may be hostile, and sees that nothing outside has changed. */
export async function attempt(
  bytes: Buffer,
  options: Partial<UnpackOptions> = {},
): Promise<{ directory: string; error?: unknown }> {
  const directory = emptyDirectory();
  const canary = join(directory, '../canary');
  mkdirSync(canary);
  writeFileSync(join(canary, 'secret'), 'secret');
  const outside = () => ({ ...inventory(canary), ...namesBeside(directory), passwd: inventory('/etc/passwd') });
  const before = outside();
  const error = await unpackLayer(inPieces(bytes), directory, { diffId: null, ...options }).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(outside()).toEqual(before);
  return { directory, error };
}

function namesBeside(directory: string): Record<string, readonly string[]> {
  const all = inventory(join(directory, '..'));
  return { names: Object.keys(all).filter((name) => !name.startsWith('fs')) };
}

/** An ordinary user of the tests, whom no machine knows, and who has no subordinate IDs. */
export const USER = 54321;

/** Runs a program as that user, and returns what it prints. */
export function runAsUser(directory: string, command: string, args: readonly string[]): string {
  const user = ['--reuid', String(USER), '--regid', String(USER), '--clear-groups'];
  return execFileSync('setpriv', [...user, command, ...args], {
    cwd: directory,
    env: { PATH: process.env.PATH, HOME: directory },
    stdio: 'pipe',
    encoding: 'utf8',
  });
}

/** A layer in a file, and where to unpack it: a directory that does not exist. */
export interface Job {
  readonly file: string;
  readonly diffId: string | null;
  readonly to: string;
}

/** Unpacks layers as that user, in a directory that is the user's, and returns what came of each. */
export function unpackAsUser(
  directory: string,
  jobs: readonly Job[],
): (UnpackedLayer & { code?: string; message?: string })[] {
  // Tests are no modules that Node itself could load.
  const program = `
    import { createReadStream, mkdirSync } from 'node:fs';
    import { unpackLayer } from ${IMAGES};
    const outcomes = [];
    // Of no effect on what the layer has.
    process.umask(0o077);
    for (const { file, diffId, to } of ${JSON.stringify(jobs)}) {
      mkdirSync(to);
      outcomes.push(await unpackLayer(createReadStream(file), to, { diffId }).catch(({ code, message }) => ({ code, message })));
    }
    console.log(JSON.stringify(outcomes));
  `;
  return JSON.parse(runAsUser(directory, process.execPath, ['--input-type=module', '--eval', program]));
}

/** Unpacks layers together as that user, into a directory that does not exist. */
export function unpackRootAsUser(directory: string, archives: readonly LayerArchive[], to: string): UnpackedLayer[] {
  const program = `
    import { mkdirSync } from 'node:fs';
    import { unpackRoot } from ${IMAGES};
    process.umask(0o077);
    mkdirSync(${JSON.stringify(to)});
    console.log(JSON.stringify(await unpackRoot(${JSON.stringify(archives)}, ${JSON.stringify(to)})));
  `;
  return JSON.parse(runAsUser(directory, process.execPath, ['--input-type=module', '--eval', program]));
}

const IMAGES = JSON.stringify(fileURLToPath(new URL('../../packages/images/dist/index.js', import.meta.url)));

/** A directory that belongs to that user. */
export function directoryOfUser(): string {
  const directory = temporaryDirectory();
  chownSync(directory, USER, USER);
  return directory;
}
