/** Digests, and contents held against them. */
import { createHash } from 'node:crypto';
import { ImageError } from '../error.ts';
import { shownValue } from './json.ts';

/** `sha256:` and 64 hexadecimal digits. The store is addressed by no other, and no registry that we know uses another. */
export type Digest = `sha256:${string}`;

/** @throws ImageError: corrupt if it is no digest, unsupported if it is one of another algorithm. */
export function checkedDigest(text: unknown): Digest {
  if (typeof text === 'string' && /^sha256:[0-9a-f]{64}$/.test(text)) return text as Digest;
  if (typeof text === 'string' && /^sha(?:384|512):[0-9a-f]{96,128}$/.test(text)) {
    throw new ImageError('unsupported', `the digest ${text} is not of SHA-256`, 'Only sha256 digests are known here.');
  }
  throw new ImageError('corrupt', `not a digest: ${shownValue(text)}`);
}

/** The hexadecimal digits: the name of a blob in the store. */
export function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length);
}

export function digestOf(content: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

/** Digest and size of what comes piece by piece, held against what was promised. */
export class Verifier {
  private readonly hash = createHash('sha256');
  private received = 0;

  constructor(private readonly expected: { readonly digest: Digest; readonly size: number }) {}

  get size(): number {
    return this.received;
  }

  /** @throws ImageError (corrupt) as soon as there is more than was promised. */
  update(chunk: Uint8Array): void {
    this.received += chunk.length;
    const { digest, size } = this.expected;
    if (this.received > size) throw new ImageError('corrupt', `blob ${digest}: more than its ${size} bytes`, DAMAGED);
    this.hash.update(chunk);
  }

  /** @throws ImageError (corrupt) if it was less, or something else. */
  finish(): void {
    const { digest, size } = this.expected;
    if (this.received !== size) {
      throw new ImageError('corrupt', `blob ${digest}: ${this.received} bytes instead of ${size}`, DAMAGED);
    }
    const actual = `sha256:${this.hash.digest('hex')}`;
    if (actual !== digest)
      throw new ImageError('corrupt', `blob ${digest}: its contents have the digest ${actual}`, DAMAGED);
  }
}

const DAMAGED = 'It was damaged on its way, or where it is kept. Nothing of it was used.';
