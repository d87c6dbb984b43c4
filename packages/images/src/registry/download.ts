/** Downloading a blob into a file, from where an earlier download has ended. */
import type { FileHandle } from 'node:fs/promises';
import { fileError, ImageError } from '../error.ts';
import { Verifier } from '../image-spec/digest.ts';
import type { Descriptor } from '../image-spec/manifest.ts';
import type { RepositoryClient } from './client.ts';
import { connectionError } from './connection-errors.ts';
import { Interruption, Patience } from './patience.ts';

/**
 * Completes a file. When this returns, the file has the descriptor's size and digest; if it throws, what is there of it
 * may be gone on from, but for contents that were wrong: they are gone.
 *
 * @param onReceived is told how much there is, in bytes.
 * @throws ImageError
 */
export async function download(
  client: RepositoryClient,
  descriptor: Descriptor,
  file: FileHandle,
  onReceived: (bytes: number) => void,
): Promise<void> {
  const resumed = await existing(file, descriptor);
  try {
    await complete(client, descriptor, file, resumed ?? new Verifier(descriptor), onReceived);
  } catch (error) {
    if (!(error instanceof ImageError) || error.code !== 'corrupt') throw error;
    await file.truncate(0);
    if (resumed === null) throw error;
    // It may be the old part that was wrong.
    await download(client, descriptor, file, onReceived);
  }
}

/** What is there already, or null if nothing of use is. */
async function existing(file: FileHandle, descriptor: Descriptor): Promise<Verifier | null> {
  const { size } = await file.stat();
  if (size === 0) return null;
  if (size > descriptor.size) {
    await file.truncate(0);
    return null;
  }
  const verifier = new Verifier(descriptor);
  const buffer = Buffer.allocUnsafe(1024 * 1024);
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, verifier.size);
    if (bytesRead === 0) return verifier;
    verifier.update(buffer.subarray(0, bytesRead));
  }
}

async function complete(
  client: RepositoryClient,
  descriptor: Descriptor,
  file: FileHandle,
  start: Verifier,
  onReceived: (bytes: number) => void,
): Promise<void> {
  const { digest, size } = descriptor;
  const patience = new Patience();
  let verifier = start;
  let furthest = start.size;
  while (verifier.size < size) {
    try {
      const { answer, from } = await client.blob(digest, verifier.size);
      if (from !== verifier.size) {
        verifier = new Verifier(descriptor);
        await file.truncate(0);
      }
      try {
        for await (const chunk of answer.body) {
          verifier.update(chunk);
          await writeAll(file, chunk, verifier.size - chunk.length);
          onReceived(verifier.size);
        }
      } catch (error) {
        throw connectionError(error, answer.host);
      }
      if (verifier.size < size) {
        throw new Interruption(
          new ImageError('corrupt', `blob ${digest}: ${answer.host} sends only ${verifier.size} of its ${size} bytes`),
        );
      }
    } catch (error) {
      if (!(error instanceof Interruption)) throw error;
      // A server that sends the same part again and again makes no progress.
      if (verifier.size > furthest) patience.renew();
      furthest = Math.max(furthest, verifier.size);
      await patience.wait(error);
    }
  }
  verifier.finish();
}

/** @throws ImageError (store), which is told from what becomes of the connection. */
async function writeAll(file: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  try {
    for (let at = 0; at < chunk.length; ) {
      at += (await file.write(chunk, at, chunk.length - at, position + at)).bytesWritten;
    }
  } catch (error) {
    throw fileError(error, 'what is downloaded cannot be written');
  }
}
