/** Programs in C, for what takes one. */
import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Whether a suite must be skipped for lack of a compiler, and says so. */
export function needsCompiler(what: string): boolean {
  const has = spawnSync('gcc', ['--version']).status === 0;
  if (!has) console.warn(`skipped, since gcc is not installed: ${what}`);
  return !has;
}

/** Compiles a source file into the file `target`. */
export function compile(source: URL, target: string, flags: readonly string[] = []): void {
  execFileSync('gcc', [...flags, '-o', target, fileURLToPath(source)]);
}
