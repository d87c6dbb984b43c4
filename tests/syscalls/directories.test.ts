import { existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectories } from '@ns-tool/syscalls';
import { describe, expect, it } from 'vitest';
import { scratchDirectory } from '../support/scratch.ts';

describe('makeDirectories', () => {
  const scratch = scratchDirectory();
  const at = (path: string) => join(scratch, path);

  it('makes what is missing, and leaves what is there', () => {
    mkdirSync(at('there'), 0o755);
    makeDirectories(at('there/a/b/c'), 0o700);
    makeDirectories(at('there/a/b/c'), 0o755);
    expect(['there', 'there/a', 'there/a/b/c'].map((path) => statSync(at(path)).mode & 0o777)).toEqual([
      0o755, 0o700, 0o700,
    ]);
    symlinkSync('there', at('link'));
    makeDirectories(at('link'), 0o700);
    makeDirectories(`${at('link')}/d/../e/`, 0o700);
    expect(existsSync(at('there/e'))).toBe(true);
  });

  it('ends with an error where there can be none', () => {
    writeFileSync(at('file'), '');
    symlinkSync('nowhere/at/all', at('dangling'));
    const attempt = (path: string) => () => makeDirectories(path, 0o700);
    expect(attempt(at('file'))).toThrow('EEXIST');
    expect(attempt(at('file/a/b'))).toThrow('ENOTDIR');
    expect(attempt(at('dangling'))).toThrow('EEXIST');
    expect(attempt(at('dangling/a'))).toThrow(/EEXIST|ENOENT/);
    expect(attempt('/proc/no-such/a')).toThrow('ENOENT');
    expect(attempt(at(`${'a'.repeat(300)}/b`))).toThrow('ENAMETOOLONG');
    expect(attempt('')).toThrow('ENOENT');
  });
});
