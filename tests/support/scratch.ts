import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';

/**
 * The path of a directory that a suite has for itself while it runs: other than one that is made where the suite is
 * declared, a suite that is skipped leaves none.
 */
export function scratchDirectory(): string {
  const path = join(tmpdir(), `ns-tool-test-${randomUUID()}`);
  beforeAll(() => void mkdirSync(path, { mode: 0o700 }));
  // The last of all that is done afterwards, since it is the first to be declared.
  afterAll(() => rmSync(path, { recursive: true }));
  return path;
}
